/** The items in lists of `size`, in order; the last list may be shorter. `size` is at least 1. */
export function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
  return chunks;
}

/**
 * The items in lists, in order, whose sizes add up to at most `bytes` each. An item that is larger is
 * alone in its list. `sizeOf` is called once for each item; `most` limits the items of a list.
 */
export function chunkedBySize<T>(
  items: readonly T[],
  { bytes, most = Number.POSITIVE_INFINITY }: { bytes: number; most?: number },
  sizeOf: (item: T) => number,
): T[][] {
  const chunks: T[][] = [];
  let used = 0;
  for (const item of items) {
    const size = sizeOf(item);
    const chunk = chunks.at(-1);
    if (chunk && chunk.length < most && used + size <= bytes) {
      chunk.push(item);
      used += size;
    } else {
      chunks.push([item]);
      used = size;
    }
  }
  return chunks;
}
