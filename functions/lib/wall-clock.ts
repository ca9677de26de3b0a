/** From what a clock on the wall of a time zone shows to points in time. */

const DAY_MS = 24 * 60 * 60 * 1000;
const MINUTE_MS = 60 * 1000;

/**
 * The ms by which a clock in `zone` (an IANA name) is ahead of UTC at a point in time, in ms since 1970.
 * Throws a RangeError if there is no such zone. All that depends on the rules of zones asks one function of
 * this type, so that a test can change the rules.
 */
export type OffsetAt = (zone: string, at: number) => number;

/** By zone. There are some 600 names. */
const formats = new Map<string, Intl.DateTimeFormat>();
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  formats.set(zone, made);
  return made;
}

/** By the rules that this Node has. */
export const offsetAt: OffsetAt = (zone, at) => {
  const parts = formatOf(zone).formatToParts(at);
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  // `GMT`, `GMT+05:30`; a few had seconds before 1973
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)!;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -ms : ms;
};

/** The offsets before and after a wall-clock time: no zone is a day ahead of UTC, or changes twice in two days. */
const around = (wall: number, zone: string, offset: OffsetAt) =>
  [offset(zone, wall - DAY_MS), offset(zone, wall + DAY_MS)] as const;

/**
 * The points in time, in ms since 1970, at which a clock in `zone` shows `wall` (ms since 1970 as if the
 * clock showed UTC). None if the clock is put forward over it, two if it is put back, the earlier first.
 * Throws a RangeError if there is no such zone.
 */
export function instantsOf(wall: number, zone: string, offset: OffsetAt = offsetAt): number[] {
  // a clock that is put back was further ahead before: the earlier comes first
  return Array.from(new Set(around(wall, zone, offset)), (it) => wall - it).filter(
    (at) => offset(zone, at) === wall - at,
  );
}

/**
 * When a clock in `zone` first shows `wall`, a whole minute. If the clock is put forward over it: when that
 * happens. Throws a RangeError if there is no such zone.
 */
export function firstInstantOf(wall: number, zone: string, offset: OffsetAt = offsetAt): number {
  const [found] = instantsOf(wall, zone, offset);
  if (found !== undefined) return found;
  const [before, after] = around(wall, zone, offset);
  // the clock shows an earlier time at `early` and a later one at `late`
  let [early, late] = [wall - after, wall - before];
  while (late - early > MINUTE_MS) {
    const middle = early + Math.floor((late - early) / 2 / MINUTE_MS) * MINUTE_MS;
    if (middle + offset(zone, middle) < wall) early = middle;
    else late = middle;
  }
  return late;
}
