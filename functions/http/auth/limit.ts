/**
 * Rate limits by token buckets in memory. Each instance of a function counts for itself, so N instances
 * allow N times as much. The limits slow down guessing and protect the rest from a broken app; they are
 * not exact enough for billing.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { createTokenBucket, type Rate, type TokenBucket } from '../../lib/token-bucket.ts';

/** Callers that are remembered; the one that has not called for the longest is forgotten. */
const REMEMBERED = 10_000;

/** Counts a call of `who`. Gives the milliseconds to wait before it is allowed; 0: allowed. */
type Limit = (who: string) => number;

export function createLimit(rate: Rate, now: () => number): Limit {
  const buckets = new Map<string, TokenBucket>();
  return (who) => {
    const at = now();
    const bucket = buckets.get(who) ?? createTokenBucket(rate);
    setNewest(buckets, who, bucket, REMEMBERED);
    const wait = bucket.readyAt(at) - at;
    if (wait === 0) bucket.take(1);
    return wait;
  };
}
