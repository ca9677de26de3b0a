/**
 * When clocks on walls show a time, from the clocks alone: each quarter of an hour is asked for what they show.
 * All zones of today change their clocks at such a time.
 */

import { DAY } from '../pipeline/world.ts';
import { MINUTE } from './store-fixture.ts';

const QUARTER = 15 * MINUTE;

/** What a clock shows at a point in time (ms since the epoch): `2026-12-24T09:00`. */
export type Shows = (at: number) => string;

/** The clocks of a zone, by its rules in this Node. */
export function clocksOf(timeZone: string): Shows {
  // the order of Sweden is that of ISO 8601
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  return (at) => format.format(at).replace(' ', 'T');
}

/** When clocks first show `local`, or if they jump over it, a later time. */
export function firstShown(shows: Shows, local: string): number {
  // no clock is 14 hours ahead of UTC or more than that, or 12 hours behind
  let at = Date.parse(`${local}Z`) - DAY;
  while (shows(at) < local) at += QUARTER;
  return at;
}

/**
 * `at`, or if it is quiet then between these times of the day, when clocks next show `to`: also if they are put
 * back meanwhile, to before `from`.
 */
export function notQuiet(shows: Shows, { from, to }: { from: string; to: string }, at: number) {
  const [day, time] = shows(at).split('T') as [string, string];
  const isQuiet = from < to ? time >= from && time < to : time >= from || time < to;
  if (!isQuiet) return at;
  const end = time < to ? day : new Date(Date.parse(day) + DAY).toISOString().slice(0, 10);
  let found = at;
  while (shows(found) < `${end}T${to}`) found += QUARTER;
  return found;
}
