/**
 * How fast a queue goes: its limits and the retry interval of a task, as Cloud Tasks documents
 * them.
 */

/** Cloud Tasks waits ten minutes for an HTTP handler, then runs a second attempt beside it. */
export const DISPATCH_DEADLINE_MS = 10 * 60 * 1000;

/**
 * Cloud Tasks remembers the name of an ended task for about an hour (its pages say from 1 to 24).
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create
 */
export const NAME_MS = 60 * 60 * 1000;

export interface QueueLimits {
  /** dispatches a second, retries included */
  perSecond: number;
  /** most handlers that run side by side */
  concurrent: number;
  /** including the first; after the last one the task vanishes */
  maxAttempts: number;
  minBackoffMs: number;
  maxBackoffMs: number;
  maxDoublings: number;
}

/**
 * Milliseconds to wait after attempt number `attempt` (0 at first) has failed.
 *
 * "A task's retry interval starts at min_backoff, then doubles max_doublings times, then increases
 * linearly [by 2^max_doublings * min_backoff], and finally retries at intervals of max_backoff":
 * with 10 s, 300 s and 3 doublings 10, 20, 40, 80, 160, 240, 300, 300, …
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
 */
export function backoff(
  attempt: number,
  limits: Pick<QueueLimits, 'minBackoffMs' | 'maxBackoffMs' | 'maxDoublings'>,
): number {
  const doublings = Math.min(attempt, limits.maxDoublings);
  const steps = 1 + attempt - doublings;
  return Math.min(limits.minBackoffMs * 2 ** doublings * steps, limits.maxBackoffMs);
}

/** A fifth of a second's worth: Cloud Tasks gives a queue of 500/s a `max_burst_size` of 100. */
export const burstOf = (perSecond: number) => Math.max(1, Math.ceil(perSecond / 5));
