/** Whom a campaign reaches, page by page, whatever its audience is. */

import type { AudiencePage, BucketRange, Carried, Cursor, Store } from '../../ports.ts';
import type { Target } from '../campaign.ts';
import { namedPages } from './named.ts';

/** At least how many it is for, cheaply. */
export async function sizeOf(store: Store, app: string, target: Target): Promise<number> {
  if (target.kind === 'installations') return store.estimateAudience(app, target.audience);
  if (target.kind !== 'named') return 1;
  const { names } = target;
  return 'tokens' in names
    ? names.tokens.length
    : ((await store.getUpload(names.upload))?.size ?? 0);
}

/** A topic is one page with one recipient, whose token is the topic. */
export function pagesOf(
  store: Store,
  app: string,
  target: Target,
  range: BucketRange,
  after: Cursor | null,
  size: number,
  carried: readonly Carried[] | undefined,
): AsyncIterable<AudiencePage> | AudiencePage[] {
  if (target.kind === 'installations')
    return store.streamAudience(app, target.audience, range, after, size, carried);
  if (target.kind === 'named') return namedPages(store, app, target, range, after, size, carried);
  const { kind: id, value: token } = target;
  const it = { id, token, provider: 'fcm', environment: 'production' } as const;
  return after === null ? [{ installations: [it], cursor: { bucket: 0, id } }] : [];
}
