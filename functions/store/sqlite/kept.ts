/** Reads what is kept of a campaign's recipients. */

import { Expired } from '../../lib/errors.ts';
import { receiptsEnd } from '../../model/receipt-sets.ts';
import type { Database } from '../../sqlite/database.ts';
import type { KeptSource } from '../kept.ts';
import { type ChunkRow, outcomesOf } from './chunk-rows.ts';
import { type FailureRow, SELECT_FAILURE, toFailure } from './failures.ts';
import { type ShardRow, toShard } from './shards.ts';

type Row = ChunkRow & { packed: string };

/** `.` is before `/`: the ids of a campaign's chunks, or of a page's, lie between the two. */
export const sqliteKept = (
  { sql }: Database,
  { retentionDays, now }: { retentionDays: number; now(): number },
): KeptSource => ({
  // they are deleted some at a time, and the shards stay, or go with the campaign
  async checkKept(campaign) {
    const { id, shards } = campaign;
    const ended = `the recipients of the campaign ${id} are deleted: its retention has ended`;
    if (now() >= receiptsEnd(campaign, retentionDays)) throw new Expired(ended);
    if (shards === 0) return;
    const { frozen, kept } = sql<{ frozen: number | null; kept: number }>(
      `SELECT (SELECT sum(chunks) FROM shards WHERE campaign_id = ?) AS frozen,
         (SELECT count(*) FROM chunks WHERE id > ? AND id < ?) AS kept`,
    ).get(id, `${id}.`, `${id}/`)!;
    if (frozen === null || kept < frozen) throw new Expired(ended);
  },

  shardsOf: async (campaignId) =>
    sql<ShardRow>('SELECT * FROM shards WHERE campaign_id = ?').all(campaignId).map(toShard),

  async pageOf(campaignId, { index }, page) {
    const begin = `${campaignId}.${index}.${page}`;
    return sql<Row>(
      `SELECT c.*, r.packed FROM chunks AS c JOIN chunk_recipients AS r ON r.chunk_id = c.id
       WHERE c.id > ? AND c.id < ? ORDER BY c.id`,
    )
      .all(`${begin}.`, `${begin}/`)
      .map((row) => ({
        id: row.id,
        provider: row.provider,
        environment: row.environment,
        ids: row.packed,
        outcomes: outcomesOf(row),
        releasedAt: row.released_at,
      }));
  },

  messageOf: async () => null,

  failuresOf: async (campaignId, chunkId) =>
    sql<FailureRow>(`${SELECT_FAILURE} WHERE campaign_id = ? AND chunk_id = ?`)
      .all(campaignId, chunkId)
      .map(toFailure),
});
