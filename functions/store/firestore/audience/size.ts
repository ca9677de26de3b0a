/**
 * How large an audience is, as its indexes tell, and never by a count without an end: that would take
 * a minute for 100 million, and cost a read for each thousand.
 */

import type { Query } from '@google-cloud/firestore';
import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import type { Client } from '../client.ts';
import { SMALLEST } from '../pages/layout.ts';
import { BY_NAME, bucketName } from '../schema.ts';

/** Shares of the buckets that are counted, until one of them holds few enough. */
const SHARES = [2 ** -6, 2 ** -12, 2 ** -18];
/** Index entries counted in one call: 20 reads. */
const MOST = 20_000;

/** At most `limit` of what a query finds in a range. */
export async function countUpTo(
  client: Client,
  query: Query,
  app: string,
  range: BucketRange,
  limit: number,
): Promise<number> {
  const some = query
    .orderBy(BY_NAME)
    .startAt(bucketName(app, range.from))
    .endBefore(bucketName(app, range.to))
    .limit(limit);
  return (await client.read(() => some.count().get())).data().count;
}

/**
 * About as many as a query finds in an app: exact if it is below SMALLEST, else within 6 %, scaled up
 * from a share of the buckets, which are uniform.
 */
export async function aboutAll(
  client: Client,
  query: Query,
  app: string,
  { most, smallest } = { most: MOST, smallest: SMALLEST },
): Promise<number> {
  const count = (share: number, limit: number) =>
    countUpTo(client, query, app, { from: 0, to: BUCKETS * share }, limit);
  for (const share of SHARES) {
    const counted = await count(share, most);
    if (counted === most && share !== SHARES.at(-1)) continue;
    const about = Math.round(counted / share);
    if (about >= smallest) return about;
    return count(1, smallest);
  }
  throw new Error('the last share is counted, whatever it holds');
}
