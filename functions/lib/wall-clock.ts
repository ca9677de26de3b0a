/** From what a clock on the wall of a time zone shows to points in time. */

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The points in time, in ms since 1970, at which a clock in `zone` (an IANA name) shows `wall` (ms since
 * 1970 as if the clock showed UTC). None if the clock is put forward over it, two if it is put back, the
 * earlier first. Throws a RangeError if there is no such zone.
 */
export function instantsOf(wall: number, zone: string): number[] {
  const offset = offsetsOf(zone);
  // no zone is a day ahead of UTC, and none changes its clocks twice in two days
  const offsets = new Set([offset(wall - DAY_MS), offset(wall + DAY_MS)]);
  return Array.from(offsets, (it) => wall - it)
    .filter((at) => offset(at) === wall - at)
    .toSorted((a, b) => a - b);
}

/** A function that gives the ms by which a clock in `zone` is ahead of UTC, at a point in time. */
function offsetsOf(zone: string) {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  return (at: number): number => {
    const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    // `GMT`, `GMT+05:30`; a few had seconds before 1973
    const [, sign, hours = 0, minutes = 0, seconds = 0] =
      /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)!;
    const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -ms : ms;
  };
}
