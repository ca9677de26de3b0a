/**
 * Pages that fill the chunks of paced providers. A queue hands out tasks, so the share of FCM's quota
 * that a campaign uses is the share to which its chunks are full. A page of a fixed size that holds
 * 1,400 of FCM and 600 of APNs makes two chunks of 700.
 *
 * All of a page is frozen in one write with its cursor, so nothing is carried from one page to the
 * next in the store: what is read beyond the end of a page is held in memory, and read again after a
 * crash. (Keeping the rest of a page in its shard would fill the chunks of every provider, and make
 * the document that all chunks count in a thousand times heavier.)
 */

import { bucketOf, type Cursor } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import { descriptionOf, forEachProvider } from '../../model/provider/registry.ts';
import type { AudiencePage } from '../../ports/ports.ts';

/** Installations of a page, if the paced provider's part of it comes out even. */
const [LEAST, MOST] = [2_000, 10_000];
/** The same where each has values or a badge of its own: a page of those is heavier. */
const [LEAST_PERSONAL, MOST_PERSONAL] = [1_000, 2_000];
const isPaced = forEachProvider((it) => descriptionOf(it).paced);
/** Of ids and tokens, which may have 4 KiB: a page is one write, of 10 MiB at most in Firestore. */
const MOST_BYTES = 4_000_000;

/**
 * The same installations in the same order, in pages that end behind a multiple of `chunk` of the paced
 * provider's: 10,000 hold that many if one in ten is. Takes pages in the order of (bucket, id). What a batch
 * left out is told with the page that ends behind it: after a crash between, some of it is told twice.
 */
export async function* fullPages(
  read: AsyncIterable<AudiencePage> | AudiencePage[],
  chunk: number,
  isPersonal: boolean,
): AsyncGenerator<AudiencePage> {
  const [least, most] = isPersonal ? [LEAST_PERSONAL, MOST_PERSONAL] : [LEAST, MOST];
  let page: Reached[] = [];
  let [paced, bytes, leftOut] = [0, 0, 0];
  let cursor: Cursor | null = null;
  const counted = () => leftOut > 0 && { leftOut };

  for await (const { installations, cursor: end, ...batch } of read) {
    for (const it of installations) {
      page.push(it);
      if (isPaced[it.provider]) paced += 1;
      bytes += it.id.length + it.token.length;
      const isFull = page.length >= least && (paced || page.length) % chunk === 0;
      if (!isFull && page.length < most && bytes < MOST_BYTES) continue;
      yield { installations: page, cursor: { bucket: bucketOf(it.id), id: it.id }, ...counted() };
      page = [];
      [paced, bytes, leftOut] = [0, 0, 0];
    }
    cursor = end;
    leftOut += batch.leftOut ?? 0;
  }
  if ((page.length > 0 || leftOut > 0) && cursor)
    yield { installations: page, cursor, ...counted() };
}
