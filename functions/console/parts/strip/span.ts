/** The time that a strip shows: which part of it, and where its hours stand. Times are ms since the epoch. */

export interface Span {
  from: number;
  to: number;
}

const HOUR_MS = 3_600_000;
/** From the first clock of the world to the last: UTC+14:00 and UTC-12:00. */
const [AHEAD_MS, BEHIND_MS] = [14 * HOUR_MS, 12 * HOUR_MS];
/** Hours between two ticks, the fewest that leave room for their labels. */
const STEPS = [6, 12, 24, 48, 24 * 7];
const MOST_TICKS = 6;
/** The share at the right edge in which a label has no room. */
const EDGE = 0.86;

/** When clocks show a local time, such as `2030-12-24T09:00`: from the first of them to the last. */
export function dayOf(local: string): Span {
  const wall = Date.parse(`${local}Z`);
  return { from: wall - AHEAD_MS, to: wall + BEHIND_MS };
}

/** The 26 hours of a local time, or from the first wave on; longer if a wave is outside of them. */
export function spanOf(times: number[], local?: string | undefined): Span {
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const begin = Math.floor(first / HOUR_MS) * HOUR_MS;
  const { from, to } =
    local === undefined ? { from: begin, to: begin + AHEAD_MS + BEHIND_MS } : dayOf(local);
  const last = times.reduce((a, b) => Math.max(a, b), to);
  return { from: Math.min(from, begin), to: last > to ? last + HOUR_MS : to };
}

/** Where a time stands, from 0 to 1. */
export const shareOf = ({ from, to }: Span, at: number) => (at - from) / (to - from);

interface Tick {
  at: number;
  /** a day begins, by the clock of this computer */
  isDay: boolean;
  hasLabel: boolean;
}

/** Hours of the clock of this computer. Where it is put forward or back, one is an hour off. */
export function ticksOf(span: Span): Tick[] {
  const hours = (span.to - span.from) / HOUR_MS;
  const step = STEPS.find((it) => hours / it <= MOST_TICKS) ?? STEPS.at(-1)!;
  const ticks: Tick[] = [];
  const it = new Date(span.from);
  it.setHours(0, 0, 0, 0);
  for (; it.getTime() <= span.to; it.setHours(it.getHours() + step)) {
    const at = it.getTime();
    if (at < span.from) continue;
    ticks.push({ at, isDay: it.getHours() === 0, hasLabel: shareOf(span, at) < EDGE });
  }
  return ticks;
}
