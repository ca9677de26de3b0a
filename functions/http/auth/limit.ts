/**
 * How often somebody may call: token buckets in memory. Each instance of a function counts for
 * itself, so of N instances the whole is N times as much; it is there to slow down who tries, and to
 * keep a broken app from taking all, not to bill anybody.
 */

import { setNewest } from '../../lib/bounded-map.ts';
import { createTokenBucket, type Rate, type TokenBucket } from '../../lib/token-bucket.ts';

/** Callers that are remembered; who was not seen for the longest begins anew. */
const REMEMBERED = 10_000;

/** Milliseconds to wait; 0: go on. */
export type Limit = (who: string) => number;

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
