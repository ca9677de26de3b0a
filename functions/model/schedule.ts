/** A recurring campaign: when its runs are due, in the wall-clock time of a zone. */

import { nextTime } from './cron.ts';
import type { ScheduleRequest } from './schemas/schedule.ts';

export type { ScheduleRequest } from './schemas/schedule.ts';

/** A run that is not found by then was missed: the system was down. */
export const MISSED_AFTER_MS = 15 * 60 * 1000;

/**
 * active  its runs are started at their times
 * paused  none is, until it is resumed; those in between are not made up for
 * ended   `until` or `maxRuns` was reached
 */
export const scheduleStates = ['active', 'paused', 'ended'] as const;

export interface Schedule extends ScheduleRequest {
  id: string;
  state: (typeof scheduleStates)[number];
  /** runs started at their times; those asked for by hand are not among them */
  runs: number;
  /** of the next run; null while there is none */
  nextAt: number | null;
  lastCampaignId: string | null;
  createdAt: number;
  /** grows with every change: a write must have seen the last one */
  version: number;
}

/** The first run after a time; null when there is none before `until` or within `maxRuns`. */
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

/** The next `count` runs, for people. */
export function nextRuns(schedule: Schedule, count: number): number[] {
  const times: number[] = [];
  let at = schedule.state === 'active' ? schedule.nextAt : null;
  while (at !== null && times.length < count) {
    times.push(at);
    at = nextRun({ ...schedule, runs: schedule.runs + times.length }, at);
  }
  return times;
}
