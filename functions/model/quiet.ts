/** Quiet hours of an app: a time of each day, by a device's own clock, at which no push reaches it. */

import { firstInstantOf, instantsOf, type OffsetAt, offsetAt } from '../lib/wall-clock.ts';

/** Times of the day such as `22:00`. They are not equal; `from` may be later, and it is then over midnight. */
export interface QuietHours {
  /** from then on it is quiet */
  from: string;
  /** from then on it is not */
  to: string;
}

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A time of the day such as `22:00`, in ms since midnight. */
const msOf = (time: string) => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * MINUTE_MS;

const dayOf = (wall: number) => Math.floor(wall / DAY_MS) * DAY_MS;
/** The same without whole days, at least 0. */
const inDay = (ms: number) => ms - dayOf(ms);

/** When a clock in `zone` shows a time of the day next, after `at`: it does so within a day of its own. */
function nextOf(time: string, zone: string, at: number, offset: OffsetAt): number {
  const today = dayOf(at + offset(zone, at)) + msOf(time);
  const after = (wall: number) => {
    const times = instantsOf(wall, zone, offset);
    return (times.length > 0 ? times : [firstInstantOf(wall, zone, offset)]).find((it) => it > at);
  };
  return after(today) ?? after(today + DAY_MS)!;
}

/** Whether it is quiet in `zone` at a point in time, in ms since 1970. Throws a RangeError for an unknown zone. */
export function isQuiet(
  { from, to }: QuietHours,
  zone: string,
  at: number,
  offset: OffsetAt = offsetAt,
): boolean {
  const time = at + offset(zone, at);
  const sinceBegin = time - msOf(from);
  const length = msOf(to) - msOf(from);
  return inDay(sinceBegin) < inDay(length);
}

/** `at`, or if it is quiet in `zone` then, when that ends. Throws a RangeError for an unknown zone. */
export const afterQuiet = (
  quiet: QuietHours,
  zone: string,
  at: number,
  offset: OffsetAt = offsetAt,
): number => (isQuiet(quiet, zone, at, offset) ? nextOf(quiet.to, zone, at, offset) : at);

/** When it becomes quiet in `zone` next, after `at`. Throws a RangeError for an unknown zone. */
export const nextQuiet = (
  { from }: QuietHours,
  zone: string,
  at: number,
  offset: OffsetAt = offsetAt,
): number => nextOf(from, zone, at, offset);
