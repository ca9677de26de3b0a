/** Does all of it, so many at once; the first that fails ends it. Results are in the order of items. */
export async function each<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
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
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, worker);
  // those under way end before it does: nothing is written behind the caller's back
  const ended = await Promise.allSettled(workers);
  for (const it of ended) if (it.status === 'rejected') throw it.reason;
  return results;
}

export const inGroupsOf = <T>(size: number, items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );

/** What goes in one transaction, and how many of those at once. */
export const [TOGETHER, AT_ONCE] = [200, 4];
/** A request holds 10 MiB, the emulator's 4. */
const MAX_BYTES = 3 * 1024 * 1024;

/** In groups that one transaction takes. */
export function together<T>(items: readonly T[], most = TOGETHER): T[][] {
  const groups: T[][] = [];
  let bytes = 0;
  for (const it of items) {
    const size = Buffer.byteLength(JSON.stringify(it));
    const group = groups.at(-1);
    if (!group || group.length === most || bytes + size > MAX_BYTES) {
      groups.push([it]);
      bytes = size;
    } else {
      group.push(it);
      bytes += size;
    }
  }
  return groups;
}
