/** What an audience means when its campaign is accepted: what it names is looked up in the store. */

import type { Fault } from '../../lib/errors.ts';
import { boundsOf } from '../../model/audience/bounds.ts';
import { meaningOf } from '../../model/audience/resolved.ts';
import { segmentsIn } from '../../model/audience/segments.ts';
import type {
  Audience,
  AudienceExpression,
  AudienceRequest,
} from '../../model/schemas/audience.ts';
import type { Store } from '../../ports/ports.ts';

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
