/** When a delivery is tried again, and when it is given up. */

import { type Backoff, equalJitter } from '../lib/backoff.ts';

/** A weekend, and the morning after it. */
export const RETRY_FOR_MS = 3 * 24 * 60 * 60 * 1000;
const BACKOFF: Backoff = { baseMs: 5_000, capMs: 6 * 60 * 60 * 1000, factor: 3 };

/**
 * 5 s, 15 s, 45 s, … 6 h, each between half of that and all of it, so that what failed together does
 * not come back together; not before `retryAfterMs`. The last attempt is at the end of three days.
 * Null: that one has been.
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
