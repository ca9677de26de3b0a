/** Recipients taken out of frozen chunks, such that every ledger still closes. */

import type { ChunkCommit, NewChunk } from '../../model/chunk.ts';
import type { Database } from '../../sqlite/database.ts';
import { addCounts } from '../counts.ts';
import { commitWithout, LATE_MS, type Redacted, redacted, withoutErased } from '../erasure.ts';
import { pack, unpack } from '../recipients.ts';
import type { sqliteCampaigns } from './campaigns.ts';

interface Row {
  id: string;
  campaign_id: string;
  shard: number;
  size: number;
  open: string | null;
  doubtful: string;
  lease_id: string | null;
  done: 0 | 1;
  erase: string | null;
}

export type Erase = ReturnType<typeof sqliteErase>;

export function sqliteErase(
  { sql }: Database,
  campaigns: Pick<ReturnType<typeof sqliteCampaigns>, 'shard' | 'closeShard'>,
) {
  /** who was erased lately, and until when that matters; a new process has no old planner */
  const recent = new Map<string, number>();

  const redact = (chunkId: string, indices: ReadonlySet<number>) => {
    const packed = sql('SELECT packed FROM chunk_recipients WHERE chunk_id = ?').get(chunkId);
    const recipients = unpack(packed!.packed as string);
    sql('UPDATE chunk_recipients SET packed = ? WHERE chunk_id = ?').run(
      pack(redacted(recipients, indices)),
      chunkId,
    );
  };

  /**
   * Skips those of a chunk that no worker is sending that are still open. True: it closed the
   * campaign.
   */
  function apply(row: Row, indices: ReadonlySet<number>, now: number): boolean {
    redact(row.id, indices);
    if (row.done) return false;
    const open: number[] =
      row.open === null ? Array.from({ length: row.size }, (_, i) => i) : JSON.parse(row.open);
    const left = open.filter((it) => !indices.has(it));
    const done = left.length === 0;
    const doubtful = (JSON.parse(row.doubtful) as number[]).filter((it) => !indices.has(it));
    sql(
      `UPDATE chunks SET open = ?, doubtful = ?, done = ?, erase = NULL,
         due_at = CASE WHEN ? THEN NULL ELSE due_at END WHERE id = ?`,
    ).run(JSON.stringify(left), JSON.stringify(doubtful), Number(done), Number(done), row.id);
    const { counts } = campaigns.shard(row.campaign_id, row.shard)!;
    const { skipped } = addCounts(counts, {
      ...{ recipients: 0, accepted: 0, failed: 0, reasons: {} },
      skipped: open.length - left.length,
    });
    sql(
      `UPDATE shards SET skipped = ?, chunks_done = chunks_done + ?
       WHERE campaign_id = ? AND idx = ?`,
    ).run(skipped, Number(done), row.campaign_id, row.shard);
    return done && campaigns.closeShard(row.campaign_id, row.shard, now);
  }

  /**
   * In a transaction. Who sends a chunk has its recipients in memory and will say what became of
   * them; those are taken out once its lease ends.
   */
  function from(chunkId: string, indices: number[], now: number): boolean {
    const row = sql('SELECT * FROM chunks WHERE id = ?').get(chunkId) as Row | undefined;
    if (!row) return false;
    // earlier erasures, noted while its sender lived
    const all = new Set([...(JSON.parse(row.erase ?? '[]') as number[]), ...indices]);
    if (row.done || row.lease_id === null) return apply(row, all, now);
    sql('UPDATE chunks SET erase = ? WHERE id = ?').run(JSON.stringify([...all]), chunkId);
    return false;
  }

  return {
    from,

    remember(keys: string[], now: number) {
      for (const it of keys) recent.set(it, now + LATE_MS);
    },

    /** What is left to be frozen of a page that was read before. */
    late(chunks: NewChunk[], now: number): NewChunk[] {
      for (const [key, until] of recent) if (until < now) recent.delete(key);
      return recent.size === 0 ? chunks : withoutErased(chunks, (key) => recent.has(key));
    },

    /** Before a chunk is claimed whose sender died. */
    pending(row: Row, now: number) {
      if (row.erase !== null) apply(row, new Set(JSON.parse(row.erase)), now);
    },

    /** What a commit means where some are to be taken out: nothing is kept of them. */
    within(row: Row, commit: ChunkCommit): ChunkCommit & Pick<Redacted, 'failed'> {
      if (row.erase === null) return { ...commit, failed: commit.failures };
      const gone = new Set<number>(JSON.parse(row.erase));
      const left = commitWithout(commit, gone);
      if (left.ends) {
        redact(row.id, gone);
        sql('UPDATE chunks SET erase = NULL WHERE id = ?').run(row.id);
      }
      return left;
    },
  };
}
