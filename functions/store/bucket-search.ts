/**
 * Where in the pages of a shard a bucket lies. Planners freeze pages in the order of buckets, so a few pages
 * are read, however many there are.
 */

import { type BucketRange, bucketOf } from '../model/bucket.ts';

/** The lowest and the highest bucket of a page. */
interface Edges {
  from: number;
  to: number;
}

/** What is read of a shard's pages, by their numbers. */
interface PagesOfShard {
  /** Reads these pages, if they were not read before; those that are not there are left out. */
  read(pages: number[]): Promise<void>;
  /** Of a page that was read. Null: it does not tell where others are. */
  edgesOf(page: number): Edges | null;
}

/** The page that has a bucket if all have as many recipients. It is read first. */
export const likelyPage = ({ from, to, pages }: BucketRange & { pages: number }, bucket: number) =>
  Math.min(pages - 1, Math.floor(((bucket - from) / (to - from)) * pages));

/** Reads pages until those with the bucket are among them: all, if pages do not tell where others are. */
export async function searchPages(
  shard: BucketRange & { pages: number },
  bucket: number,
  { read, edgesOf }: PagesOfShard,
): Promise<void> {
  let [first, last] = [0, shard.pages - 1];
  let at = likelyPage(shard, bucket);
  while (first <= last) {
    await read([at]);
    const edges = edgesOf(at);
    if (edges === null) return read(pagesFrom(first, last));
    if (bucket < edges.from) last = at - 1;
    else if (bucket > edges.to) first = at + 1;
    // two installations may have the same bucket
    else
      return read([
        ...(bucket === edges.from ? [at - 1] : []),
        ...(bucket === edges.to ? [at + 1] : []),
      ]);
    at = Math.floor((first + last) / 2);
  }
}

/** The numbers from one to another, both included. */
export const pagesFrom = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);

/** Ids of a list that are looked at, beside its first and its last. */
const SAMPLES = 32;

/**
 * The edges of a page by the ids of its chunks, a line each, as `pack` gives them. Null if it has no
 * recipient, or if some of its ids, looked at here and there, are not in the order of their buckets.
 */
export function edgesIn({ from, to }: BucketRange, lists: readonly string[]): Edges | null {
  const edges = { from: to, to: from };
  for (const ids of lists) {
    let before = from;
    for (const id of sampled(ids)) {
      const bucket = bucketOf(id);
      if (bucket < before || bucket >= to) return null;
      before = bucket;
      edges.from = Math.min(edges.from, bucket);
      edges.to = Math.max(edges.to, bucket);
    }
  }
  return edges.from > edges.to ? null : edges;
}

/** The first id, some, and the last. Erased ones are empty lines, and are passed over. */
function* sampled(ids: string): Generator<string> {
  const step = Math.ceil(ids.length / SAMPLES);
  for (let at = 0; ; ) {
    const line = lineAt(ids, at);
    if (line === null) break;
    yield line.id;
    at = startAfter(ids, Math.max(line.end - 1, at + step));
  }
  yield* lastLine(ids);
}

/** The first line that is not empty, from the beginning of a line on. */
function lineAt(ids: string, from: number): { id: string; end: number } | null {
  let at = from;
  while (ids[at] === '\n') at += 1;
  if (at >= ids.length) return null;
  const end = ids.indexOf('\n', at);
  return { id: idIn(ids.slice(at, end)), end: end + 1 };
}

/** Where the line after this place begins. */
function startAfter(ids: string, at: number): number {
  const end = at < ids.length ? ids.indexOf('\n', at) : -1;
  return end < 0 ? ids.length : end + 1;
}

function lastLine(ids: string): string[] {
  let end = ids.length;
  while (end > 0 && ids[end - 1] === '\n') end -= 1;
  return end === 0 ? [] : [idIn(ids.slice(ids.lastIndexOf('\n', end - 1) + 1, end))];
}

/** Older versions have the token in the line, behind a tab. */
const idIn = (line: string) => line.split('\t', 1)[0]!;
