/**
 * Rows of the table `installations`, and how they are written and removed with everything beside
 * them.
 */

import { bucketOf } from '../../model/bucket.ts';
import type { Installation } from '../../model/installation.ts';
import type { ImportCounts, ImportedInstallation } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { lastOfEach } from '../last-of-each.ts';
import { type Findable, hash48, hash48of, type Lookups } from './lookups.ts';

export interface Row {
  app: string;
  bucket: number;
  id: string;
  platform: Installation['platform'];
  provider: Installation['provider'];
  environment: Installation['environment'];
  token: string;
  language: string | null;
  time_zone: string | null;
  user_id: string | null;
  /** JSON, as are the attributes */
  tags: string;
  attributes: string;
  refreshed_at: number;
  app_version: string | null;
  country: string | null;
  opted_out: 0 | 1;
}

/** The columns that `fromRow` reads. */
export const FIELDS = `app, bucket, id, platform, provider, environment, token, language, time_zone,
  user_id, tags, attributes, refreshed_at, app_version, country, opted_out`;

/** A row that does not mention the opt-out keeps the stored one. */
const PUT = `
  INSERT INTO installations (${FIELDS}, digest)
  VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,coalesce(?16, 0),?17)
  ON CONFLICT DO UPDATE SET platform = ?4, provider = ?5, environment = ?6, token = ?7,
    language = ?8, time_zone = ?9, user_id = ?10, tags = ?11, attributes = ?12, refreshed_at = ?13,
    app_version = ?14, country = ?15, opted_out = coalesce(?16, opted_out), digest = ?17`;

const FINDABLE = 'app, bucket, id, token, user_id AS userId, platform, language';
type Found = Findable & { id: string };

const KEY = 'app = ? AND bucket = ? AND id = ?';

/** What `unchanged` compares beside the digest of a row. */
export interface Known {
  digest: number | null;
  opted_out: 0 | 1;
  refreshed_at: number;
}

export type Rows = ReturnType<typeof sqliteRows>;

/** All of these run inside a transaction that begins and ends with those of `lookups`. */
export function sqliteRows(db: Database, lookups: Lookups) {
  const { sql } = db;
  const { leave, remove } = removal(db, lookups);

  /**
   * Writes the rows that are not `unchanged`, in the order they lie on disk; then the lookups, in
   * theirs. So an import touches each page once.
   */
  function write(
    batch: ImportedInstallation[],
    now: number,
    unchanged: (it: ImportedInstallation, digest: number, known: Known) => boolean,
  ): ImportCounts & { rows: ImportedInstallation[] } {
    const rows = lastOfEach(batch).sort((a, b) => a.bucket - b.bucket);
    const counts = { inserted: 0, updated: 0, unchanged: 0, tokensMoved: 0 };
    const tokens: { hashed: number; it: ImportedInstallation }[] = [];
    const users: { hashed: number; bucket: number }[] = [];
    const moved: { old: Found; isAnothers: boolean }[] = [];
    const find = sql<Known>(
      `SELECT digest, opted_out, refreshed_at FROM installations WHERE ${KEY}`,
    );
    const findOld = sql<Found>(`SELECT ${FINDABLE} FROM installations WHERE ${KEY}`);
    for (const it of rows) {
      const { app, bucket, id } = it;
      const tags = JSON.stringify(it.tags);
      const attributes = JSON.stringify(it.attributes);
      const digest = digestOf(it, tags, attributes);
      const known = find.get(app, bucket, id);
      if (known && unchanged(it, digest, known)) {
        counts.unchanged++;
        continue;
      }
      const old = known && findOld.get(app, bucket, id);
      const userId = it.userId ?? null;
      const asBefore = old?.token === it.token ? known!.refreshed_at : now;
      put(it, { tags, attributes, refreshedAt: it.refreshedAt ?? asBefore, digest });
      lookups.count(it, 1);
      if (old) lookups.count(old, -1);
      if (old) counts.updated++;
      else counts.inserted++;
      if (old?.token !== it.token) {
        if (old) lookups.dropToken(old);
        tokens.push({ hashed: hash48(app, it.token), it });
      }
      const isAnothers = (old?.userId ?? null) !== userId;
      if (old && (isAnothers || old.token !== it.token)) moved.push({ old, isAnothers });
      if (isAnothers && userId !== null) users.push({ hashed: hash48(app, userId), bucket });
    }
    counts.tokensMoved = takeTokens(tokens);
    for (const { hashed, bucket } of users.sort((a, b) => a.hashed - b.hashed))
      lookups.addUser(hashed, bucket);
    for (const { old, isAnothers } of moved) leave(old, isAnothers);
    return { ...counts, superseded: batch.length - rows.length, rows };
  }

  /** Removes other installations with these tokens, and returns how many there were. */
  function takeTokens(tokens: { hashed: number; it: ImportedInstallation }[]): number {
    let removed = 0;
    for (const { hashed, it } of tokens.sort((a, b) => a.hashed - b.hashed)) {
      for (const bucket of lookups.tokenBuckets(hashed))
        removed += remove(
          'app = ? AND bucket = ? AND token = ? AND id <> ?',
          it.app,
          bucket,
          it.token,
          it.id,
        );
      lookups.addToken(hashed, it.bucket);
    }
    return removed;
  }

  const put = (
    it: ImportedInstallation,
    made: { tags: string; attributes: string; refreshedAt: number; digest: number },
  ) =>
    sql(PUT).run(
      it.app,
      it.bucket,
      it.id,
      it.platform,
      it.provider,
      it.environment,
      it.token,
      it.language ?? null,
      it.timeZone ?? null,
      it.userId ?? null,
      made.tags,
      made.attributes,
      made.refreshedAt,
      it.appVersion ?? null,
      it.country ?? null,
      it.optedOut === undefined ? null : Number(it.optedOut),
      made.digest,
    );

  const get = (app: string, id: string): Installation | null => {
    const row = sql<Row>(`SELECT ${FIELDS} FROM installations WHERE ${KEY}`).get(
      app,
      bucketOf(id),
      id,
    );
    return row ? fromRow(row) : null;
  };

  const withToken = (app: string, token: string): Installation[] =>
    lookups
      .tokenBuckets(hash48(app, token))
      .flatMap((bucket) =>
        sql<Row>(
          `SELECT ${FIELDS} FROM installations WHERE app = ? AND bucket = ? AND token = ?`,
        ).all(app, bucket, token),
      )
      .map(fromRow);

  return { write, remove, get, withToken };
}

