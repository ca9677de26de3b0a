/** What an audience means at one moment: segments by their name and "within days" made absolute. */

import type { Fault } from '../../lib/errors.ts';
import { boundsOf } from '../../model/audience/bounds.ts';
import type {
  Audience,
  AudienceExpression,
  AudienceRequest,
} from '../../model/schemas/audience.ts';
import type { Store } from '../../ports.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What a request's audience means now, null where it means no more than it says; or why it cannot
 * be meant.
 */
export async function resolve(
  store: Pick<Store, 'getSegment' | 'getUpload'>,
  app: string,
  { topic, condition, upload, unregistered, ...audience }: AudienceRequest,
  now: number,
  beginsAt = now,
): Promise<{ meaning: Audience | null } | { faults: Fault[] }> {
  const faults: Fault[] = [];
  const segments = new Map<string, AudienceExpression>();
  for (const name of segmentsIn(audience)) {
    const segment = await store.getSegment(app, name);
    if (segment) segments.set(name, segment.audience);
    else faults.push({ path: 'audience', message: `there is no segment "${name}" of "${app}"` });
  }
  const uploaded = upload === undefined ? null : await store.getUpload(upload);
  if (upload !== undefined && uploaded?.app === app && uploaded.size === null)
    faults.push({
      path: 'audience.upload',
      message: 'is not complete: it is still being uploaded',
    });
  else if (
    upload !== undefined &&
    (uploaded?.app !== app || uploaded.expiresAt < beginsAt + LEFT_MS)
  )
    faults.push({
      path: 'audience.upload',
      message: `there is no upload "${upload}" of "${app}", or it expires today: upload it again`,
    });
  else if (uploaded && unregistered && uploaded.of !== 'tokens')
    faults.push({
      path: 'audience.unregistered',
      message: `goes with tokens: the upload is one of ${uploaded.of}`,
    });
  if (faults.length > 0) return { faults };

  const meaning = meaningOf(audience, segments, now);
  const fault = boundsOf(meaning);
  if (fault !== null)
    return { faults: [{ path: 'audience', message: `with its segments it ${fault}` }] };
  return { meaning: JSON.stringify(meaning) === JSON.stringify(audience) ? null : meaning };
}

/** From its beginning: it is read while the campaign is planned, which takes no such time. */
const LEFT_MS = DAY_MS;

/** Throws for a segment that is not given: whoever asks has looked all of `segmentsIn` up. */
export function meaningOf(
  audience: AudienceExpression,
  segments: ReadonlyMap<string, AudienceExpression>,
  now: number,
): Audience {
  const { segment, lastSeen, and, or, not, ...rest } = audience;
  const within = (it: AudienceExpression) => meaningOf(it, segments, now);
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

/** The later `after` and the earlier `before`, where both a time and days are given. */
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

/** The names of the segments in it, each once. */
export function segmentsIn(audience: AudienceExpression): string[] {
  const { segment, and = [], or = [], not } = audience;
  const inner = [...and, ...or, ...(not ? [not] : [])].flatMap(segmentsIn);
  return [...new Set([...(segment === undefined ? [] : [segment]), ...inner])];
}
