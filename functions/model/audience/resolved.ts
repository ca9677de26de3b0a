/**
 * The resolved audience: the one that a request means at one moment, without segments and "within
 * days".
 */

import type { Audience, AudienceExpression } from '../schemas/audience.ts';
import { DAY_MS } from '../timing.ts';

/**
 * Replaces each segment by its audience, and days before `now` (ms since the epoch) by times. Throws for
 * a segment that is not in `segments`: the caller has looked up all of `segmentsIn`.
 */
export function resolvedAudience(
  audience: AudienceExpression,
  segments: ReadonlyMap<string, AudienceExpression>,
  now: number,
): Audience {
  const { segment, lastSeen, and, or, not, ...rest } = audience;
  const within = (it: AudienceExpression) => resolvedAudience(it, segments, now);
  const all = and?.map(within) ?? [];
  if (segment !== undefined) {
    const saved = segments.get(segment);
    if (saved === undefined) throw new Error(`the segment "${segment}" was not looked up`);
    all.push(within(saved));
  }
  return {
    ...rest,
    ...(lastSeen && { lastSeen: absolute(lastSeen, now) }),
    ...(all.length > 0 && { and: all }),
    ...(or && { or: or.map(within) }),
    ...(not && { not: within(not) }),
  };
}

/** Takes the later `after` and the earlier `before` where both a time and days are given. */
function absolute(
  { after, before, withinDays, notWithinDays }: NonNullable<AudienceExpression['lastSeen']>,
  now: number,
): NonNullable<Audience['lastSeen']> {
  const ago = (days: number) => now - days * DAY_MS;
  const afters = [
    ...(after === undefined ? [] : [Date.parse(after)]),
    ...(withinDays === undefined ? [] : [ago(withinDays)]),
  ];
  const befores = [
    ...(before === undefined ? [] : [Date.parse(before)]),
    ...(notWithinDays === undefined ? [] : [ago(notWithinDays)]),
  ];
  return {
    ...(afters.length > 0 && { after: new Date(Math.max(...afters)).toISOString() }),
    ...(befores.length > 0 && { before: new Date(Math.min(...befores)).toISOString() }),
  };
}
