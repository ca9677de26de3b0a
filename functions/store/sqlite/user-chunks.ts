/**
 * Where a user's devices are in what campaigns have frozen: of each campaign that may have them a shard and
 * a page or two are read, by the arithmetic of buckets.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { bucketOf } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Failure, Recipient } from '../../model/chunk.ts';
import type { Database } from '../../sqlite/database.ts';
import { pagesFrom, searchPages } from '../bucket-search.ts';
import type { Device } from '../erasure.ts';
import { mayHold, unpack } from '../recipients.ts';
import { soughtOf } from '../traces.ts';
import { hashOfName, hashOfUnnamed } from './campaign-names.ts';
import { type CampaignRow, toCampaign } from './campaign-rows.ts';
import { type ChunkRow, findChunk } from './chunk-rows.ts';
import { type FailureRow, SELECT_FAILURE, toFailure } from './failures.ts';
import { createPages } from './shard-pages.ts';
import { type ShardRow, toShard } from './shards.ts';

/** Campaigns read in one query: with their chunks some ten milliseconds. */
const CAMPAIGNS = 100;

/** A chunk with recipients on a user's devices, and the indices of those. */
export interface Found {
  chunk: ChunkRow;
  recipients: Recipient[];
  indices: number[];
}

/** The chunks of all campaigns that hold recipients on these devices. */
export async function* inChunks(
  db: Database,
  userId: string,
  devices: Device[],
): AsyncGenerator<Found> {
  const apps = new Set(devices.map((it) => it.app));
  const names = [userId, ...devices.flatMap((it) => [it.id, it.token])];
  for await (const campaign of campaignsOf(db, [
    ...names.map(hashOfName),
    ...[...apps].map(hashOfUnnamed),
  ]))
    if (apps.has(campaign.app) && campaign.shards > 0)
      yield* await chunksWith(db, campaign, { userId, devices });
}

/** Campaigns by their hashes, each once, with a turn of the event loop now and then. */
export async function* campaignsOf(
  { sql }: Database,
  hashes: readonly number[],
): AsyncGenerator<Campaign> {
  const seen = new Set<string>();
  for (const hash of new Set(hashes))
    for (let after = ''; ; ) {
      const page = sql<CampaignRow>(
        `SELECT c.* FROM campaign_names AS n JOIN campaigns AS c ON c.id = n.campaign_id
         WHERE n.hash = ? AND n.campaign_id > ? ORDER BY n.campaign_id LIMIT ${CAMPAIGNS}`,
      ).all(hash, after);
      const last = page.at(-1);
      if (!last) break;
      after = last.id;
      const fresh = page.filter((it) => !seen.has(it.id));
      for (const it of fresh) seen.add(it.id);
      yield* fresh.map(toCampaign);
      await nextTurn();
    }
}

interface ListRow {
  chunk_id: string;
  packed: string;
  rest: string | null;
}

async function chunksWith(
  db: Database,
  campaign: Campaign,
  { userId, devices }: { userId: string; devices: Device[] },
): Promise<Found[]> {
  const sought = soughtOf(campaign, userId, devices);
  const shards = db
    .sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ?')
    .all(campaign.id)
    .map(toShard);
  const found: Found[] = [];
  for (const shard of shards) {
    const within = sought.names.map(bucketOf).filter((it) => it >= shard.from && it < shard.to);
    if (within.length === 0) continue;
    const pages = createPages<ListRow>(db, shard, 'chunk_id, packed, rest');
    if (sought.isOrdered) for (const it of within) await searchPages(shard, it, pages);
    else await pages.read(pagesFrom(0, shard.pages - 1));
    for (const { chunk_id, packed: ids, rest } of pages.lists()) {
      if (!mayHold({ ids, rest }, sought.texts)) continue;
      const chunk = findChunk(db, chunk_id);
      if (!chunk) continue;
      const isSought = sought.matcherIn(chunk.frozen_at);
      const recipients = unpack({ ids, rest });
      const indices = recipients.flatMap((it, index) => (isSought(it) ? [index] : []));
      if (indices.length > 0) found.push({ chunk, recipients, indices });
    }
  }
  return found;
}

/** The failures among these recipients of a chunk. */
export function failuresOf({ sql }: Database, { chunk, indices }: Found): Failure[] {
  const read = sql<FailureRow>(
    `${SELECT_FAILURE} WHERE campaign_id = ? AND chunk_id = ? AND idx = ?`,
  );
  return indices.flatMap((index) => {
    const row = read.get(chunk.campaign_id, chunk.id, index);
    return row ? [toFailure(row)] : [];
  });
}
