/** Tasks sorted by due time: a binary heap. Removed tasks stay in it until they reach the top. */

interface Due {
  at: number;
}

interface Schedule<T extends Due> {
  add(item: T): void;
  /** Has no effect on a task that is not scheduled. */
  remove(item: T): void;
  has(item: T): boolean;
  /** Removes and returns the earliest due tasks. */
  take(now: number, limit: number): T[];
  /** When the next task is due; null if there is none. */
  nextAt(): number | null;
}

interface Entry<T> {
  /** a copy, because the item's own `at` changes when it is added again */
  at: number;
  order: number;
  item: T;
}

export function createSchedule<T extends Due>(): Schedule<T> {
  const heap: Entry<T>[] = [];
  const live = new Map<T, Entry<T>>();
  let added = 0;

  const before = (a: Entry<T>, b: Entry<T>) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(entry: Entry<T>) {
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  function pop() {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }

  function first(): Entry<T> | undefined {
    while (heap[0] && live.get(heap[0].item) !== heap[0]) pop();
    return heap[0];
  }

  return {
    add(item) {
      const entry = { at: item.at, order: added++, item };
      live.set(item, entry);
      push(entry);
    },
    remove: (item) => void live.delete(item),
    has: (item) => live.has(item),
    take(now, limit) {
      const taken: T[] = [];
      for (let entry = first(); entry && entry.at <= now && taken.length < limit; entry = first()) {
        live.delete(entry.item);
        taken.push(entry.item);
      }
      return taken;
    },
    nextAt: () => first()?.at ?? null,
  };
}
