/** The installations that a campaign reaches, in pages, whatever its audience is. */

import type { Target } from '../../model/campaign.ts';
import { providerOfTarget } from '../../model/provider/registry.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import { namedPages } from './named.ts';

/** A cheap estimate of the number of recipients: at least as many as there are. A topic counts as 1. */
export async function sizeOf(store: Store, app: string, target: Target): Promise<number> {
  if (target.kind === 'installations') return store.estimateAudience(app, target.audience);
  if (target.kind !== 'named') return 1;
  const { names } = target;
  return 'tokens' in names
    ? names.tokens.length
    : ((await store.getUpload(names.upload))?.size ?? 0);
}

/**
 * Whether the upload that names the audience has expired. Reading the rest of it would send to some of
 * its recipients and close the ledger over those alone.
 */
export const isGone = async (store: Pick<Store, 'getUpload'>, target: Target) =>
  target.kind === 'named' &&
  'upload' in target.names &&
  (await store.getUpload(target.names.upload)) === null;

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
