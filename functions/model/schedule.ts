/** A recurring campaign: when its runs are due, in the wall-clock time of a zone or of each device. */

import { nextTime } from './cron.ts';
import type { ScheduleRequest } from './schemas/schedule.ts';
import { EARLIEST_MS, type LocalTime, localOf } from './waves.ts';

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
  /**
   * time of the next run, ms since the epoch; null while there is none. With `local`: when a clock first shows
   * it anywhere
   */
  nextAt: number | null;
  lastCampaignId: string | null;
  createdAt: number;
  /** hash of the request that made it, if that had an Idempotency-Key */
  requestHash?: string;
  /** increments with every change: a write must name the version that it read */
  version: number;
}

type Times = Pick<Schedule, 'cron' | 'timeZone' | 'local' | 'until' | 'maxRuns' | 'runs'>;

/**
 * What cron says of a run that begins at `at`: ms since the epoch; with `local`, what clocks show, in ms since
 * 1970 as if it was UTC.
 */
const saidOf = ({ local }: Pick<Schedule, 'local'>, at: number) => (local ? at + EARLIEST_MS : at);

/**
 * When the first run after `after` begins, both in ms since the epoch; null: `until` or `maxRuns` is reached.
 */
export function nextRun(times: Times, after: number): number | null {
  const { cron, timeZone = 'Etc/UTC', until, maxRuns, runs } = times;
  if (maxRuns !== undefined && runs >= maxRuns) return null;
  const next = nextTime(cron, timeZone, saidOf(times, after));
  if (next === null || (until !== undefined && next > until)) return null;
  return next - saidOf(times, 0);
}

/** The run of a local schedule after the one at `at`, both as `nextRun` gives them. */
const following = (schedule: Times, at: number) =>
  nextRun({ ...schedule, runs: schedule.runs + 1 }, at);

/**
 * The local time of the run at `at` if it is started at `now`. A delay within `MISSED_AFTER_MS` makes no device
 * late.
 */
export function localTimeOf(
  schedule: Times & Pick<Schedule, 'missed' | 'late'>,
  at: number,
  now: number,
): LocalTime {
  const { missed, late = 'now' } = schedule;
  const next = following(schedule, at);
  return {
    local: localOf(saidOf(schedule, at)),
    late: missed === 'skip' ? 'skip' : late,
    since: Math.max(at, now - MISSED_AFTER_MS),
    ...(next !== null && { next: localOf(saidOf(schedule, next)) }),
  };
}

/**
 * The times of the next `count` runs, for people to look at, in ms since the epoch; with `local`, what the
 * clocks of devices show, as if it was UTC.
 */
export const nextRuns = (schedule: Schedule, count: number): number[] =>
  runsOf(schedule)
    .map((at) => saidOf(schedule, at))
    .take(count)
    .toArray();

/** Those before `end` (ms since the epoch), the first `most` of them. */
export function runsBefore(schedule: Schedule, end: number, most: number): number[] {
  const times: number[] = [];
  for (const at of runsOf(schedule)) {
    const said = saidOf(schedule, at);
    if (said >= end || times.length === most) break;
    times.push(said);
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
