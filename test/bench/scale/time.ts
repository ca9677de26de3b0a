/**
 * Virtual time: what sleeps is woken in the order of its times, and everything between two sleeps takes no
 * time at all. Two runs of the same program are the same.
 */

export interface VirtualTime {
  /** ms since the run began */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Runs `main`, and what it has started, until `main` resolves. Throws if nothing would wake it. */
  run<T>(main: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  at: number;
  /** of two that wake at the same time the first to sleep is the first to wake */
  order: number;
  wake(): void;
}

export function createVirtualTime(): VirtualTime {
  const sleepers = createHeap();
  let now = 0;
  let order = 0;
  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => sleepers.push({ at: now + Math.max(0, ms), order: order++, wake })),
    async run(main) {
      let ended = false;
      const result = main().finally(() => {
        ended = true;
      });
      for (;;) {
        await turn();
        if (ended) return result;
        const next = sleepers.pop();
        if (next === undefined) throw new Error('the simulation waits for what never comes');
        now = next.at;
        next.wake();
      }
    },
  };
}

/** Lets everything run that waits for no time: a tick comes after all promises that are settled. */
const turn = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** A binary heap: the next to wake is always first. */
function createHeap() {
  const items: Sleeper[] = [];
  const isBefore = (a: Sleeper, b: Sleeper) => a.at < b.at || (a.at === b.at && a.order < b.order);
  function sink(item: Sleeper) {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child += 1;
      if (!isBefore(items[child]!, item)) break;
      items[index] = items[child]!;
      index = child;
    }
    items[index] = item;
  }
  return {
    push(item: Sleeper) {
      let index = items.length;
      while (index > 0) {
        const parent = (index - 1) >> 1;
        if (!isBefore(item, items[parent]!)) break;
        items[index] = items[parent]!;
        index = parent;
      }
      items[index] = item;
    },
    pop(): Sleeper | undefined {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) sink(last);
      return first;
    },
  };
}
