/**
 * The embedded store: node:sqlite, one file, every verb one transaction. It keeps the promises of
 * the Store port that `test/contracts/store.ts` spells out.
 */

import type { Store } from '../ports/ports.ts';
import { openDatabase } from '../sqlite/database.ts';
import { pastVerbs } from './past.ts';
import { sqliteAudiences } from './sqlite/audiences.ts';
import { sqliteCampaigns } from './sqlite/campaigns.ts';
import { sqliteChunks } from './sqlite/chunks.ts';
import { sqliteErase } from './sqlite/erase.ts';
import { sqliteEvents } from './sqlite/events.ts';
import { sqliteExpire } from './sqlite/expire.ts';
import { sqliteFindRecipient } from './sqlite/find-recipient.ts';
import { sqliteFrozenAmong } from './sqlite/frozen-among.ts';
import { sqliteHistory } from './sqlite/history.ts';
import { sqliteImport } from './sqlite/import.ts';
import { sqliteInstallations } from './sqlite/installations.ts';
import { sqliteKept } from './sqlite/kept.ts';
import { sqliteKeys } from './sqlite/keys.ts';
import { sqliteLookups } from './sqlite/lookups.ts';
import { sqliteMessages } from './sqlite/messages.ts';
import { sqliteNormalize } from './sqlite/normalize.ts';
import { sqliteOverdue } from './sqlite/overdue.ts';
import { sqlitePolicies } from './sqlite/policies.ts';
import { overdueReceipts, sqliteReceipts } from './sqlite/receipts.ts';
import { sqliteRows } from './sqlite/rows.ts';
import { sqliteSchedules } from './sqlite/schedules.ts';
import { migrations, pragmas } from './sqlite/schema.ts';
import { sqliteSegments } from './sqlite/segments.ts';
import { sqliteTicks } from './sqlite/ticks.ts';
import { sqliteTriggers } from './sqlite/triggers.ts';
import { sqliteUploads } from './sqlite/uploads.ts';
import { sqliteUsers } from './sqlite/users.ts';
import { sqliteWebhooks } from './sqlite/webhooks.ts';

export interface SqliteStore extends Store {
  /**
   * Frees every claimed chunk and unsent message, and has the outbox swept; for a process that knows it is
   * alone.
   */
  dropLeases(): void;
}

/**
 * `path` is a file's, made if need be; `now` says what has expired. Throws `Unavailable` if the file
 * cannot be used.
 */
export function createSqliteStore({
  path,
  now = Date.now,
  retentionDays = 30,
}: {
  path: string;
  now?: () => number;
  /** how long receipts are counted after the end of a campaign */
  retentionDays?: number;
}): SqliteStore {
  const db = openDatabase(path, pragmas, migrations);
  const outbox = sqliteEvents(db);
  const { unpublished, published, timeline } = outbox;
  const { overdueDeliveries, ...webhooks } = sqliteWebhooks(db, outbox);
  const lookups = sqliteLookups(db);
  const rows = sqliteRows(db, lookups, now);
  const { forget, writing, ...installations } = sqliteInstallations(db, rows, lookups);
  const { normalizeAll, ...normalize } = sqliteNormalize(db, rows, writing);
  try {
    normalizeAll();
  } catch (error) {
    db.close();
    throw error;
  }
  const { note, ...history } = sqliteHistory(db);
  const within = sqliteCampaigns(db, { events: outbox, note });
  const { create, start, find, state, shard, closeShard, addMissing, countsNow, ...campaigns } =
    within;
  const erase = sqliteErase(db, { shard, closeShard });
  const { freeze, commit, ...chunks } = sqliteChunks(db, {
    campaigns: within,
    forget,
    events: outbox,
    erase,
  });
  const counted = sqliteReceipts({ db, events: outbox, counts: countsNow, retentionDays, now });
  const past = {
    readReceipts: counted.readReceipts,
    getCampaign: campaigns.getCampaign,
    kept: sqliteKept(db, { retentionDays, now }),
  };
  const audiences = sqliteAudiences(db, past, now);
  const read = { ...audiences, ...webhooks, ...history, ...chunks };
  return {
    ...installations,
    ...normalize,
    ...sqliteImport(db, rows, writing, now),
    ...audiences,
    ...pastVerbs(past),
    ...sqliteSegments(db),
    ...sqliteUploads(db, now),
    ...campaigns,
    ...chunks,
    ...history,
    ...sqlitePolicies(db),
    ...sqliteSchedules(db),
    ...sqliteTriggers(db),
    ...sqliteMessages({ db, campaigns: within, freeze, commit, erase, store: read }),
    unpublished,
    published,
    timeline,
    ...webhooks,
    ...sqliteFindRecipient(db),
    ...sqliteFrozenAmong(db),
    ...counted,
    ...sqliteUsers({ db, rows, writing, erase }),
    ...sqliteKeys(db),
    ...sqliteTicks(db),
    ...sqliteExpire(db),
    ...sqliteOverdue(db, [outbox.overdue, overdueDeliveries, overdueReceipts(db)]),

    dropLeases() {
      db.sql('UPDATE events SET due_at = 0 WHERE due_at IS NOT NULL').run();
      db.sql(
        `UPDATE campaigns SET request = json_remove(request, '$.sending'), due_at = 0
         WHERE state = 'accepted' AND json_extract(request, '$.sending') IS NOT NULL`,
      ).run();
      db.sql('UPDATE chunks SET lease_id = NULL, lease_until = NULL WHERE done = 0').run();
    },

    check: async () => db.check(),

    close: async () => db.close(),
  };
}
