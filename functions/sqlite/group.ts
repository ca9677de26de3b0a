/**
 * Writes that come together, in one transaction: a commit and the wait for the disk take about as
 * long for one as for a hundred.
 */

import type { Database } from './database.ts';

interface Waiting {
  work(): unknown;
  durable: boolean;
  done: PromiseWithResolvers<unknown>;
}

/** Between two transactions, where writes come in numbers; a lonely one does not wait. */
const GAP_MS = 4;

export function createGroup(
  transaction: Database['transaction'],
  sync: { now(): void; soon(): Promise<void> },
) {
  let waiting: Waiting[] = [];
  let writing = false;
  let restUntil = 0;

  /** One after another; what comes while the disk is waited for is the next. */
  function wake() {
    if (writing || waiting.length === 0) return;
    writing = true;
    const left = restUntil - performance.now();
    if (left > 0) setTimeout(write, left);
    else setImmediate(write);
  }

  async function write() {
    const all = waiting;
    waiting = [];
    const kept = all.length > 0 ? attempt(all) : [];
    if (all.length > 1) restUntil = performance.now() + GAP_MS;
    const durable = kept.filter(({ it }) => it.durable);
    for (const { it, result } of kept) if (!it.durable) it.done.resolve(result);
    if (durable.length > 0) {
      try {
        await sync.soon();
        for (const { it, result } of durable) it.done.resolve(result);
      } catch (error) {
        for (const { it } of durable) it.done.reject(error);
      }
    }
    writing = false;
    wake();
  }

  /** What was committed, of all; the rest has been told why not. */
  function attempt(all: Waiting[]): { it: Waiting; result: unknown }[] {
    let begun = false;
    try {
      return transaction(() => {
        begun = true;
        return all.map((it) => ({ it, result: it.work() }));
      });
    } catch (error) {
      // a lock was waited for once; each would wait for it again
      if (begun && all.length > 1) return all.flatMap((it) => attempt([it]));
      for (const it of all) it.done.reject(error);
      return [];
    }
  }

  return {
    together<T>(work: () => T, durable = false): Promise<T> {
      const done = Promise.withResolvers<unknown>();
      waiting.push({ work, durable, done });
      wake();
      return done.promise as Promise<T>;
    },

    /** Writes what still waits. */
    end() {
      const all = waiting;
      waiting = [];
      if (all.length === 0) return;
      const kept = attempt(all);
      try {
        sync.now();
        for (const { it, result } of kept) it.done.resolve(result);
      } catch (error) {
        for (const { it } of kept) it.done.reject(error);
      }
    },
  };
}
