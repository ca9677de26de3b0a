/** When a delivery is tried again, and when it is given up. Times in milliseconds. */

import { type Backoff, equalJitter } from '../lib/backoff.ts';

/** A delivery is tried for three days: a weekend and the morning after it. */
export const RETRY_FOR_MS = 3 * 24 * 60 * 60 * 1000;
const BACKOFF: Backoff = { baseMs: 5_000, capMs: 6 * 60 * 60 * 1000, factor: 3 };

/**
 * Returns the time of the next attempt, or null if the last one was made. The waits are 5 s, 15 s, 45 s,
 * … 6 h with equal jitter, and never shorter than `retryAfterMs`. The last attempt is three days after
 * `begunAt`. `failures` counts the attempts so far, from 1.
 */
export function nextAttemptAt(
  { begunAt, failures }: { begunAt: number; failures: number },
  retryAfterMs: number | null,
  now: number,
  random: () => number,
): number | null {
  const end = begunAt + RETRY_FOR_MS;
  if (now >= end) return null;
  const wait = Math.max(equalJitter(BACKOFF, failures - 1, random), retryAfterMs ?? 0);
  return Math.min(Math.ceil(now + wait), end);
}
