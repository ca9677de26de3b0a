/** When a delivery is tried again, and when it is given up. */

/** A weekend, and the morning after it. */
export const RETRY_FOR_MS = 3 * 24 * 60 * 60 * 1000;
const BASE_MS = 5_000;
const FACTOR = 3;
const CAP_MS = 6 * 60 * 60 * 1000;

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
  const longest = Math.min(CAP_MS, BASE_MS * FACTOR ** Math.min(failures - 1, 20));
  const wait = Math.max(longest * (0.5 + random() / 2), retryAfterMs ?? 0);
  return Math.min(Math.ceil(now + wait), end);
}
