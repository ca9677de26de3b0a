/**
 * How fast a queue goes: the retry interval of a task and the token bucket of a queue, both as
 * Cloud Tasks documents them. Pure arithmetic on times given by the caller, in milliseconds.
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
  /** handlers at work at once */
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

export interface TokenBucket {
  /** whole tokens there are at this time */
  available(now: number): number;
  take(count: number): void;
  /** when the next whole token is there; `now` if one is */
  readyAt(now: number): number;
  /** empties it, and lets nothing in before `until`; a clock that is set back before `now` ends that */
  hold(until: number, now: number): void;
}

/** A fifth of a second's worth: Cloud Tasks gives a queue of 500/s a `max_burst_size` of 100. */
export const burstOf = (perSecond: number) => Math.max(1, Math.ceil(perSecond / 5));

/** Full at first. In any span of t seconds at most `burst + perSecond * t` tokens are given out. */
export function createTokenBucket(perSecond: number): TokenBucket {
  const burst = burstOf(perSecond);
  let tokens = burst;
  let filledAt = Number.NEGATIVE_INFINITY;
  let held = Number.NEGATIVE_INFINITY;
  let heldAt = Number.NEGATIVE_INFINITY;

  const fill = (now: number) => {
    if (now < heldAt) held = Number.NEGATIVE_INFINITY;
    const time = Math.max(now, held);
    if (time > filledAt) tokens = Math.min(burst, tokens + ((time - filledAt) * perSecond) / 1000);
    // also when the clock was set back: nothing waits for the old time to return
    filledAt = time;
  };

  return {
    available(now) {
      fill(now);
      // a rounding error must not cost a turn: readyAt has promised this token
      return Math.floor(tokens + 1e-9);
    },
    take(count) {
      tokens -= count;
    },
    readyAt(now) {
      fill(now);
      const missing = Math.max(0, 1 - 1e-9 - tokens);
      return Math.max(now, held) + Math.ceil((missing * 1000) / perSecond);
    },
    hold(until, now) {
      held = Math.max(held, until);
      heldAt = now;
      tokens = 0;
      filledAt = held;
    },
  };
}
