/**
 * Beside the installations: where a token and a user's installations are, how many there are of each
 * kind and in each time zone, and which languages those read.
 *
 * Indexes of SQLite's on `installations` would carry its long key in each entry; an import that
 * touches all their pages at each commit takes twice as long with them. Here an entry is two
 * integers: a hash of 48 bits, of which two things may have the same, and a bucket to look in.
 */

import { hash } from 'node:crypto';
import { languageKey, languagesRead } from '../../model/canonical/language.ts';
import type { Database } from '../../sqlite/database.ts';

/** What installations are counted by. */
interface Kind {
  app: string;
  platform: string;
  language?: string | null | undefined;
  permission?: string | null | undefined;
  timeZone?: string | null | undefined;
}

/** What an installation is found and counted by. */
export interface Findable extends Kind {
  bucket: number;
  token: string;
  userId: string | null;
  optedOut: 0 | 1;
}

/** Hexadecimal: as a buffer it takes twice the time. */
export const hash48of = (text: string) => Number.parseInt(hash('sha1', text).slice(0, 12), 16);

/** The hash has the app and the value, so that two apps of one team do not meet. */
export const hash48 = (app: string, value: string) => hash48of(`${app}\n${value}`);

export function sqliteLookups(db: Database) {
  const { sql } = db;
  const sizes = new Map<string, { kind: Kind; optedOut: boolean; by: number }>();
  const inZones = new Map<string, { app: string; zone: string; by: number }>();
  readLanguages(db);

  const count = (kind: Kind, optedOut: boolean, by: 1 | -1) => {
    const { app, platform, language, permission } = kind;
    // the app comes last: its name may have any character
    const key = `${platform} ${language ?? ''} ${permission ?? ''} ${optedOut} ${app}`;
    const size = sizes.get(key);
    if (size) size.by += by;
    else sizes.set(key, { kind, optedOut, by });
    countInZone(app, kind.timeZone ?? '', by);
  };

  const countInZone = (app: string, zone: string, by: 1 | -1) => {
    const key = `${zone} ${app}`;
    const size = inZones.get(key);
    if (size) size.by += by;
    else inZones.set(key, { app, zone, by });
  };

  return {
    /** Called in a transaction, before the rows are written; all of them end with `flush`. */
    begin() {
      sizes.clear();
      inZones.clear();
    },

    count,

    addToken: (hashed: number, bucket: number) =>
      sql('INSERT OR IGNORE INTO tokens VALUES (?, ?)').run(hashed, bucket),
    addUser: (hashed: number, bucket: number) =>
      sql('INSERT OR IGNORE INTO users VALUES (?, ?)').run(hashed, bucket),

    /** Where else than here a token may be. */
    tokenBuckets: (hashed: number) =>
      sql<{ bucket: number }>('SELECT bucket FROM tokens WHERE hash = ?')
        .all(hashed)
        .map((it) => it.bucket),

    dropToken: (it: Findable) =>
      sql('DELETE FROM tokens WHERE hash = ? AND bucket = ?').run(
        hash48(it.app, it.token),
        it.bucket,
      ),

    /** After the row has changed: another one in that bucket may be the same user's. */
    dropUser({ app, bucket, userId }: Findable) {
      if (userId === null) return;
      sql(
        `DELETE FROM users WHERE hash = ?1 AND bucket = ?2 AND NOT EXISTS (
           SELECT 1 FROM installations WHERE app = ?3 AND bucket = ?2 AND user_id = ?4)`,
      ).run(hash48(app, userId), bucket, app, userId);
    },

    flush() {
      for (const { kind, optedOut, by } of sizes.values()) {
        const language = kind.language ?? '';
        if (by !== 0)
          sql(
            `INSERT INTO installation_counts VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET size = size + excluded.size`,
          ).run(kind.app, kind.platform, language, kind.permission ?? '', Number(optedOut), by);
        if (by > 0) addLanguage(db, language);
      }
      sizes.clear();
      for (const { app, zone, by } of inZones.values())
        if (by !== 0)
          sql(
            `INSERT INTO zone_counts VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET size = size + excluded.size`,
          ).run(app, zone, by);
      inZones.clear();
    },
  };
}

/** In which languages an audience of any of these finds its installations. */
export const inLanguages = (languages: string[]) => ({
  text: `IN (SELECT language FROM languages WHERE key IN (${languages.map(() => '?').join(',')}))`,
  values: languages.map(languageKey),
});

function addLanguage({ sql }: Database, language: string) {
  if (language === '') return;
  for (const key of languagesRead(language))
    sql('INSERT OR IGNORE INTO languages VALUES (?, ?)').run(key, language);
}

/** At each start: another version may say otherwise which they read. */
function readLanguages(db: Database) {
  db.transaction(() => {
    db.sql('DELETE FROM languages').run();
    const stored = db.sql<{ language: string }>(
      'SELECT DISTINCT language FROM installation_counts',
    );
    for (const { language } of stored.all()) addLanguage(db, language);
  });
}

export type Lookups = ReturnType<typeof sqliteLookups>;

/** The buckets of an app's installations with any of these tokens, or of any of these users. */
export function bucketsOf(
  { sql }: Database,
  of: 'tokens' | 'users',
  app: string,
  values: string[],
) {
  const { text, values: hashes } = oneOf(values.map((it) => hash48(app, it)));
  return sql<{ bucket: number }>(`SELECT DISTINCT bucket FROM ${of} WHERE hash ${text}`)
    .all(...hashes)
    .map((it) => it.bucket);
}

/** The same text however many there are; SQLite makes a table of them, but not for a single one. */
export const oneOf = (numbers: number[]): { text: string; values: (string | number)[] } =>
  numbers.length === 1
    ? { text: '= ?', values: numbers }
    : { text: 'IN (SELECT value FROM json_each(?))', values: [JSON.stringify(numbers)] };
