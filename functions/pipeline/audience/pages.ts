/** The installations that a campaign reaches, in pages, whatever its audience is. */

import type { Target } from '../../model/campaign.ts';
import { providerOfTarget } from '../../model/provider/registry.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import { namedPages } from './named.ts';
import { isPastKept } from './past.ts';

/**
 * A cheap estimate of the number of recipients: at least as many as there are. A topic counts as 1. `isRough`: half
 * or twice as many will do, if a count would be waited for.
 */
export async function sizeOf(
  store: Store,
  app: string,
  target: Target,
  isRough = false,
): Promise<number> {
  if (target.kind === 'installations') return store.estimateAudience(app, target.audience, isRough);
  if (target.kind !== 'named') return 1;
  const { names } = target;
  return 'tokens' in names
    ? names.tokens.length
    : ((await store.getUpload(names.upload))?.size ?? 0);
}

const UPLOAD_GONE =
  'the upload that names its recipients has expired: cancel it, upload them again and send that';

/** Why a campaign is paused whose audience asks about an earlier one that is not kept. */
export const PAST_GONE =
  'its audience asks about an earlier campaign whose retention has ended, so its recipients cannot be ' +
  'told: cancel it, and send without that condition';

/**
 * Why the audience cannot be read any more; null if it can. Reading the rest of it would send to some of
 * its recipients, or to others, and close the ledger over those alone.
 */
export async function goneFrom(
  store: Pick<Store, 'getUpload' | 'getCampaign' | 'isKept'>,
  target: Target,
): Promise<string | null> {
  if (!('audience' in target)) return null;
  if (target.kind === 'named' && 'upload' in target.names)
    if ((await store.getUpload(target.names.upload)) === null) return UPLOAD_GONE;
  return (await isPastKept(store, target.audience)) ? null : PAST_GONE;
}

/** What is read of a target, whatever its audience is. */
type TargetRead = Omit<AudienceRead, 'audience'>;

/**
 * Pages of about `size` installations of the target, in `range` and after a cursor, with the fields in
 * `carried`. A topic is one page with one recipient, whose token is the topic.
 */
export function pagesOf(
  store: Store,
  target: Target,
  read: TargetRead,
): AsyncIterable<AudiencePage> | AudiencePage[] {
  if (target.kind === 'installations')
    return store.streamAudience({ ...read, audience: target.audience });
  if (target.kind === 'named') return namedPages(store, target, read);
  const { kind: id, value: token } = target;
  const it = { id, token, provider: providerOfTarget(id), environment: 'production' } as const;
  return read.after === null ? [{ installations: [it], cursor: { bucket: 0, id } }] : [];
}
