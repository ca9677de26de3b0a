/** One device in what a campaign has frozen: its shard's chunks are looked through, a few at a time. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Failure } from '../../model/chunk.ts';
import type { FoundRecipient, ShardOfDevice, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { unpack } from '../recipients.ts';
import { type Sought, soughtIn, stateAt } from '../traces.ts';
import { type ChunkRow, findChunk, outcomesOf } from './chunk-rows.ts';
import { type FailureRow, SELECT_FAILURE, toFailure } from './failures.ts';
import { type ShardRow, toShard } from './shards.ts';

/** Lists of recipients read in one query: about a millisecond. */
const TOGETHER = 16;

export const sqliteFindRecipient = (db: Database) =>
  ({
    async findRecipient(campaign, device) {
      const sought = soughtIn(campaign, device);
      const shards = shardsOf(db, campaign.id, sought);
      const recipients: FoundRecipient[] = [];
      let complete = true;
      for (const shard of shards) {
        let chunks = 0;
        for await (const page of listsOf(db, campaign.id, shard.index)) {
          chunks += page.length;
          recipients.push(...page.flatMap((it) => foundIn(db, it, sought)));
        }
        // they are deleted a few at a time
        if (chunks < shard.chunks) complete = false;
      }
      return { shards: shards.map(({ chunks: _, ...it }) => it), recipients, complete };
    },
  }) satisfies Partial<Store>;

const shardsOf = (
  { sql }: Database,
  campaignId: string,
  { names }: Sought,
): (ShardOfDevice & { chunks: number })[] =>
  sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? ORDER BY idx')
    .all(campaignId)
    .map(toShard)
    .filter(({ from, to }) => names.map(bucketOf).some((it) => it >= from && it < to))
    .map(({ index, from, to, cursor, planned, plannedAt, chunks }) => ({
      ...{ index, from, to, cursor, planned, plannedAt, chunks },
    }));

interface List {
  chunk_id: string;
  /** ids, and in rows of older versions all else of the recipients */
  packed: string;
}

/** The lists of a shard's chunks. `.` is before `/`: their ids lie between the two. */
async function* listsOf({ sql }: Database, campaignId: string, shard: number) {
  const begin = `${campaignId}.${shard}`;
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
  state: stateAt(outcomesOf(row), index),
  frozenAt: row.frozen_at,
  claimedAt: row.claimed_at,
  releasedAt: row.released_at,
  leaseUntil: row.lease_id === null ? null : row.lease_until,
  failure: failureAt(db, row, index),
});

function failureAt({ sql }: Database, row: ChunkRow, index: number): Failure | null {
  const found = sql<FailureRow>(
    `${SELECT_FAILURE} WHERE campaign_id = ? AND chunk_id = ? AND idx = ?`,
  ).get(row.campaign_id, row.id, index);
  return found ? toFailure(found) : null;
}
