/**
 * How often somebody may call: token buckets in memory. Each instance of a function counts for
 * itself, so of N instances the whole is N times as much; it is there to slow down who tries, and to
 * keep a broken app from taking all, not to bill anybody.
 */

export interface Rate {
  perSecond: number;
  /** at once, after a rest */
  burst: number;
}

/** Callers that are remembered; who was not seen for the longest begins anew. */
const REMEMBERED = 10_000;

/** Milliseconds to wait; 0: go on. */
export type Limit = (who: string) => number;

export function createLimit({ perSecond, burst }: Rate, now: () => number): Limit {
  const buckets = new Map<string, { left: number; at: number }>();
  return (who) => {
    const at = now();
    const bucket = buckets.get(who) ?? { left: burst, at };
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, at - bucket.at) / 1000) * perSecond);
    bucket.at = at;
    buckets.delete(who);
    buckets.set(who, bucket);
    if (buckets.size > REMEMBERED) buckets.delete(buckets.keys().next().value!);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) / perSecond) * 1000);
    bucket.left--;
    return 0;
  };
}
