/** Frozen chunks: freeze, claim, commit. Every write checks that its owner still holds the lease. */

import type { FrozenPage, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import { OPEN_FIELDS, type OpenChunkRow, toOpenChunk } from './chunk-rows.ts';
import { sqliteClaim } from './claim.ts';
import { sqliteCommit } from './commit.ts';
import type { Erase } from './erase.ts';
import type { SqliteEvents } from './events.ts';
import { sqliteFailures } from './failures.ts';
import { sqliteFreeze } from './freeze.ts';
import type { SqliteInstallations } from './installations.ts';

/** Chunks that `openChunks` reads in one query. */
const OPEN_PAGE = 500;

export function sqliteChunks(
  db: Database,
  {
    campaigns,
    forget,
    events,
    erase,
  }: {
    campaigns: SqliteCampaigns;
    forget: SqliteInstallations['forget'];
    events: SqliteEvents;
    erase: Erase;
  },
) {
  const { sql, transaction, together } = db;
  const { insertFailures, ...failures } = sqliteFailures(db);
  const freeze = sqliteFreeze(db, campaigns, erase);
  const claim = sqliteClaim(db, campaigns, erase);
  const commit = sqliteCommit(db, { campaigns, erase, events, forget, insertFailures });

  const verbs = {
    freezePage: async (page: FrozenPage) => transaction(() => freeze(page)),

    claimChunk: (chunkId, lease, now) => together(() => claim(chunkId, lease, now)),

    /** A checkpoint belongs to a large campaign, which gains nothing by sharing a transaction. */
    commitChunk: async (told) =>
      'keep' in told.lease ? transaction(() => commit(told)) : together(() => commit(told)),

    async *openChunks(campaignId, shard) {
      let after = { shard: shard ?? 0, id: '' };
      for (;;) {
        const rows = sql<OpenChunkRow & { shard: number }>(
          `SELECT ${OPEN_FIELDS}, shard FROM chunks
           WHERE campaign_id = ? AND done = 0 AND (shard, id) > (?, ?) AND shard <= ?
           ORDER BY shard, id LIMIT ?`,
        ).all(campaignId, after.shard, after.id, shard ?? Number.MAX_SAFE_INTEGER, OPEN_PAGE);
        const last = rows.at(-1);
        if (!last) return;
        yield rows.map(toOpenChunk);
        after = last;
      }
    },

    moveChunks: async (chunks, now) =>
      transaction(() => {
        const move = sql(
          `UPDATE chunks SET not_before = ifnull(?, not_before), expires_at = ifnull(?, expires_at),
             released_at = iif(?, NULL, released_at), due_at = ?, task = ifnull(?, task)
           WHERE id = ? AND done = 0 AND (lease_id IS NULL OR lease_until <= ?)`,
        );
        for (const { chunkId, dueAt, slot, task = null } of chunks)
          move.run(
            slot?.notBefore ?? null,
            slot?.expiresAt ?? null,
            slot ? 1 : 0,
            dueAt,
            task,
            chunkId,
            now,
          );
      }),
  } satisfies Partial<Store>;

  return { ...verbs, ...failures, freeze, commit };
}
