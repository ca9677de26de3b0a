/** Installations: put, get, change, delete. An import does the same in its own way. */

import { bucketOf } from '../../model/bucket.ts';
import type { Installation } from '../../model/installation.ts';
import type { ImportCounts, ImportedInstallation, Store } from '../../ports/ports.ts';
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
  tags: string;
  attributes: string;
  refreshed_at: number;
  app_version: string | null;
  country: string | null;
  opted_out: 0 | 1;
}

export const FIELDS = `app, bucket, id, platform, provider, environment, token, language, time_zone,
  user_id, tags, attributes, refreshed_at, app_version, country, opted_out`;

/** Who has opted out stays so until the opposite is said. */
const PUT = `
  INSERT INTO installations (${FIELDS}, digest)
  VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,coalesce(?16, 0),?17)
  ON CONFLICT DO UPDATE SET platform = ?4, provider = ?5, environment = ?6, token = ?7,
    language = ?8, time_zone = ?9, user_id = ?10, tags = ?11, attributes = ?12, refreshed_at = ?13,
    app_version = ?14, country = ?15, opted_out = coalesce(?16, opted_out), digest = ?17`;

const FINDABLE = 'app, bucket, id, token, user_id AS userId, platform, language';
type Found = Findable & { id: string };

/** What tells a row of an import from the one that is there; the rest is in the digest. */
export interface Known {
  digest: number | null;
  opted_out: 0 | 1;
  refreshed_at: number;
}

export type Rows = ReturnType<typeof sqliteRows>;

/** How rows are written and removed, everything beside them included. For a transaction's inside. */
export function sqliteRows({ sql }: Database, lookups: Lookups) {
  /** Whose it was is remembered: what was sent to it may have to be found for that user. */
  const left = (it: Found, isAnothers = true) => {
    if (it.userId === null) return;
    if (isAnothers) lookups.dropUser(it);
    sql(`INSERT OR REPLACE INTO former_users VALUES (?, ?, ?, ?, unixepoch() * 1000)`).run(
      it.userId,
      it.app,
      it.id,
      it.token,
    );
  };

  const gone = (all: Found[]) => {
    for (const it of all) {
      lookups.dropToken(it);
      left(it);
      lookups.count(it, -1);
      sql('DELETE FROM badges WHERE app = ? AND bucket = ? AND id = ?').run(
        ...[it.app, it.bucket, it.id],
      );
    }
    return all.length;
  };

  /** Removes what the condition names and returns how many that were. */
  const remove = (condition: string, ...values: (string | number)[]) =>
    gone(
      sql(`DELETE FROM installations WHERE ${condition} RETURNING ${FINDABLE}`).all(
        ...values,
      ) as unknown as Found[],
    );

  /**
   * Writes those that are not `unchanged`, in the order they lie on disk, then what they are found by
   * in its order: an import's pages are touched once.
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
    const key = 'app = ? AND bucket = ? AND id = ?';
    const find = sql(`SELECT digest, opted_out, refreshed_at FROM installations WHERE ${key}`);
    const findOld = sql(`SELECT ${FINDABLE} FROM installations WHERE ${key}`);
    for (const it of rows) {
      const { app, bucket, id } = it;
      const tags = JSON.stringify(it.tags);
      const attributes = JSON.stringify(it.attributes);
      const digest = digestOf(it, tags, attributes);
      const known = find.get(app, bucket, id) as unknown as Known | undefined;
      if (known && unchanged(it, digest, known)) {
        counts.unchanged++;
        continue;
      }
      const old = known && (findOld.get(app, bucket, id) as unknown as Found);
      const userId = it.userId ?? null;
      const asBefore = old?.token === it.token ? known!.refreshed_at : now;
      put(it, tags, attributes, it.refreshedAt ?? asBefore, digest);
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
    for (const { hashed, it } of tokens.sort((a, b) => a.hashed - b.hashed)) {
      for (const bucket of lookups.tokenBuckets(hashed))
        counts.tokensMoved += remove(
          'app = ? AND bucket = ? AND token = ? AND id <> ?',
          ...[it.app, bucket, it.token, it.id],
        );
      lookups.addToken(hashed, it.bucket);
    }
    for (const { hashed, bucket } of users.sort((a, b) => a.hashed - b.hashed))
      lookups.addUser(hashed, bucket);
    for (const { old, isAnothers } of moved) left(old, isAnothers);
    return { ...counts, superseded: batch.length - rows.length, rows };
  }

  const put = (
    it: ImportedInstallation,
    tags: string,
    attributes: string,
    refreshedAt: number,
    digest: number,
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
      tags,
      attributes,
      refreshedAt,
      it.appVersion ?? null,
      it.country ?? null,
      it.optedOut === undefined ? null : Number(it.optedOut),
      digest,
    );

  const get = (app: string, id: string) => {
    const row = sql(
      `SELECT ${FIELDS} FROM installations WHERE app = ? AND bucket = ? AND id = ?`,
    ).get(app, bucketOf(id), id) as Row | undefined;
    return row ? fromRow(row) : null;
  };

  const withToken = (app: string, token: string) =>
    lookups
      .tokenBuckets(hash48(app, token))
      .flatMap((bucket) =>
        sql(`SELECT ${FIELDS} FROM installations WHERE app = ? AND bucket = ? AND token = ?`).all(
          ...[app, bucket, token],
        ),
      )
      .map((row) => fromRow(row as unknown as Row));

  return { write, remove, get, withToken };
}

const always = () => false;

export function sqliteInstallations({ sql, durably }: Database, rows: Rows, lookups: Lookups) {
  const writing = <T>(work: () => T): T =>
    durably(() => {
      lookups.begin();
      const result = work();
      lookups.flush();
      return result;
    });

  const verbs = {
    async putInstallations(batch) {
      writing(() => rows.write(batch, 0, always));
    },

    getInstallation: async (app, id) => rows.get(app, id),

    updateInstallation: async (app, id, change) =>
      writing(() => {
        const it = rows.get(app, id);
        if (!it) return null;
        const changed = change(it);
        rows.write([{ ...changed, optedOut: changed.optedOut ?? false }], 0, always);
        return changed;
      }),

    async setBadge(app, id, count) {
      sql('INSERT OR REPLACE INTO badges VALUES (?,?,?,?)').run(app, bucketOf(id), id, count);
    },

    deleteInstallation: async (app, id) =>
      writing(() => rows.remove('app = ? AND bucket = ? AND id = ?', app, bucketOf(id), id) === 1),
  } satisfies Partial<Store>;

  /**
   * Only the one that was told dead, and only if it has not registered since: whether it was so.
   * Called in the transaction of a chunk.
   */
  function forget(app: string, id: string, token: string, since: number): boolean {
    lookups.begin();
    const removed = rows.remove(
      'app = ? AND bucket = ? AND id = ? AND token = ? AND refreshed_at <= ?',
      app,
      bucketOf(id),
      id,
      token,
      since,
    );
    lookups.flush();
    return removed === 1;
  }

  return { ...verbs, forget, writing };
}

/**
 * 48 bits of all that an import compares. Not the opt-out, which a row may be silent about. What may
 * be any text comes last, with its length before it.
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