function removal({ sql }: Database, lookups: Lookups) {
  /**
   * Stores that the installation belonged to its user until now: their erasure has to find what was
   * sent to it.
   */
  const leave = (it: Found, isAnothers = true) => {
    if (it.userId === null) return;
    if (isAnothers) lookups.dropUser(it);
    sql(`INSERT OR REPLACE INTO former_users VALUES (?, ?, ?, ?, unixepoch() * 1000)`).run(
      it.userId,
      it.app,
      it.id,
      it.token,
    );
  };

  /** Removes the installations that the condition describes, and returns how many there were. */
  const remove = (condition: string, ...values: (string | number)[]): number => {
    const removed = sql<Found>(
      `DELETE FROM installations WHERE ${condition} RETURNING ${FINDABLE}`,
    ).all(...values);
    for (const it of removed) {
      lookups.dropToken(it);
      leave(it);
      lookups.count(it, -1);
      sql(`DELETE FROM badges WHERE ${KEY}`).run(it.app, it.bucket, it.id);
    }
    return removed.length;
  };

  return { leave, remove };
}

/**
 * 48 bits over all that an import compares. The opt-out is not part of it, since a row may leave it
 * out. Free texts come last, after their lengths, so that no two rows run together to the same text.
 */
const digestOf = (it: ImportedInstallation, tags: string, attributes: string) =>
  hash48of(
    `${it.platform} ${it.provider} ${it.environment} ${it.token} ${it.language} ${it.timeZone} ${
      it.country
    } ${it.appVersion?.length} ${it.userId?.length} ${it.appVersion}${it.userId}${tags}${attributes}`,
  );

export const fromRow = (row: Row): Installation => ({
  app: row.app,
  bucket: row.bucket,
  id: row.id,
  platform: row.platform,
  provider: row.provider,
  environment: row.environment,
  token: row.token,
  ...(row.language !== null && { language: row.language }),
  ...(row.time_zone !== null && { timeZone: row.time_zone }),
  ...(row.country !== null && { country: row.country }),
  ...(row.app_version !== null && { appVersion: row.app_version }),
  ...(row.user_id !== null && { userId: row.user_id }),
  ...(row.opted_out === 1 && { optedOut: true }),
  tags: JSON.parse(row.tags),
  attributes: JSON.parse(row.attributes),
  refreshedAt: row.refreshed_at,
});
