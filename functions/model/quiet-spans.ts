/**
 * Spans: how long it stays quiet in a zone, or stays not quiet. Chunks that are sent at the same time ask for
 * the same spans, and to ask the rules of a zone takes some 15 µs, so spans are kept in memory.
 */

import { setNewest } from '../lib/bounded-map.ts';
import { type OffsetAt, offsetAt } from '../lib/wall-clock.ts';
import type { ZonedQuiet } from './chunk.ts';
import { afterQuiet, isQuiet, nextQuiet } from './quiet.ts';
import { countedZone } from './waves.ts';

/** Times are in ms since the epoch. It is quiet all of the time from `from` to `to`, or never in it. */
interface Span {
  isQuiet: boolean;
  from: number;
  /** it changes then */
  to: number;
}

interface Known {
  zone: string;
  spans: Span[];
}

/** Zones in memory, each with its latest spans: some 600 of each of a few apps. */
const MAX_ZONES = 5_000;
const MAX_SPANS = 8;

/** By quiet hours and zone; only by the rules of this Node, which do not change while it runs. */
const known = new Map<string, Known>();

/**
 * The span in which `at` (ms since the epoch) lies, as far as it is after `at` or was asked for before. A
 * recipient without a zone, or with one that is not known, is in the default zone.
 */
export function spanAt(
  quiet: ZonedQuiet,
  zone: string | undefined,
  at: number,
  offset: OffsetAt = offsetAt,
): Span {
  if (offset !== offsetAt) return spanIn(quiet, countedZone(zone, quiet.zone, offset), at, offset);
  const key = `${quiet.from} ${quiet.to} ${quiet.zone} ${zone}`;
  let found = known.get(key);
  if (!found) {
    found = { zone: countedZone(zone, quiet.zone), spans: [] };
    setNewest(known, key, found, MAX_ZONES);
  }
  const { spans } = found;
  for (const it of spans) if (at >= it.from && at < it.to) return it;
  if (spans.length === MAX_SPANS) spans.shift();
  const span = spanIn(quiet, found.zone, at, offset);
  spans.push(span);
  return span;
}

const spanIn = (quiet: ZonedQuiet, zone: string, from: number, offset: OffsetAt): Span =>
  isQuiet(quiet, zone, from, offset)
    ? { isQuiet: true, from, to: afterQuiet(quiet, zone, from, offset) }
    : { isQuiet: false, from, to: nextQuiet(quiet, zone, from, offset) };

/** A day of 25 hours, when clocks are put back. */
const LONG_DAY_MS = 25 * 60 * 60 * 1000;

/** When it became quiet in a zone where it is at `at`; in ms since the epoch. */
export function quietSince(
  quiet: ZonedQuiet,
  zone: string | undefined,
  at: number,
  offset: OffsetAt = offsetAt,
): number {
  let since = at;
  let span = spanAt(quiet, zone, at - LONG_DAY_MS, offset);
  for (; span.to <= at; span = spanAt(quiet, zone, span.to, offset))
    if (!span.isQuiet) since = span.to;
  return since;
}

/** How many ms of the time from `from` to `to` (ms since the epoch) are quiet in a zone, as `spanAt` takes it. */
export function quietBetween(
  quiet: ZonedQuiet,
  zone: string | undefined,
  { from, to }: { from: number; to: number },
  offset: OffsetAt = offsetAt,
): number {
  let sum = 0;
  for (let at = from; at < to; ) {
    const span = spanAt(quiet, zone, at, offset);
    if (span.isQuiet) sum += Math.min(span.to, to) - at;
    at = span.to;
  }
  return sum;
}

/** Spans that `afterLoud` looks at: about a month. What lies behind them is only cut less evenly. */
const MOST_SPANS = 64;

/**
 * When `ms` of time that is not quiet have passed in a zone since `from`, in ms since the epoch: a time at which
 * it is not quiet.
 */
export function afterLoud(
  quiet: ZonedQuiet,
  zone: string | undefined,
  { from, ms }: { from: number; ms: number },
  offset: OffsetAt = offsetAt,
): number {
  let [at, left] = [from, ms];
  for (let spans = 0; spans < MOST_SPANS; spans++) {
    const span = spanAt(quiet, zone, at, offset);
    if (!span.isQuiet) {
      if (at + left < span.to) return at + left;
      left -= span.to - at;
    }
    at = span.to;
  }
  return at + left;
}
