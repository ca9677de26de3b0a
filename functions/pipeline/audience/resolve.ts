/** resolve: makes an audience absolute when its campaign is accepted, and looks up what it names. */

import type { Fault } from '../../lib/errors.ts';
import { boundsOf } from '../../model/audience/bounds.ts';
import { earlierIn } from '../../model/audience/past.ts';
import { resolvedAudience } from '../../model/audience/resolved.ts';
import { segmentsIn } from '../../model/audience/segments.ts';
import type {
  Audience,
  AudienceExpression,
  AudienceRequest,
} from '../../model/schemas/audience.ts';
import type { Store } from '../../ports/ports.ts';
import { earlierFaults } from './past.ts';

/** Milliseconds that an upload must still last from the campaign's begin; planning takes far less. */
const MIN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/**
 * The resolved audience of a request, null where it is the same as the request's own; or why the
 * audience cannot be resolved: each fault with its path in the request. `category`: the message's. `now` and `beginsAt` (when the
 * campaign begins) are ms since the epoch. Throws when the store fails.
 */
export async function resolve(
  store: Pick<Store, 'getSegment' | 'getUpload' | 'getCampaign' | 'isKept'>,
  app: string,
  { audience: asked, category }: { audience: AudienceRequest; category?: string | undefined },
  now: number,
  beginsAt = now,
): Promise<{ resolved: Audience | null } | { faults: Fault[] }> {
  const { topic, condition, upload, unregistered, ...audience } = asked;
  const faults: Fault[] = [];
  const segments = new Map<string, AudienceExpression>();
  for (const name of segmentsIn(audience)) {
    const segment = await store.getSegment(app, name);
    if (segment) segments.set(name, segment.audience);
    else faults.push({ path: 'audience', message: `there is no segment "${name}" of "${app}"` });
  }
  if (upload !== undefined) {
    const names = { upload, unregistered };
    faults.push(...(await uploadFaults(store, app, names, beginsAt + MIN_LIFETIME_MS)));
  }
  faults.push(...(await earlierFaults(store, app, audience, segments)));
  if (faults.length > 0) return { faults };

  const isToTopic = topic !== undefined || condition !== undefined;
  const resolved = {
    ...resolvedAudience(audience, segments, now),
    ...(category !== undefined && !isToTopic && { category }),
  };
  const fault = boundsOf(resolved);
  if (fault !== null)
    return { faults: [{ path: 'audience', message: `with its segments it ${fault}` }] };
  // its names are in no order of installations: each batch would read the earlier campaign again
  if (upload !== undefined && earlierIn(resolved).length > 0)
    return {
      faults: [{ path: 'audience.upload', message: 'goes with no opened and no notOpened' }],
    };
  return { resolved: JSON.stringify(resolved) === JSON.stringify(audience) ? null : resolved };
}

/** Why the upload cannot name the recipients; no faults if it can. `until`: it must last as long. */
async function uploadFaults(
  store: Pick<Store, 'getUpload'>,
  app: string,
  { upload, unregistered }: { upload: string; unregistered: AudienceRequest['unregistered'] },
  until: number,
): Promise<Fault[]> {
  const uploaded = await store.getUpload(upload);
  const path = 'audience.upload';
  if (uploaded?.app === app && uploaded.size === null)
    return [{ path, message: 'is not complete: it is still being uploaded' }];
  if (uploaded?.app !== app || uploaded.expiresAt < until) {
    const gone = `there is no upload "${upload}" of "${app}", or it expires today`;
    return [{ path, message: `${gone}: upload it again` }];
  }
  if (!unregistered || uploaded.of === 'tokens') return [];
  const message = `goes with tokens: the upload is one of ${uploaded.of}`;
  return [{ path: 'audience.unregistered', message }];
}
