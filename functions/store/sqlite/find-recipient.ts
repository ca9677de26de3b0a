/**
 * One device in what a campaign has frozen. Its shard's chunks are looked through, first those of the pages
 * where its bucket should be: buckets are uniform, so that is right within a page or two.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Failure } from '../../model/chunk.ts';
import type { FoundRecipient, ShardOfDevice, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { nameIn } from '../push-names.ts';
import { unpack } from '../recipients.ts';
import { type Sought, soughtIn, stateAt } from '../traces.ts';
import { type ChunkRow, findChunk, outcomesOf, quietOf } from './chunk-rows.ts';
import { type FailureRow, SELECT_FAILURE, toFailure } from './failures.ts';
import { type ShardRow, toShard } from './shards.ts';

/** Lists of recipients read in one query: about a millisecond. */
const TOGETHER = 16;

export const sqliteFindRecipient = (db: Database) =>
  ({
    async findRecipient(campaign, device) {
      const { installationId } = device;
      const sought = soughtIn(campaign, device);
      const shards = shardsOf(db, campaign.id, sought);
      const recipients: FoundRecipient[] = [];
      let complete = true;
      for (const shard of shards) {
        const begin = `${campaign.id}.${shard.index}`;
        const near = pagesNear(shard, installationId).map((page) => `${begin}.${page}`);
        const { found } = await lookThrough(db, near, sought);
        recipients.push(...found);
        if (found.length > 0) continue;
        const all = await lookThrough(db, [begin], sought);
        recipients.push(...all.found);
        // they are deleted a few at a time
        if (all.lists < shard.chunks) complete = false;
      }
      const toldOf = ({ chunks: _, pages: __, ...it }: (typeof shards)[number]) => it;
      return { shards: shards.map(toldOf), recipients, complete };
    },
  }) satisfies Partial<Store>;

const shardsOf = (
  { sql }: Database,
  campaignId: string,
  { names }: Sought,
): (ShardOfDevice & { chunks: number; pages: number })[] =>
  sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? ORDER BY idx')
    .all(campaignId)
    .map(toShard)
    .filter(({ from, to }) => names.map(bucketOf).some((it) => it >= from && it < to))
    .map(({ index, wave, from, to, cursor, planned, plannedAt, chunks, pages }) => ({
      index,
      from,
      to,
      cursor,
      planned,
      plannedAt,
      chunks,
      pages,
      ...(wave && { wave }),
    }));

/** Pages on either side of the one where a bucket should be. */
const AROUND = 2;

/** Of a shard in another order the bucket says nothing, and it is looked through as a whole. */
function pagesNear({ from, to, pages }: { from: number; to: number; pages: number }, id: string) {
  const middle = Math.floor(((bucketOf(id) - from) / (to - from)) * pages);
  return Array.from({ length: 2 * AROUND + 1 }, (_, i) => middle - AROUND + i).filter(
    (it) => it >= 0 && it < pages,
  );
}

/** What is sought in the chunks whose ids begin so, and how many lists there are. */
async function lookThrough(db: Database, begins: string[], sought: Sought) {
  const found: FoundRecipient[] = [];
  let lists = 0;
  for (const begin of begins)
    for await (const page of listsOf(db, begin)) {
      lists += page.length;
      found.push(...page.flatMap((it) => foundIn(db, it, sought)));
    }
  return { found, lists };
}

interface List {
  chunk_id: string;
  /** ids, and in rows of older versions all else of the recipients */
  packed: string;
}

/** The lists of the chunks of a shard, or of a page. `.` is before `/`: their ids lie between the two. */
async function* listsOf({ sql }: Database, begin: string) {
  for (let after = `${begin}.`; ; ) {
    const page = sql<List>(
      `SELECT chunk_id, packed FROM chunk_recipients WHERE chunk_id > ? AND chunk_id < ?
       ORDER BY chunk_id LIMIT ?`,
    ).all(after, `${begin}/`, TOGETHER);
    const last = page.at(-1);
    if (!last) return;
    yield page;
    after = last.chunk_id;
    await nextTurn();
  }
}

function foundIn(db: Database, { chunk_id, packed }: List, sought: Sought): FoundRecipient[] {
  // finding an id in the text is faster than unpacking it
  if (!sought.ids.some((it) => packed.includes(it))) return [];
  const row = findChunk(db, chunk_id);
  if (!row) return [];
  return unpack({ ids: packed, rest: null }).flatMap((it, index) =>
    sought.isSought(it) ? [toFound(db, row, index)] : [],
  );
}

const toFound = (db: Database, row: ChunkRow, index: number): FoundRecipient => ({
  chunkId: row.id,
  shard: row.shard,
  index,
  size: row.size,
  provider: row.provider,
  environment: row.environment,
  attempt: row.attempt,
  notBefore: row.not_before,
  expiresAt: row.expires_at,
  ...quietOf(row),
  state: stateAt(outcomesOf(row), index),
  frozenAt: row.frozen_at,
  claimedAt: row.claimed_at,
  releasedAt: row.released_at,
  leaseUntil: row.lease_id === null ? null : row.lease_until,
  pushName: nameIn(row.names, index),
  failure: failureAt(db, row, index),
});

function failureAt({ sql }: Database, row: ChunkRow, index: number): Failure | null {
  const found = sql<FailureRow>(
    `${SELECT_FAILURE} WHERE campaign_id = ? AND chunk_id = ? AND idx = ?`,
  ).get(row.campaign_id, row.id, index);
  return found ? toFailure(found) : null;
}
