/** Installations and audiences. */

import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Audience } from '../pipeline/campaign.ts';
import { BUCKETS, bucketOf, type Installation } from '../pipeline/installation.ts';
import type { AudiencePage, Store } from '../ports.ts';
import type { Database } from '../sqlite.ts';
import { lastOfEach } from './last-of-each.ts';

/**
 * A scan reads at most this share of the bucket space in one go, then lets others run: 1/64 of a
 * million installations takes 15 ms.
 */
const STEP = BUCKETS / 64;

interface Row {
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
}

const tokenHash = (token: string) => hash('sha1', token, 'buffer').readBigInt64BE();

export function sqliteInstallations({ sql, durably }: Database) {
  const remove = (app: string, id: string) =>
    sql('DELETE FROM installations WHERE app = ? AND bucket = ? AND id = ?').run(
      app,
      bucketOf(id),
      id,
    ).changes === 1;

  const verbs = {
    async putInstallations(batch) {
      const inOrder = lastOfEach(batch).sort((a, b) => a.bucket - b.bucket);
      durably(() => {
        const others = sql(
          'DELETE FROM installations WHERE token_hash = ? AND token = ? AND app = ? AND id <> ?',
        );
        const put = sql(
          'INSERT OR REPLACE INTO installations VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
        );
        for (const it of inOrder) {
          const hashed = tokenHash(it.token);
          others.run(hashed, it.token, it.app, it.id);
          put.run(
            it.app,
            it.bucket,
            it.id,
            it.platform,
            it.provider,
            it.environment,
            it.token,
            hashed,
            it.language ?? null,
            it.timeZone ?? null,
            it.userId ?? null,
            JSON.stringify(it.tags),
            JSON.stringify(it.attributes),
            it.refreshedAt,
          );
        }
      });
    },

    async getInstallation(app, id) {
      const row = sql(
        `SELECT app, bucket, id, platform, provider, environment, token, language, time_zone,
           user_id, tags, attributes, refreshed_at
         FROM installations WHERE app = ? AND bucket = ? AND id = ?`,
      ).get(app, bucketOf(id), id) as Row | undefined;
      return row ? fromRow(row) : null;
    },

    deleteInstallation: async (app, id) => durably(() => remove(app, id)),

    async estimateAudience(app, audience) {
      if (audience.installationIds) return audience.installationIds.length;
      if (audience.tokens) return audience.tokens.length;
      const { where, values } = indexed(app, audience);
      const row = sql(`SELECT count(*) AS size FROM installations WHERE ${where}`).get(...values);
      return row!.size as number;
    },

    async *streamAudience(app, audience, range, after, size) {
      const query = audienceQuery(app, audience);
      const step = query.scans ? STEP : BUCKETS;
      let cursor = after ?? { bucket: range.from, id: '' };
      let page: (AudiencePage['installations'][number] & { bucket: number })[] = [];
      for (let end = cursor.bucket; end < range.to; ) {
        end = Math.min(end + step, range.to);
        for (;;) {
          const wanted = size - page.length;
          const rows = sql(query.text).all(
            ...query.values,
            cursor.bucket,
            cursor.id,
            end,
            wanted,
          ) as typeof page;
          page = page.length === 0 ? rows : page.concat(rows);
          const last = rows.at(-1);
          if (last) cursor = { bucket: last.bucket, id: last.id };
          if (page.length === size) {
            yield { installations: page, cursor };
            page = [];
            // nothing here waits for anything, so others would have to until the range is read
            await nextTurn();
          }
          if (rows.length < wanted) break;
        }
        cursor = { bucket: end, id: '' };
        if (query.scans) await nextTurn();
      }
      const last = page.at(-1);
      if (last) yield { installations: page, cursor: { bucket: last.bucket, id: last.id } };
    },
  } satisfies Partial<Store>;

  /** Only the one that was told dead, and only if it has not registered since. */
  const forget = (app: string, id: string, token: string, since: number) =>
    sql(
      `DELETE FROM installations
       WHERE app = ? AND bucket = ? AND id = ? AND token = ? AND refreshed_at <= ?`,
    ).run(app, bucketOf(id), id, token, since);

  return { ...verbs, forget };
}

const holes = (values: unknown[]) => values.map(() => '?').join(',');

/** The conditions that an index answers alone. */
function indexed(app: string, audience: Audience) {
  const values: string[] = [app];
  let where = 'app = ?';
  for (const [column, list] of [
    ['user_id', audience.userIds],
    ['platform', audience.platform],
    ['language', audience.language],
  ] as const) {
    if (!list || (column !== 'user_id' && audience.userIds)) continue;
    where += ` AND ${column} IN (${holes(list)})`;
    values.push(...list);
  }
  return { where, values };
}

/**
 * Everything about an audience, in (bucket, id) order after a cursor. `+column` keeps SQLite from
 * an index that would lose that order: reading on in the clustered order beats sorting.
 */
function audienceQuery(app: string, audience: Audience) {
  const conditions = ['app = ?'];
  const values: (string | number | bigint)[] = [app];
  const add = (condition: string, list: (string | number | bigint)[]) => {
    conditions.push(condition);
    values.push(...list);
  };
  const { platform, language, userIds, installationIds, tokens, tags } = audience;
  if (userIds) add(`user_id IN (${holes(userIds)})`, userIds);
  if (tokens) add(`token_hash IN (${holes(tokens)})`, tokens.map(tokenHash));
  if (tokens) add(`token IN (${holes(tokens)})`, tokens);
  if (installationIds) {
    add(`bucket IN (${holes(installationIds)})`, installationIds.map(bucketOf));
    add(`id IN (${holes(installationIds)})`, installationIds);
  }
  if (platform) add(`+platform IN (${holes(platform)})`, platform);
  if (language) add(`+language IN (${holes(language)})`, language);
  const tagged = (list: string[]) =>
    `EXISTS (SELECT 1 FROM json_each(tags) WHERE value IN (${holes(list)}))`;
  if (tags?.any) add(tagged(tags.any), tags.any);
  if (tags && 'all' in tags) for (const tag of tags.all ?? []) add(tagged([tag]), [tag]);
  if (tags && 'none' in tags && tags.none) add(`NOT ${tagged(tags.none)}`, tags.none);
  // the clustered key finds installation ids by itself; left alone it would be read whole for others
  const index = installationIds
    ? ''
    : tokens
      ? 'INDEXED BY installations_token'
      : userIds
        ? 'INDEXED BY installations_user'
        : '';
  return {
    scans: !(userIds || tokens || installationIds),
    values,
    text: `SELECT id, provider, environment, token, bucket FROM installations ${index}
           WHERE ${conditions.join(' AND ')} AND (bucket, id) > (?, ?) AND bucket < ?
           ORDER BY bucket, id LIMIT ?`,
  };
}

const fromRow = (row: Row): Installation => ({
  app: row.app,
  bucket: row.bucket,
  id: row.id,
  platform: row.platform,
  provider: row.provider,
  environment: row.environment,
  token: row.token,
  ...(row.language !== null && { language: row.language }),
  ...(row.time_zone !== null && { timeZone: row.time_zone }),
  ...(row.user_id !== null && { userId: row.user_id }),
  tags: JSON.parse(row.tags),
  attributes: JSON.parse(row.attributes),
  refreshedAt: row.refreshed_at,
});
