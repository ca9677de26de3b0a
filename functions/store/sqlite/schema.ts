/**
 * The tables of the embedded store.
 *
 * Installations are clustered by (app, bucket, id), so an audience is streamed in the order it lies on
 * disk. The tables in lookups.ts find them by other fields. A chunk's packed recipients never change and
 * have a table of their own, since SQLite rewrites a whole row when one column changes.
 *
 * The write-ahead log is checkpointed every 64 MB instead of 4, which doubles the speed of an import.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Migration } from '../../sqlite/database.ts';
import { fillNames } from './campaign-names.ts';
import { hash48 } from './lookups.ts';
import { COPY } from './zone-copy.ts';

/** These run each time a file is opened. */
export const pragmas = `
PRAGMA cache_size = -32768;
PRAGMA wal_autocheckpoint = 16000;
PRAGMA journal_size_limit = 67108864;
`;

const tables = `
CREATE TABLE IF NOT EXISTS installations (
  app TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL,
  platform TEXT NOT NULL, provider TEXT NOT NULL, environment TEXT NOT NULL,
  token TEXT NOT NULL, token_hash INTEGER NOT NULL,
  language TEXT, time_zone TEXT, user_id TEXT,
  tags TEXT NOT NULL, attributes TEXT NOT NULL, refreshed_at INTEGER NOT NULL,
  PRIMARY KEY (app, bucket, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS installations_token ON installations (token_hash);
CREATE INDEX IF NOT EXISTS installations_segment ON installations (app, platform, language);
CREATE INDEX IF NOT EXISTS installations_user ON installations (app, user_id)
  WHERE user_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS campaigns (
  id TEXT PRIMARY KEY, app TEXT NOT NULL, request TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT,
  created_at INTEGER NOT NULL, first_push_at INTEGER, closed_at INTEGER,
  shards INTEGER NOT NULL, shards_done INTEGER NOT NULL,
  idempotency_key TEXT, request_hash TEXT, due_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS campaigns_idempotency ON campaigns (app, idempotency_key)
  WHERE idempotency_key IS NOT NULL;
CREATE INDEX IF NOT EXISTS campaigns_newest ON campaigns (created_at, id);
CREATE INDEX IF NOT EXISTS campaigns_due ON campaigns (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS shards (
  campaign_id TEXT NOT NULL, idx INTEGER NOT NULL,
  from_bucket INTEGER NOT NULL, to_bucket INTEGER NOT NULL,
  pages INTEGER NOT NULL DEFAULT 0, cursor_bucket INTEGER, cursor_id TEXT,
  planned INTEGER NOT NULL DEFAULT 0,
  chunks INTEGER NOT NULL DEFAULT 0, chunks_done INTEGER NOT NULL DEFAULT 0,
  recipients INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
  reasons TEXT NOT NULL DEFAULT '{}', due_at INTEGER,
  PRIMARY KEY (campaign_id, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shards_due ON shards (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS chunks (
  id TEXT PRIMARY KEY, campaign_id TEXT NOT NULL, shard INTEGER NOT NULL,
  app TEXT NOT NULL, provider TEXT NOT NULL, environment TEXT NOT NULL, size INTEGER NOT NULL,
  open TEXT, doubtful TEXT NOT NULL DEFAULT '[]',
  attempt INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  lease_id TEXT, lease_until INTEGER, done INTEGER NOT NULL DEFAULT 0, due_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chunks_open ON chunks (campaign_id, shard, id) WHERE done = 0;
CREATE INDEX IF NOT EXISTS chunks_due ON chunks (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS chunk_recipients (
  chunk_id TEXT PRIMARY KEY, packed TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS failures (
  campaign_id TEXT NOT NULL, chunk_id TEXT NOT NULL, idx INTEGER NOT NULL,
  provider TEXT NOT NULL, installation_id TEXT NOT NULL, token TEXT NOT NULL,
  outcome TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (campaign_id, chunk_id, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, seq INTEGER,
  type TEXT NOT NULL, app TEXT, at INTEGER NOT NULL, data TEXT NOT NULL, due_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_course ON events (subject, seq);
CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS webhooks (
  id TEXT PRIMARY KEY, key TEXT NOT NULL, created_at INTEGER NOT NULL, disabled INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS webhooks_key ON webhooks (key);

CREATE TABLE IF NOT EXISTS deliveries (
  id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, created_at INTEGER NOT NULL,
  tries INTEGER NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_newest ON deliveries (webhook_id, created_at, id);
CREATE INDEX IF NOT EXISTS deliveries_oldest ON deliveries (created_at);

CREATE TABLE IF NOT EXISTS keys (
  hash TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/**
 * The changes of the tables, oldest first: SQL, or a function where SQL does not suffice. An entry never
 * changes once it was released: add another one at the end.
 */
export const migrations: Migration[] = [
  tables,
  `ALTER TABLE installations ADD COLUMN app_version TEXT;
   ALTER TABLE installations ADD COLUMN country TEXT;
   ALTER TABLE installations ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0;`,
  `ALTER TABLE shards ADD COLUMN missing TEXT NOT NULL DEFAULT '{}';`,
  // see lookups.ts; digests of old rows are unknown, so the next import writes them once
  `DROP INDEX installations_token;
   DROP INDEX installations_user;
   DROP INDEX installations_segment;
   ALTER TABLE installations DROP COLUMN token_hash;
   ALTER TABLE installations ADD COLUMN digest INTEGER;
   CREATE TABLE tokens (
     hash INTEGER NOT NULL, bucket INTEGER NOT NULL, PRIMARY KEY (hash, bucket)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE users (
     hash INTEGER NOT NULL, bucket INTEGER NOT NULL, PRIMARY KEY (hash, bucket)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE segments (
     app TEXT NOT NULL, platform TEXT NOT NULL, language TEXT NOT NULL, size INTEGER NOT NULL,
     PRIMARY KEY (app, platform, language)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE former_users (
     user_id TEXT NOT NULL, app TEXT NOT NULL, id TEXT NOT NULL, token TEXT NOT NULL,
     at INTEGER NOT NULL, PRIMARY KEY (user_id, app, id, token)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX former_users_at ON former_users (at);
   CREATE TABLE import_runs (run TEXT PRIMARY KEY, began_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE import_marks (
     run TEXT NOT NULL, app TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL,
     PRIMARY KEY (run, app, bucket, id)
   ) STRICT, WITHOUT ROWID;`,
  fillLookups,
  `CREATE TABLE saved_segments (
     app TEXT NOT NULL, name TEXT NOT NULL, audience TEXT NOT NULL, updated_at INTEGER NOT NULL,
     PRIMARY KEY (app, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE uploads (
     id TEXT PRIMARY KEY, app TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER,
     created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE upload_names (
     upload_id TEXT NOT NULL, bucket INTEGER NOT NULL, name TEXT NOT NULL,
     PRIMARY KEY (upload_id, bucket, name)
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE shards ADD COLUMN pruned TEXT NOT NULL DEFAULT '{}';
   ALTER TABLE failures ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;`,
  // not a column of installations: a device that registers or is imported again keeps its count
  `CREATE TABLE badges (
     app TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL, count INTEGER NOT NULL,
     PRIMARY KEY (app, bucket, id)
   ) STRICT, WITHOUT ROWID;`,
  // the version that had schedules, and no migrations yet, made this table too
  `CREATE TABLE IF NOT EXISTS schedules (
     id TEXT PRIMARY KEY, version INTEGER NOT NULL, next_at INTEGER, schedule TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX IF NOT EXISTS schedules_due ON schedules (next_at) WHERE next_at IS NOT NULL;`,
  `CREATE TABLE IF NOT EXISTS triggers (
     name TEXT PRIMARY KEY, record TEXT NOT NULL,
     received INTEGER NOT NULL DEFAULT 0, forged INTEGER NOT NULL DEFAULT 0
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS failed_pings (
     trigger_name TEXT NOT NULL, at INTEGER NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL,
     PRIMARY KEY (trigger_name, at, key)
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX IF NOT EXISTS failed_pings_key ON failed_pings (key);`,
  `CREATE TABLE IF NOT EXISTS history (
     campaign_id TEXT NOT NULL, seq INTEGER NOT NULL, change TEXT NOT NULL,
     PRIMARY KEY (campaign_id, seq)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE IF NOT EXISTS switches (
     app TEXT PRIMARY KEY, record TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX IF NOT EXISTS campaigns_open ON campaigns (app, id) WHERE closed_at IS NULL;`,
  `ALTER TABLE keys ADD COLUMN app TEXT;
   ALTER TABLE keys ADD COLUMN created_at INTEGER;
   ALTER TABLE chunks ADD COLUMN erase TEXT;
   ALTER TABLE campaigns ADD COLUMN kept INTEGER NOT NULL DEFAULT 1;
   CREATE INDEX campaigns_kept ON campaigns (closed_at) WHERE kept = 1 AND closed_at IS NOT NULL;`,
  // see webhook-keys.ts
  `ALTER TABLE deliveries ADD COLUMN due_at INTEGER;
   UPDATE deliveries SET due_at = json_extract(record, '$.nextAt') + 3600000
     WHERE json_extract(record, '$.state') = 'pending';
   CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;`,
  `ALTER TABLE chunks ADD COLUMN stalled INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE chunks ADD COLUMN released_at INTEGER;
   ALTER TABLE failures ADD COLUMN detail TEXT;
   ALTER TABLE campaigns ADD COLUMN trials TEXT NOT NULL DEFAULT '{}';`,
  // `normalizing` names the installation after which normalize.ts goes on
  `CREATE TABLE languages (
     key TEXT NOT NULL, language TEXT NOT NULL, PRIMARY KEY (key, language)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE normalizing (app TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL) STRICT;
   INSERT INTO normalizing VALUES ('', -1, '');`,
  `ALTER TABLE shards ADD COLUMN task TEXT;
   ALTER TABLE chunks ADD COLUMN task TEXT;`,
  // `marked`: the run's marks have not expired
  `ALTER TABLE import_runs ADD COLUMN marked INTEGER NOT NULL DEFAULT 1;
   CREATE INDEX import_runs_marked ON import_runs (began_at) WHERE marked = 1;`,
  `ALTER TABLE shards ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX installations_out ON installations (app, platform, language) WHERE opted_out = 1;`,
  // one row
  'CREATE TABLE ticks (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;',
  // it counts installations; a segment is a saved audience
  'ALTER TABLE segments RENAME TO installation_counts;',
  // what an installation may show; `denied` counts recipients that may show nothing
  `ALTER TABLE installations ADD COLUMN permission TEXT;
   ALTER TABLE shards ADD COLUMN denied INTEGER NOT NULL DEFAULT 0;`,
  // `rest`: tokens and what is each recipient's own, until the chunk is done; `packed` has the ids then,
  // or all of it in rows of older versions. `outcomes` takes the place of `open` and `doubtful`.
  `ALTER TABLE chunk_recipients ADD COLUMN rest TEXT;
   ALTER TABLE chunks ADD COLUMN outcomes TEXT;`,
  // what became of one device, and when
  `ALTER TABLE chunks ADD COLUMN frozen_at INTEGER;
   ALTER TABLE chunks ADD COLUMN claimed_at INTEGER;
   ALTER TABLE shards ADD COLUMN planned_at INTEGER;`,
  // of a closed campaign, so that a list need not add up its shards
  `ALTER TABLE campaigns ADD COLUMN sums TEXT;
   UPDATE campaigns SET sums = (
     SELECT json_object('recipients', sum(recipients), 'accepted', sum(accepted),
       'failed', sum(failed), 'skipped', sum(skipped))
     FROM shards WHERE campaign_id = campaigns.id)
     WHERE closed_at IS NOT NULL AND shards > 0;`,
  `CREATE TABLE counts (
     app TEXT NOT NULL, platform TEXT NOT NULL, language TEXT NOT NULL, permission TEXT NOT NULL,
     opted_out INTEGER NOT NULL, size INTEGER NOT NULL,
     PRIMARY KEY (app, platform, language, permission, opted_out)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO counts SELECT app, platform, ifnull(language, ''), ifnull(permission, ''), opted_out,
     count(*) FROM installations GROUP BY 1, 2, 3, 4, 5;
   DROP TABLE installation_counts;
   ALTER TABLE counts RENAME TO installation_counts;
   DROP INDEX installations_out;`,
  // which campaigns an erasure and an export look through
  `CREATE TABLE campaign_names (
     hash INTEGER NOT NULL, campaign_id TEXT NOT NULL, PRIMARY KEY (hash, campaign_id)
   ) STRICT, WITHOUT ROWID;`,
  fillNames,
  // what a provider named the pushes of a message
  'ALTER TABLE chunks ADD COLUMN names TEXT;',
  // what holds for all campaigns of an app
  'CREATE TABLE policies (app TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT, WITHOUT ROWID;',
  // see receipts.ts
  `CREATE TABLE receipts (
     campaign_id TEXT NOT NULL, kind INTEGER NOT NULL, bucket INTEGER NOT NULL, tail INTEGER NOT NULL,
     at INTEGER NOT NULL, PRIMARY KEY (campaign_id, kind, bucket, tail)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX receipts_device ON receipts (bucket, tail);
   CREATE TABLE receipt_counts (
     campaign_id TEXT PRIMARY KEY, opened INTEGER NOT NULL DEFAULT 0,
     delivered INTEGER NOT NULL DEFAULT 0, dismissed INTEGER NOT NULL DEFAULT 0,
     told TEXT NOT NULL DEFAULT '', told_at INTEGER NOT NULL DEFAULT 0, due_at INTEGER
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX receipt_counts_due ON receipt_counts (due_at) WHERE due_at IS NOT NULL;`,
  // the categories that it has opted out of, as JSON
  'ALTER TABLE installations ADD COLUMN opted_out_of TEXT;',
  // null: a campaign; lists of campaigns pass over the others, which are many
  `ALTER TABLE campaigns ADD COLUMN made_as TEXT;
   CREATE INDEX campaigns_alone ON campaigns (created_at, id) WHERE made_as IS NULL;`,
  // see caps.ts; `capped` counts skipped recipients
  `CREATE TABLE caps (
     app TEXT NOT NULL, start INTEGER NOT NULL, packed BLOB NOT NULL, expires_at INTEGER NOT NULL,
     PRIMARY KEY (app, start)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX caps_expiry ON caps (expires_at);
   ALTER TABLE shards ADD COLUMN capped INTEGER NOT NULL DEFAULT 0;`,
  // waves; `late` counts skipped recipients, `held` those that wait for the end of quiet hours
  `ALTER TABLE shards ADD COLUMN wave TEXT;
   ALTER TABLE shards ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE shards ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE shards ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;`,
  // when its time zone changed last
  `ALTER TABLE installations ADD COLUMN moved_at INTEGER;
   CREATE INDEX installations_moved ON installations (app, bucket, id, moved_at)
     WHERE moved_at IS NOT NULL;
   CREATE TABLE zone_counts (
     app TEXT NOT NULL, zone TEXT NOT NULL, size INTEGER NOT NULL, PRIMARY KEY (app, zone)
   ) STRICT, WITHOUT ROWID;
   INSERT INTO zone_counts SELECT app, time_zone, count(*) FROM installations
     WHERE time_zone IS NOT NULL GROUP BY 1, 2;`,
  // the quiet hours of its recipients, as JSON
  'ALTER TABLE chunks ADD COLUMN quiet TEXT;',
  // installations that tell no zone are counted, too
  `INSERT INTO zone_counts SELECT app, '', count(*) FROM installations
     WHERE time_zone IS NULL GROUP BY 1;`,
  COPY,
  // which installations are gone since when, for those that register anew
  `CREATE TABLE removed (
     app TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL,
     PRIMARY KEY (app, bucket, id)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX removed_at ON removed (at);`,
];

/** Fills the lookups of a file that had installations before there were any. */
function fillLookups(db: DatabaseSync) {
  db.function('hash48', { deterministic: true }, (app, value) =>
    hash48(String(app), String(value)),
  );
  db.exec(
    `INSERT INTO tokens SELECT hash48(app, token), bucket FROM installations WHERE true
       ORDER BY 1 ON CONFLICT DO NOTHING;
     INSERT INTO users SELECT hash48(app, user_id), bucket FROM installations
       WHERE user_id IS NOT NULL ORDER BY 1 ON CONFLICT DO NOTHING;
     INSERT INTO segments SELECT app, platform, ifnull(language, ''), count(*) FROM installations
       GROUP BY 1, 2, 3;`,
  );
}
