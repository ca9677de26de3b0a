/** Limits on how much runs at the same time. */

/**
 * Calls `work` for each item, at most `most` at the same time. Resolves with the results in the order
 * of the items. After a failure no further call begins; when those that run have ended, it rejects
 * with the error of the first item that failed, so nothing goes on behind the caller's back.
 */
export async function each<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async () => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index]!);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, run));
  for (const it of ended) if (it.status === 'rejected') throw it.reason;
  return results;
}

/** Calls `work` when there is a free slot, and settles as it does. */
type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** At most `count` calls run at the same time; the others wait, and begin in the order they came. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
