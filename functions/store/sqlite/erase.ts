/** Takes erased recipients out of frozen chunks, such that every ledger still closes. */

import { noCounts } from '../../model/campaign.ts';
import type { ChunkCommit, NewChunk } from '../../model/chunk.ts';
import { addCounts } from '../../model/counts.ts';
import type { Database } from '../../sqlite/database.ts';
import {
  bareKey,
  commitWithout,
  deviceKey,
  LATE_MS,
  type Redacted,
  redacted,
  withoutErased,
} from '../erasure.ts';
import { openIn, withSkipped } from '../outcomes.ts';
import { namesWithout } from '../push-names.ts';
import type { sqliteCampaigns } from './campaigns.ts';
import {
  type ChunkRow,
  findChunk,
  findRecipients,
  outcomesOf,
  putRecipients,
} from './chunk-rows.ts';

interface Context {
  db: Database;
  campaigns: Pick<ReturnType<typeof sqliteCampaigns>, 'shard' | 'closeShard'>;
}

export type Erase = ReturnType<typeof sqliteErase>;

/** Each verb runs in a transaction of its caller. */
export function sqliteErase(db: Database, campaigns: Context['campaigns']) {
  const { sql } = db;
  const context: Context = { db, campaigns };
  /** Keys of erased devices, and until when (ms) a planner may still have them. A new process has none. */
  const recent = new Map<string, number>();

  return {
    /**
     * Takes recipients out of a chunk. While a worker sends the chunk they are only noted: it has them in
     * memory and will commit their outcomes, so they are taken out when its lease ends. True if the
     * campaign closed by it.
     */
    from(chunkId: string, indices: number[], now: number): boolean {
      const row = sql<ChunkRow>('SELECT * FROM chunks WHERE id = ?').get(chunkId);
      if (!row) return false;
      const all = new Set([...indicesIn(row.erase), ...indices]);
      if (row.done || row.lease_id === null) return takeOut(context, row, all, now);
      sql('UPDATE chunks SET erase = ? WHERE id = ?').run(JSON.stringify([...all]), chunkId);
      return false;
    },

    /** Notes erased devices, by `deviceKey` or `bareKey`, for pages that were read before. */
    remember(keys: string[], now: number) {
      for (const it of keys) recent.set(it, now + LATE_MS);
    },

    /** The chunks of a page that was read before, without erased devices. */
    late(chunks: NewChunk[], now: number): NewChunk[] {
      for (const [key, until] of recent) if (until < now) recent.delete(key);
      return recent.size === 0 ? chunks : withoutErased(chunks, (key) => recent.has(key));
    },

    /** The indices of a chunk's recipients that were erased since they were read. */
    recentIn(chunkId: string, now: number): number[] {
      const row = recent.size === 0 ? undefined : findChunk(db, chunkId);
      if (!row) return [];
      const { app } = row;
      const isRecent = (key: string) => (recent.get(key) ?? 0) >= now;
      return findRecipients(db, chunkId).flatMap(({ installationId: id, token }, index) =>
        isRecent(deviceKey({ app, id })) || isRecent(bareKey({ app, token })) ? [index] : [],
      );
    },

    /** Takes out what is noted, before a chunk is claimed whose worker died. */
    pending(row: ChunkRow, now: number) {
      if (row.erase !== null) takeOut(context, row, new Set(indicesIn(row.erase)), now);
    },

    /** Removes the recipients that were erased meanwhile from a worker's commit. */
    within(row: ChunkRow, commit: ChunkCommit): ChunkCommit & Pick<Redacted, 'failed'> {
      if (row.erase === null) return { ...commit, failed: commit.failures };
      const gone = new Set(indicesIn(row.erase));
      const left = commitWithout(commit, gone);
      if (left.ends) {
        redact(context, row, gone, left.open.length === 0);
        sql('UPDATE chunks SET erase = NULL WHERE id = ?').run(row.id);
      }
      return left;
    },
  };
}

const indicesIn = (json: string | null): number[] => (json === null ? [] : JSON.parse(json));

function redact(
  { db }: Context,
  { id, names }: ChunkRow,
  indices: ReadonlySet<number>,
  isDone: boolean,
) {
  putRecipients(db, id, redacted(findRecipients(db, id), indices), isDone);
  if (names === null) return;
  const left = namesWithout(JSON.parse(names), indices) ?? {};
  db.sql('UPDATE chunks SET names = ? WHERE id = ?').run(JSON.stringify(left), id);
}

/**
 * Erases recipients of a chunk that no worker sends, and skips those that are still open. True if the
 * campaign closed by it.
 */
function takeOut(
  context: Context,
  row: ChunkRow,
  indices: ReadonlySet<number>,
  now: number,
): boolean {
  const { db, campaigns } = context;
  const before = outcomesOf(row);
  const outcomes = withSkipped(before, indices);
  const left = openIn(outcomes).open.length;
  const done = left === 0;
  redact(context, row, indices, done);
  if (row.done) return false;
  db.sql(
    `UPDATE chunks SET outcomes = ?, done = ?, erase = NULL,
       due_at = CASE WHEN ? THEN NULL ELSE due_at END WHERE id = ?`,
  ).run(outcomes, Number(done), Number(done), row.id);
  const { counts } = campaigns.shard(row.campaign_id, row.shard)!;
  const { skipped } = addCounts(counts, {
    ...noCounts(),
    skipped: openIn(before).open.length - left,
  });
  db.sql(
    `UPDATE shards SET skipped = ?, chunks_done = chunks_done + ?
     WHERE campaign_id = ? AND idx = ?`,
  ).run(skipped, Number(done), row.campaign_id, row.shard);
  return done && campaigns.closeShard(row.campaign_id, row.shard, now);
}
