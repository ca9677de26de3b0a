/** Shards: ranges of buckets, and what is counted in them. */

import { type Counts, noCounts } from '../../model/campaign.ts';
import type { Shard } from '../../model/chunk.ts';
import { addCounts, sum } from '../../model/counts.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

export interface ShardRow {
  campaign_id: string;
  idx: number;
  from_bucket: number;
  to_bucket: number;
  pages: number;
  cursor_bucket: number | null;
  cursor_id: string | null;
  planned: 0 | 1;
  planned_at: number | null;
  chunks: number;
  chunks_done: number;
  recipients: number;
  accepted: number;
  failed: number;
  skipped: number;
  /** of those that were skipped */
  capped: number;
  late: number;
  held: number;
  /** ms; 0: none is held */
  held_until: number;
  /** JSON, as are `missing` and `pruned` */
  reasons: string;
  missing: string;
  left_out: number;
  denied: number;
  pruned: string;
  task: string | null;
  /** JSON of `ShardWave`; null: its campaign has no waves */
  wave: string | null;
}

export function sqliteShards({ sql }: Database) {
  const shard = (campaignId: string, index: number): Shard | null => {
    const row = sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? AND idx = ?').get(
      campaignId,
      index,
    );
    return row ? toShard(row) : null;
  };

  const counts = (campaignId: string): Counts =>
    sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ?')
      .all(campaignId)
      .map(toCounts)
      .reduce(addCounts, noCounts());

  /** Runs in the transaction that freezes a page. `missing`: recipients by the variable they lack. */
  function addMissing(campaignId: string, index: number, missing: Record<string, number>) {
    const counts = shard(campaignId, index)!.counts;
    sql('UPDATE shards SET missing = ? WHERE campaign_id = ? AND idx = ?').run(
      JSON.stringify(sum(counts.missing ?? {}, missing)),
      campaignId,
      index,
    );
  }

  const verbs = {
    getShard: async (campaignId, index) => shard(campaignId, index),

    listShards: async (campaignId) =>
      sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? ORDER BY idx')
        .all(campaignId)
        .map(toShard),

    openShards: async (campaignId) =>
      sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ? AND planned = 0')
        .all(campaignId)
        .map(toShard),
  } satisfies Partial<Store>;

  return { ...verbs, shard, counts, addMissing };
}
const toCounts = (row: ShardRow): Counts => ({
  recipients: row.recipients,
  accepted: row.accepted,
  failed: row.failed,
  skipped: row.skipped,
  ...(row.capped + row.late > 0 && {
    skippedBy: {
      ...(row.capped > 0 && { capped: row.capped }),
      ...(row.late > 0 && { late: row.late }),
    },
  }),
  ...(row.held > 0 && { held: row.held, heldUntil: row.held_until }),
  reasons: JSON.parse(row.reasons),
  ...(row.left_out > 0 && { leftOut: row.left_out }),
  ...(row.denied > 0 && { denied: row.denied }),
  ...(row.missing !== '{}' && { missing: JSON.parse(row.missing) }),
  ...(row.pruned !== '{}' && { pruned: JSON.parse(row.pruned) }),
});

export const toShard = (row: ShardRow): Shard => ({
  campaignId: row.campaign_id,
  index: row.idx,
  from: row.from_bucket,
  to: row.to_bucket,
  ...(row.wave !== null && { wave: JSON.parse(row.wave) }),
  pages: row.pages,
  cursor:
    row.cursor_bucket === null ? null : { bucket: row.cursor_bucket, id: row.cursor_id ?? '' },
  planned: row.planned === 1,
  plannedAt: row.planned_at,
  chunks: row.chunks,
  chunksDone: row.chunks_done,
  counts: toCounts(row),
  task: row.task,
});
