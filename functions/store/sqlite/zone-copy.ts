/**
 * A copy of what campaigns read of an app's installations, in the order of their time zones. A wave reads a few
 * zones in all buckets, and a page of `installations` has one row of them, or none.
 *
 * It is made with the first wave that takes a small part of the app, a step at a time. Triggers keep it up to
 * date as far as it is made (`COPY`), so no way to write an installation can miss it. It goes when no wave was
 * read for some days.
 *
 * Rejected, by what they take of CPU time for a million installations in 24 zones, where planning takes 1.7 s:
 * to read the whole table for each wave, 6 s; an index of zones and buckets with a look-up of each row, 2 s, and
 * an import takes a sixth more; an index that has all columns, no more time for waves, and an import takes half
 * as much again, whether or not there will be a wave.
 */

import { BUCKETS } from '../../model/bucket.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Database } from '../../sqlite/database.ts';

/**
 * Columns that it has beside app, zone, bucket and id, named as in `installations`. Not `refreshed_at`, which
 * changes most often.
 */
const COPIED = `platform, provider, environment, token, language, country, permission, opted_out,
  opted_out_of, app_version, moved_at, tags, attributes`;
const of = (row: 'NEW' | 'OLD') => COPIED.replace(/\w+/g, (it) => `${row}.${it}`);

const INSERT = `INSERT OR REPLACE INTO zone_rows (app, zone, bucket, id, ${COPIED})`;
const insert = `${INSERT} VALUES (NEW.app, ifnull(NEW.time_zone, ''), NEW.bucket, NEW.id, ${of('NEW')});`;
const remove = `DELETE FROM zone_rows WHERE app = OLD.app AND zone = ifnull(OLD.time_zone, '')
  AND bucket = OLD.bucket AND id = OLD.id;`;
const isCopied = (row: 'NEW' | 'OLD') =>
  `EXISTS (SELECT 1 FROM zone_copies WHERE app = ${row}.app AND built_to > ${row}.bucket)`;

/**
 * The tables and triggers. `built_to`: installations in lower buckets are in the copy. `zone` is empty for those
 * that tell none.
 */
export const COPY = `
CREATE TABLE zone_copies (
  app TEXT PRIMARY KEY, built_to INTEGER NOT NULL, used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE zone_rows (
  app TEXT NOT NULL, zone TEXT NOT NULL, bucket INTEGER NOT NULL, id TEXT NOT NULL,
  platform TEXT NOT NULL, provider TEXT NOT NULL, environment TEXT NOT NULL, token TEXT NOT NULL,
  language TEXT, country TEXT, permission TEXT, opted_out INTEGER NOT NULL, opted_out_of TEXT,
  app_version TEXT, moved_at INTEGER, tags TEXT NOT NULL, attributes TEXT NOT NULL,
  time_zone TEXT GENERATED ALWAYS AS (nullif(zone, '')) VIRTUAL,
  PRIMARY KEY (app, zone, bucket, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER zone_rows_insert AFTER INSERT ON installations WHEN ${isCopied('NEW')}
BEGIN ${insert} END;
CREATE TRIGGER zone_rows_delete AFTER DELETE ON installations WHEN ${isCopied('OLD')}
BEGIN ${remove} END;
CREATE TRIGGER zone_rows_update AFTER UPDATE ON installations
WHEN ${isCopied('NEW')} AND (OLD.time_zone, ${of('OLD')}) IS NOT (NEW.time_zone, ${of('NEW')})
BEGIN ${remove} ${insert} END;`;

/** Installations that one step copies or deletes: about 20 ms. */
const STEP = 4_000;
/** How long it is kept after a wave was read of it. */
const KEPT_MS = 7 * DAY_MS;

interface CopyRow {
  app: string;
  /** a bucket */
  built_to: number;
  used_at: number;
}

const copyOf = ({ sql }: Database, app: string) =>
  sql<CopyRow>('SELECT * FROM zone_copies WHERE app = ?').get(app);

/** Whether the copy has all installations of the app below a bucket. */
export const isBuilt = (db: Database, app: string, end: number): boolean =>
  (copyOf(db, app)?.built_to ?? 0) >= end;

/** Copies some more of an app. */
export function build(db: Database, app: string, now: number) {
  db.transaction(() => {
    const { built_to: from } = copyOf(db, app) ?? { built_to: 0 };
    const to = Math.min(BUCKETS, from + widthOf(sizeOfApp(db, app)));
    db.sql(
      `${INSERT} SELECT app, ifnull(time_zone, ''), bucket, id, ${COPIED} FROM installations
       WHERE app = ? AND bucket >= ? AND bucket < ?`,
    ).run(app, from, to);
    db.sql(
      `INSERT INTO zone_copies VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET built_to = ?2, used_at = ?3`,
    ).run(app, to, now);
  });
}

/** The buckets of a step. */
const widthOf = (size: number) => Math.ceil((BUCKETS * STEP) / Math.max(STEP, size));

/** Notes that a wave is read of it; once a day is enough. */
export function noteUse(db: Database, app: string, now: number) {
  const copy = copyOf(db, app);
  if (copy && now - copy.used_at > DAY_MS)
    db.sql('UPDATE zone_copies SET used_at = ? WHERE app = ?').run(now, app);
}

/** Deletes some of a copy that is not used. True if there may be more. In a transaction. */
export function expireCopies(db: Pick<Database, 'sql'>, now: number): boolean {
  const copy = db
    .sql<CopyRow>('SELECT * FROM zone_copies WHERE used_at < ? LIMIT 1')
    .get(now - KEPT_MS);
  if (!copy) return false;
  const { app, built_to } = copy;
  const to = Math.max(0, built_to - widthOf(sizeOfApp(db, app)));
  // zones that no installation has any more are counted, too: with 0
  db.sql(
    `DELETE FROM zone_rows WHERE app = ?1 AND bucket >= ?2
       AND zone IN (SELECT zone FROM zone_counts WHERE app = ?1)`,
  ).run(app, to);
  if (to === 0) db.sql('DELETE FROM zone_copies WHERE app = ?').run(app);
  else db.sql('UPDATE zone_copies SET built_to = ? WHERE app = ?').run(to, app);
  return true;
}

/** Installations of an app, opted out or not. */
const sizeOfApp = (db: Pick<Database, 'sql'>, app: string) =>
  zoneSizes(db, app).reduce((sum, it) => sum + it.size, 0);

/** The zones of an app's installations, '' for none, and how many are in each. */
export const zoneSizes = ({ sql }: Pick<Database, 'sql'>, app: string) =>
  sql<{ zone: string; size: number }>('SELECT zone, size FROM zone_counts WHERE app = ?').all(app);
