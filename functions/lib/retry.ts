/** Calls something again after it has failed. */

import { setTimeout as sleep } from 'node:timers/promises';

interface RetryOptions {
  /**
   * Called after each failure. Returns the milliseconds until the next attempt; null if there is to
   * be none. `attempt` is the number of the attempt that has failed, from 1.
   */
  next(error: unknown, attempt: number): number | null;
  /** when it fires, no further attempt begins, and a wait for one ends */
  signal?: AbortSignal;
  wait?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

/**
 * Resolves with what `work` resolves with. Rejects with the error of the last attempt. `work` gets the
 * number of the attempt, from 1.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  { next, signal, wait = realWait }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const ms = signal?.aborted ? null : next(error, attempt);
      if (ms === null) throw error;
      // an aborted wait rejects; the error of the attempt says more
      await wait(ms, signal).catch(() => {});
      if (signal?.aborted) throw error;
    }
  }
}

const realWait = (ms: number, signal?: AbortSignal) =>
  sleep(ms, undefined, signal ? { signal } : {});
