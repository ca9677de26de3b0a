/**
 * full pages: pages that fill the chunks of paced providers. A queue paces tasks, not pushes, so a
 * campaign uses as large a share of FCM's quota as its chunks are full. A page of a fixed size with
 * 1,400 tokens of FCM and 600 of APNs would make two FCM chunks of 700.
 *
 * A page is frozen whole, in one write with its cursor, so the store carries nothing from one page to
 * the next. Installations that were read beyond the end of a page are held in memory, and read again
 * after a crash. Rejected: keeping the rest of a page in its shard. That would fill the chunks of every
 * provider, but make the document in which all chunks count a thousand times larger.
 */

import { bucketOf, type Cursor } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import { descriptionOf, forEachProvider } from '../../model/provider/registry.ts';
import type { AudiencePage } from '../../ports/ports.ts';

/**
 * The least installations of a page, and the most for each recipient of a chunk. Between them a page ends
 * where the paced provider's chunk is full.
 */
const [LEAST, MOST] = [2_000, 10];
/** The same for a personalized message: each recipient of such a page takes more bytes. */
const [LEAST_PERSONALIZED, MOST_PERSONALIZED] = [1_000, 2];
const isPaced = forEachProvider((it) => descriptionOf(it).paced);
/**
 * Bytes of ids, tokens and attributes in a page. A token may have 4 KiB, and a page is one write: 10 MiB in
 * Firestore.
 */
const MOST_BYTES = 4_000_000;

interface Filling {
  /** the most recipients of a chunk */
  chunk: number;
  isPersonalized: boolean;
  /** it is the beginning of a campaign: the first page ends with the first batch, however full, so pushes begin */
  isBeginning: boolean;
}

/**
 * Yields the same installations in the same order, in pages that end after a multiple of `chunk`
 * installations of the paced provider; ten times as many installations hold a chunk if one in ten is of
 * that provider. `read` is in the order of (bucket, id). `leftOut` of a batch is added to the page that ends
 * after the batch; after a crash in between, some of it is counted twice.
 */
export async function* fullPages(
  read: AsyncIterable<AudiencePage> | AudiencePage[],
  { chunk, isPersonalized, isBeginning }: Filling,
): AsyncGenerator<AudiencePage> {
  const [least, times] = isPersonalized ? [LEAST_PERSONALIZED, MOST_PERSONALIZED] : [LEAST, MOST];
  const most = Math.max(least, times * chunk);
  let page: Reached[] = [];
  let [paced, bytes, leftOut] = [0, 0, 0];
  let cursor: Cursor | null = null;
  let begins = isBeginning;
  const counted = () => leftOut > 0 && { leftOut };

  for await (const { installations, cursor: end, ...batch } of read) {
    for (const it of installations) {
      page.push(it);
      if (isPaced[it.provider]) paced += 1;
      bytes += it.id.length + it.token.length;
      if (isPersonalized) bytes += Buffer.byteLength(JSON.stringify(it.attributes ?? null));
      const isFull = page.length >= least && (paced || page.length) % chunk === 0;
      if (!isFull && page.length < most && bytes < MOST_BYTES) continue;
      yield { installations: page, cursor: { bucket: bucketOf(it.id), id: it.id }, ...counted() };
      page = [];
      [paced, bytes, leftOut] = [0, 0, 0];
    }
    cursor = end;
    leftOut += batch.leftOut ?? 0;
    if (!begins || page.length === 0) continue;
    begins = false;
    yield { installations: page, cursor, ...counted() };
    page = [];
    [paced, bytes, leftOut] = [0, 0, 0];
  }
  if ((page.length > 0 || leftOut > 0) && cursor)
    yield { installations: page, cursor, ...counted() };
}
