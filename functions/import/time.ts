/** Reads points in time in the spellings that exports use. */

import type { RawNumber } from '../lib/exact-json.ts';

/**
 * The first number that is a time, and the first that is not in seconds. Above come milliseconds,
 * microseconds and nanoseconds since 1970. Each unit covers only 1973 to 5138, so that no number has
 * two meanings.
 */
const [FIRST_SECOND, SECONDS] = [1e8, 1e11];

/** `2026-10-01`, `2026-10-01 10:00:00.5 UTC`, `2026/10/01T10:00Z`, `… +02`, `… +0200`, `… +02:00`. */
const SPELLED =
  /^(\d{4})([-/])(\d\d)\2(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(?:(Z|UTC|GMT)|([+-])(\d\d)(?::?(\d\d))?)?)?$/i;

/** What the command line and most exports write. A pattern of its own takes a third of the time. */
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

/**
 * Milliseconds since 1970; a time without a zone is UTC. Null if the cell is no time, or could be read
 * in two ways (`10/11/2026`, `0`).
 */
export function readTime(cell: unknown): number | null {
  if (typeof cell === 'number') return sinceEpoch(cell);
  if (JSON.isRawJSON(cell)) return sinceEpoch(Number((cell as RawNumber).rawJSON));
  if (typeof cell !== 'string') return null;
  if (UTC.test(cell)) {
    const at = Date.parse(cell);
    // Date.parse may read 30 February as 2 March
    if (at >= 0 && new Date(at).getUTCDate() === Number(cell.slice(8, 10))) return at;
  }
  const text = cell.trim();
  if (/^\d{9,19}(?:\.\d{1,9})?$/.test(text)) return sinceEpoch(Number(text));
  const found = readSpelled(text);
  return found && found.wall - (found.offset ?? 0);
}

interface Spelled {
  /** what a clock on the wall shows, in ms since 1970 as if that clock showed UTC */
  wall: number;
  /** ms by which that clock is ahead of UTC; null if the text does not say */
  offset: number | null;
  /** false for a date alone, whose wall is midnight */
  hasClock: boolean;
}

/** A date and a time in digits; null if the text is none, or names a day or an hour that is not there. */
export function readSpelled(text: string): Spelled | null {
  const found = SPELLED.exec(text);
  if (!found) return null;
  const [, year, , month, day, hour, minute = '0', second = '0', fraction = ''] = found;
  const [, , , , , , , , , utc, sign, hours = '0', minutes = '0'] = found;
  // .NET writes 0001-01-01 for never
  if (Number(year) < 1970) return null;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC reads 30 February as 2 March. Comparing the text instead took a tenth of reading a row
  const date = new Date(midnight);
  if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return null;
  if (Number(hour ?? 0) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  if (Number(hours) > 15 || Number(minutes) > 59) return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  const clock = (Number(hour ?? 0) * 60 + Number(minute)) * 60_000 + Number(second) * 1000;
  return {
    wall: midnight + clock + Number(fraction.padEnd(3, '0').slice(0, 3)),
    offset: utc || sign ? offset : null,
    hasClock: hour !== undefined,
  };
}

function sinceEpoch(number: number): number | null {
  if (!(number >= FIRST_SECOND)) return null;
  // rounded: 1763728200.289 lies a little below itself
  if (number < SECONDS) return Math.round(number * 1000);
  for (const [below, unit] of [
    [SECONDS * 1e3, 1],
    [SECONDS * 1e6, 1e3],
    [SECONDS * 1e9, 1e6],
  ] as const)
    if (number < below) return Math.trunc(number / unit);
  return null;
}
