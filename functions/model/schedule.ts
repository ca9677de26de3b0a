/** A recurring campaign: when its runs are due, in the wall-clock time of a zone. */

import { nextTime } from './cron.ts';
import type { ScheduleRequest } from './schemas/schedule.ts';

export type { ScheduleRequest } from './schemas/schedule.ts';

/** Milliseconds after which a run that was not started counts as missed: the system was down. */
export const MISSED_AFTER_MS = 15 * 60 * 1000;

/**
 * active  its runs are started at their times
 * paused  no run is started until it is resumed; runs in between are skipped
 * ended   `until` or `maxRuns` was reached
 */
export const scheduleStates = ['active', 'paused', 'ended'] as const;

export interface Schedule extends ScheduleRequest {
  id: string;
  state: (typeof scheduleStates)[number];
  /** runs started at their times, without those that were started by hand */
  runs: number;
  /** time of the next run, ms since the epoch; null while there is none */
  nextAt: number | null;
  lastCampaignId: string | null;
  createdAt: number;
  /** hash of the request that made it, if that had an Idempotency-Key */
  requestHash?: string;
  /** increments with every change: a write must name the version that it read */
  version: number;
}

/** The first run after `after` (ms since the epoch); null: `until` or `maxRuns` is reached. */
export function nextRun(
  {
    cron,
    timeZone,
    until,
    maxRuns,
    runs,
  }: Pick<Schedule, 'cron' | 'timeZone' | 'until' | 'maxRuns' | 'runs'>,
  after: number,
): number | null {
  if (maxRuns !== undefined && runs >= maxRuns) return null;
  const next = nextTime(cron, timeZone, after);
  return next === null || (until !== undefined && next > until) ? null : next;
}

/** The times of the next `count` runs, for people to look at. */
export const nextRuns = (schedule: Schedule, count: number): number[] =>
  runsOf(schedule).take(count).toArray();

/** The times of the runs before `end` (ms since the epoch), the first `most` of them. */
export function runsBefore(schedule: Schedule, end: number, most: number): number[] {
  const times: number[] = [];
  for (const at of runsOf(schedule)) {
    if (at >= end || times.length === most) break;
    times.push(at);
  }
  return times;
}

/** The runs from the next one on. Each costs some 0.1 ms. */
function* runsOf(schedule: Schedule): Generator<number, void> {
  let at = schedule.state === 'active' ? schedule.nextAt : null;
  for (let runs = schedule.runs + 1; at !== null; runs++) {
    yield at;
    at = nextRun({ ...schedule, runs }, at);
  }
}
