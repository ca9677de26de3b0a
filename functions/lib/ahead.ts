/** Reading ahead: the next item is under way while one is used. */

/**
 * The same items in the same order. Of the source one item more than is used is in memory. If the consumer
 * leaves early, the source ends once its read that is under way has.
 */
export async function* ahead<T>(source: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  const items = itemsOf(source);
  let next = items.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = items.next();
      // awaited in the next round, unless the consumer leaves
      next.catch(() => {});
      yield value;
    }
  } finally {
    await items.return(undefined);
  }
}

async function* itemsOf<T>(source: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* source;
}
