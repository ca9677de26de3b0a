/** Whether a list of names has an installation. */

import { bucketOf } from '../../model/bucket.ts';
import type { Target } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import type { Store } from '../../ports/ports.ts';

export type NameReader = Pick<Store, 'getUpload' | 'readUpload'>;

type Named = Extract<Target, { kind: 'named' }>;

/**
 * Whether the installation is among the names of an upload or a list of tokens. 'not-named-now': its token
 * or its user is not, and may have been another one when the list was read.
 */
export async function nameIn(
  store: NameReader,
  { names }: Named,
  { id, token, userId }: Installation,
): Promise<'named' | 'not-named' | 'not-named-now' | 'unknown'> {
  if ('tokens' in names) return names.tokens.includes(token) ? 'named' : 'not-named-now';
  const upload = await store.getUpload(names.upload);
  if (!upload) return 'unknown';
  const name = { installationIds: id, userIds: userId, tokens: token }[upload.of];
  const not = upload.of === 'installationIds' ? 'not-named' : 'not-named-now';
  if (name === undefined) return not;
  const bucket = bucketOf(name);
  const inBucket = store.readUpload(upload.id, { from: bucket, to: bucket + 1 }, null, NAMES);
  for await (const some of inBucket) if (some.includes(name)) return 'named';
  return not;
}

/** Names of one bucket, read at a time. */
const NAMES = 100;
