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
export function nextRuns(schedule: Schedule, count: number): number[] {
  const times: number[] = [];
  let at = schedule.state === 'active' ? schedule.nextAt : null;
  while (at !== null && times.length < count) {
    times.push(at);
    at = nextRun({ ...schedule, runs: schedule.runs + times.length }, at);
  }
  return times;
}
