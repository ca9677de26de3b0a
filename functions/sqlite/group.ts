/**
 * Writes that come together, in one transaction: a commit and the wait for the disk take about as
 * long for one as for a hundred.
 */

interface Waiting {
  work(): unknown;
  durable: boolean;
  done: PromiseWithResolvers<unknown>;
}

interface Written extends Waiting {
  result: unknown;
}

/** Between two transactions, where writes come in numbers; a lonely one does not wait. */
const GAP_MS = 2;

export function createGroup(
  transaction: <T>(work: () => T) => T,
  sync: { now(): void; soon(): Promise<void> },
  now: () => number = () => performance.now(),
) {
  let waiting: Waiting[] = [];
  let unsynced: Written[] = [];
  let writing = false;
  let syncing = false;
  let restUntil = 0;

  function wake() {
    if (writing || waiting.length === 0) return;
    writing = true;
    const left = restUntil - now();
    if (left > 0) setTimeout(write, left);
    else setImmediate(write);
  }

  function write() {
    writing = false;
    const all = waiting;
    waiting = [];
    // closed in between
    if (all.length === 0) return;
    answer(attempt(all));
    if (all.length > 1) restUntil = now() + GAP_MS;
    wake();
  }

  function answer(kept: Written[]) {
    for (const it of kept) if (!it.durable) it.done.resolve(it.result);
    unsynced.push(...kept.filter((it) => it.durable));
    if (!syncing) waitForDisk();
  }

  /** One wait at a time; all that was committed meanwhile share the next. Never rejects. */
  async function waitForDisk() {
    syncing = true;
    while (unsynced.length > 0) {
      const some = unsynced;
      unsynced = [];
      try {
        await sync.soon();
        for (const it of some) it.done.resolve(it.result);
      } catch (error) {
        for (const it of some) it.done.reject(error);
      }
    }
    syncing = false;
  }

  /** What was committed, of all; the rest has been told why not. */
  function attempt(all: Waiting[]): Written[] {
    let begun = false;
    try {
      return transaction(() => {
        begun = true;
        return all.map((it) => ({ ...it, result: it.work() }));
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

    /** Writes what still waits, before the file is closed. */
    end() {
      const all = waiting;
      waiting = [];
      const kept = unsynced.concat(all.length > 0 ? attempt(all) : []);
      unsynced = [];
      if (kept.length === 0) return;
      try {
        sync.now();
        for (const it of kept) it.done.resolve(it.result);
      } catch (error) {
        for (const it of kept) it.done.reject(error);
      }
    },
  };
}
