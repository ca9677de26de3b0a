/** Lists that are read in pages, in order, and several of them read as one. */

/**
 * All pages of a list; `read` gives what follows an item, some of it or all. Only an empty answer ends
 * the list: a short page may have been cut off on its way. With `ahead` the next page is under way
 * while one is used.
 */
export async function* pagesOf<T>(
  read: (after: T | null) => Promise<T[]>,
  ahead = false,
): AsyncGenerator<T[]> {
  let next: Promise<T[]> | null = read(null);
  for (;;) {
    const page: T[] = await next;
    const last = page.at(-1);
    if (last === undefined) return;
    next = ahead ? read(last) : null;
    // a consumer that leaves in the middle never awaits it
    next?.catch(() => {});
    yield page;
    next ??= read(last);
  }
}

/** The first `limit` items of a list, and whether more follow: no more do only if it has ended. */
export async function firstOf<T>(
  pages: AsyncIterable<T[]>,
  limit: number,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = [];
  for await (const page of pages) {
    items.push(...page);
    if (items.length > limit) break;
  }
  return { items: items.slice(0, limit), more: items.length > limit };
}

/** Lists that are each in order, as one list in order; of equal items one is kept. */
export async function* merged<T>(
  lists: AsyncIterable<T[]>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T[]> {
  if (lists.length === 1) return yield* lists[0]!;
  const readers = await Promise.all(
    lists.map(async (list) => {
      const pages = list[Symbol.asyncIterator]();
      const reader = { items: [] as T[], at: 0, refill };
      async function refill() {
        const { done, value } = await pages.next();
        reader.items = done ? [] : value;
        reader.at = 0;
      }
      await refill();
      return reader;
    }),
  );
  let page: T[] = [];
  let last: T | undefined;
  for (;;) {
    let first: (typeof readers)[number] | undefined;
    for (const it of readers) {
      if (it.at === it.items.length) continue;
      if (!first || compare(it.items[it.at]!, first.items[first.at]!) < 0) first = it;
    }
    if (!first) break;
    const item = first.items[first.at++]!;
    if (last === undefined || compare(last, item) !== 0) page.push(item);
    last = item;
    if (first.at < first.items.length) continue;
    if (page.length > 0) yield page;
    page = [];
    await first.refill();
  }
  if (page.length > 0) yield page;
}
