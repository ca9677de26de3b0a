/**
 * Rate limits by token buckets in memory. Each instance of a function counts for itself, so N instances
 * allow N times as much. The limits slow down guessing and protect the rest from a broken app; they are
 * not exact enough for billing.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { createTokenBucket, type Rate, type TokenBucket } from '../../lib/token-bucket.ts';

/** Callers that are remembered; the one that has not called for the longest is forgotten. */
const REMEMBERED = 10_000;

interface Limit {
  /** Counts a call of `who`. Gives the milliseconds to wait before it is allowed; 0: allowed. */
  (who: string): number;
  /**
   * Counts so many more, of a call that was allowed; those that come next wait for it. Gives the same, and
   * counts nothing, where calls that were allowed at the same time have used up more than there is.
   */
  charge(who: string, count: number): number;
}

export function createLimit(rate: Rate, now: () => number): Limit {
  const buckets = new Map<string, TokenBucket>();
  const bucketOf = (who: string) => {
    const bucket = buckets.get(who) ?? createTokenBucket(rate);
    setNewest(buckets, who, bucket, REMEMBERED);
    return bucket;
  };
  const limit = (who: string) => {
    const at = now();
    const bucket = bucketOf(who);
    const wait = bucket.readyAt(at) - at;
    if (wait === 0) bucket.take(1);
    return wait;
  };
  const charge = (who: string, count: number) => {
    const at = now();
    const bucket = bucketOf(who);
    if (bucket.available(at) < 0) return bucket.readyAt(at) - at;
    bucket.take(count);
    return 0;
  };
  return Object.assign(limit, { charge });
}
