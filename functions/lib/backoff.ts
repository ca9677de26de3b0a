/**
 * Waits that grow with each failure, with jitter, so that callers that failed together do not come
 * back together. All times in milliseconds; `random` returns a number from 0 to below 1.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */

export interface Backoff {
  /** the longest wait before the first retry; more than 0 */
  baseMs: number;
  /** no wait is longer */
  capMs: number;
  /** each limit is the one before it times this; 2 without it */
  factor?: number;
}

/** The longest wait before a retry. `retry` is 0 for the first one, and may be any size. */
export const backoffLimit = ({ baseMs, capMs, factor = 2 }: Backoff, retry: number): number =>
  Math.min(capMs, baseMs * factor ** retry);

/** Full jitter: a wait between 0 and the limit. */
export const fullJitter = (backoff: Backoff, retry: number, random: () => number): number =>
  random() * backoffLimit(backoff, retry);

/** Equal jitter: a wait between half of the limit and the limit, where an early retry is of no use. */
export const equalJitter = (backoff: Backoff, retry: number, random: () => number): number =>
  (0.5 + random() / 2) * backoffLimit(backoff, retry);
