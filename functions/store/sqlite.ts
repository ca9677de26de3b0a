/**
 * The embedded store: node:sqlite, one file, every verb one transaction. It keeps the promises of
 * the Store port that `test/contracts/store.ts` spells out.
 */

import type { Provider } from '../pipeline/installation.ts';
import type { Overdue, Store } from '../ports.ts';
import { type Database, openDatabase } from '../sqlite/database.ts';
import { sqliteAudiences } from './sqlite/audiences.ts';
import { sqliteCampaigns } from './sqlite/campaigns.ts';
import { sqliteChunks } from './sqlite/chunks.ts';
import { sqliteErase } from './sqlite/erase.ts';
import { sqliteEvents } from './sqlite/events.ts';
import { sqliteExpire } from './sqlite/expire.ts';
import { sqliteHistory } from './sqlite/history.ts';
import { sqliteImport } from './sqlite/import.ts';
import { sqliteInstallations, sqliteRows } from './sqlite/installations.ts';
import { sqliteKeys } from './sqlite/keys.ts';
import { sqliteLookups } from './sqlite/lookups.ts';
import { sqliteMessages } from './sqlite/messages.ts';
import { sqliteNormalize } from './sqlite/normalize.ts';
import { sqliteSchedules } from './sqlite/schedules.ts';
import { migrations, pragmas } from './sqlite/schema.ts';
import { sqliteSegments } from './sqlite/segments.ts';
import { sqliteTriggers } from './sqlite/triggers.ts';
import { sqliteUploads } from './sqlite/uploads.ts';
import { sqliteUsers } from './sqlite/users.ts';
import { sqliteWebhooks } from './sqlite/webhooks.ts';

export interface SqliteStore extends Store {
  /** Frees every claimed chunk, and has the outbox swept; for a process that knows it is alone. */
  dropLeases(): void;
}

/** `path` is a file's, made if need be. Throws `Unavailable` if it cannot be used. */
export function createSqliteStore({ path }: { path: string }): SqliteStore {
  const db = openDatabase(path, pragmas, migrations);
  const outbox = sqliteEvents(db);
  const { unpublished, published, course } = outbox;
  const { overdueDeliveries, ...webhooks } = sqliteWebhooks(db, outbox);
  const lookups = sqliteLookups(db);
  const rows = sqliteRows(db, lookups);
  const { forget, writing, ...installations } = sqliteInstallations(db, rows, lookups);
  const { normalizeAll, ...normalize } = sqliteNormalize(db, rows, writing);
  try {
    normalizeAll();
  } catch (error) {
    db.close();
    throw error;
  }
  const { note, ...history } = sqliteHistory(db);
  const within = sqliteCampaigns(db, outbox, note);
  const { create, start, find, state, shard, closeShard, addMissing, ...campaigns } = within;
  const erase = sqliteErase(db, { shard, closeShard });
  const { freeze, ...chunks } = sqliteChunks(db, within, forget, outbox, erase);
  return {
    ...installations,
    ...sqliteImport(db, rows, writing),
    ...normalize,
    ...sqliteAudiences(db),
    ...sqliteSegments(db),
    ...sqliteUploads(db),
    ...campaigns,
    ...chunks,
    ...history,
    ...sqliteSchedules(db),
    ...sqliteTriggers(db),
    ...sqliteMessages(db, within, freeze),
    ...{ unpublished, published, course },
    ...webhooks,
    ...sqliteUsers(db, rows, writing, erase),
    ...sqliteKeys(db),
    ...sqliteExpire(db),

    dropLeases() {
      db.sql('UPDATE events SET due_at = 0 WHERE due_at IS NOT NULL').run();
      db.sql('UPDATE chunks SET lease_id = NULL, lease_until = NULL WHERE done = 0').run();
    },

    takeOverdue: async (now, next, limit) =>
      takeOverdue(db, [outbox.overdue, overdueDeliveries], now, next, limit),

    check: async () => db.check(),

    close: async () => db.close(),
  };
}

function takeOverdue(
  { sql, transaction }: Database,
  others: ((now: number, next: number, limit: number) => Overdue[])[],
  now: number,
  next: number,
  limit: number,
): Overdue[] {
  return transaction(() => {
    const found: Overdue[] = [];
    for (const row of sql('SELECT id, due_at FROM campaigns WHERE due_at <= ? LIMIT ?').all(
      now,
      limit,
    )) {
      sql('UPDATE campaigns SET due_at = ? WHERE id = ?').run(next, row.id!);
      const campaignId = row.id as string;
      found.push({ kind: 'campaign', campaignId, dueAt: row.due_at as number });
    }
    for (const row of sql(
      'SELECT campaign_id, idx, due_at FROM shards WHERE due_at <= ? LIMIT ?',
    ).all(now, limit - found.length)) {
      sql('UPDATE shards SET due_at = ? WHERE campaign_id = ? AND idx = ?').run(
        next,
        row.campaign_id!,
        row.idx!,
      );
      found.push({
        kind: 'shard',
        campaignId: row.campaign_id as string,
        shard: row.idx as number,
        dueAt: row.due_at as number,
      });
    }
    for (const row of sql(
      'SELECT id, provider, size, due_at FROM chunks WHERE due_at <= ? LIMIT ?',
    ).all(now, limit - found.length)) {
      sql('UPDATE chunks SET due_at = ? WHERE id = ?').run(next, row.id!);
      found.push({
        kind: 'chunk',
        chunkId: row.id as string,
        provider: row.provider as Provider,
        size: row.size as number,
        dueAt: row.due_at as number,
      });
    }
    for (const overdue of others) found.push(...overdue(now, next, limit - found.length));
    return found;
  });
}
