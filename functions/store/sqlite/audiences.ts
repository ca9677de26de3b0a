/** Audiences: what SQL can decide is decided there, the rest while the rows are read. */

import type { SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Matchable, matches } from '../../model/audience/matches.ts';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Carried, Reached } from '../../model/installation.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { bucketsOf, hash48, inLanguages, oneOf } from './lookups.ts';

/**
 * A scan reads at most this share of the bucket space in one go, then lets others run: 1/64 of a
 * million installations takes 15 ms.
 */
const STEP = BUCKETS / 64;
/** Rows read in one query if each must still be matched: about 20 ms. */
const LOOKED_AT = 4_000;

type Value = string | number | bigint;
/** bucket, id, provider, environment, token, and the columns that are read besides */
type Row = SQLOutputValue[];

const positionOf = ([bucket, id]: Row) => ({ bucket: bucket as number, id: id as string });

export function sqliteAudiences(db: Database) {
  const { sql } = db;
  return {
    estimateAudience: async (app, audience) => sizeOf(db, app, audience),

    countsExactly: (audience) =>
      Object.keys(audience).every((it) => it === 'platform' || it === 'language'),

    async *streamAudience({ app, audience, range, after, size, carried = [] }) {
      const query = queryOf(db, app, audience, carried);
      const step = query.scans ? STEP : BUCKETS;
      let cursor = after ?? { bucket: range.from, id: '' };
      let last = cursor;
      let page: Reached[] = [];
      for (let end = cursor.bucket; end < range.to; ) {
        end = Math.min(end + step, range.to);
        for (;;) {
          const wanted = query.decides ? size - page.length : LOOKED_AT;
          const { bucket, id } = cursor;
          const rows = sql(query.text).lists(...query.values, bucket, id, end, wanted);
          for (const row of rows) {
            const it = query.read(row);
            if (it === null) continue;
            last = positionOf(row);
            if (page.push(it) < size) continue;
            yield { installations: page, cursor: last };
            page = [];
          }
          if (rows.length > 0) cursor = positionOf(rows.at(-1)!);
          // a statement of SQLite is whole or throws, so these are the last
          if (rows.length < wanted) break;
          // nothing here waits for anything, so others would have to until the range is read
          await nextTurn();
        }
        cursor = { bucket: end, id: '' };
        if (query.scans) await nextTurn();
      }
      if (page.length > 0) yield { installations: page, cursor: last };
    },

    pagesState: async () => [],

    async registeredTokens(app, tokens) {
      const rows = sql<{ token: string }>(
        `SELECT token FROM installations
         WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND token IN (${holes(tokens)})`,
      ).all(app, JSON.stringify(bucketsOf(db, 'tokens', app, tokens)), ...tokens);
      return rows.map((row) => row.token);
    },
  } satisfies Partial<Store>;
}

const holes = (values: unknown[]) => values.map(() => '?').join(',');

/** At most what its narrowest condition has, and together what those of an `or` have. */
function sizeOf(db: Database, app: string, audience: Audience): number {
  const { installationIds, tokens, and = [], or } = audience;
  const inner = (it: Audience) => sizeOf(db, app, it);
  const { text, values } = counted(app, audience);
  return Math.min(
    db.sql<{ size: number | null }>(text).get(...values)?.size ?? 0,
    ...[installationIds, tokens].flatMap((it) => (it ? [it.length] : [])),
    ...and.map(inner),
    ...(or ? [or.map(inner).reduce((sum, it) => sum + it, 0)] : []),
  );
}

/** The audience itself, or a part of its `and`, that names its recipients. */
const naming = (it: Audience): Audience | undefined =>
  it.installationIds || it.tokens || it.userIds
    ? it
    : it.and?.map(naming).find((inner) => inner !== undefined);

/** What is counted as it is written, less those who opted out: they are few, and have an index. */
function counted(app: string, { userIds, platform, language }: Audience): Sql {
  if (userIds) {
    const hashes = userIds.map((it) => hash48(app, it));
    return condition(`SELECT count(*) AS size FROM users WHERE hash IN (${holes(hashes)})`, hashes);
  }
  const all = [condition('app = ?', [app])];
  if (platform) all.push(condition(`platform IN (${holes(platform)})`, platform));
  if (language) {
    const { text, values } = inLanguages(language);
    all.push(condition(`language ${text}`, values));
  }
  const { text, values } = joined(all, ' AND ');
  return condition(
    `SELECT (SELECT sum(size) FROM installation_counts WHERE ${text}) -
       (SELECT count(*) FROM installations WHERE opted_out = 1 AND ${text}) AS size`,
    [...values, ...values],
  );
}

/**
 * Everything about an audience, in (bucket, id) order after a cursor. The clustered key finds
 * installation ids by itself; for users and tokens it is told where to look.
 */
function queryOf(db: Database, app: string, audience: Audience, carried: readonly Carried[]) {
  const { userIds, installationIds, tokens } = naming(audience) ?? {};
  const { text, values, rest } = conditionsOf(audience);
  const buckets = installationIds
    ? null
    : tokens
      ? bucketsOf(db, 'tokens', app, tokens)
      : userIds && bucketsOf(db, 'users', app, userIds);
  const looked = rest ? Object.keys(columns).filter((it) => isAbout(rest, it)) : [];
  const read = [...new Set([...looked, ...carried])] as Column[];
  const more = read.map((it) => `, ${columns[it]} AS ${it}`).join('');
  return {
    scans: !(userIds || tokens || installationIds),
    values: [app, ...(buckets ? oneOf(buckets).values : []), ...values],
    text: `SELECT bucket, id, provider, environment, token${more} FROM installations
           WHERE app = ? ${buckets ? `AND bucket ${oneOf(buckets).text}` : ''}
             AND opted_out = 0 AND ${text} AND (bucket, id) > (?, ?) AND bucket < ?
           ORDER BY bucket, id LIMIT ?`,
    /** every row is in the audience */
    decides: rest === null,
    read: reader(read, rest),
  };
}

const columns = {
  platform: 'platform',
  language: 'language',
  userId: 'user_id',
  timeZone: 'time_zone',
  country: 'country',
  permission: 'permission',
  appVersion: 'app_version',
  refreshedAt: 'refreshed_at',
  tags: 'tags',
  attributes: 'attributes',
};
type Column = keyof typeof columns;
/** values of a row before those columns */
const FIXED = 5;

/** Null for a row that is not in the audience after all. Columns that are NULL are left out. */
function reader(read: Column[], rest: Audience | null): (row: Row) => Reached | null {
  const isJson = read.map((it) => it === 'tags' || it === 'attributes');
  return (row) => {
    const [, id, provider, environment, token] = row;
    const it: Record<string, unknown> = { id, provider, environment, token };
    for (let i = 0; i < read.length; i++) {
      const value = row[FIXED + i];
      if (value !== null) it[read[i]!] = isJson[i] ? JSON.parse(value as string) : value;
    }
    return rest === null || matches(rest, it as unknown as Matchable)
      ? (it as unknown as Reached)
      : null;
  };
}

interface Sql {
  text: string;
  values: Value[];
}

/** `rest` is what must still be looked at, null if the text says it all. */
interface Decided extends Sql {
  rest: Audience | null;
}

const condition = (text: string, values: Value[] = []): Sql => ({ text, values });

const joined = (all: Sql[], by: ' AND ' | ' OR '): Sql => ({
  text: all.length === 0 ? 'TRUE' : all.map((it) => it.text).join(by),
  values: all.flatMap((it) => it.values),
});

/**
 * The text holds for every installation in the audience; without a `rest`, for no other. `+column`
 * keeps SQLite from an index that would lose the order: reading on in the clustered order beats
 * sorting. Attributes and versions compare as `matches` says, which is not how SQLite does.
 */
function conditionsOf(audience: Audience): Decided {
  const { platform, language, userIds, installationIds, tokens, tags } = audience;
  const { attributes, appVersion, lastSeen, and, or, not } = audience;
  const all: Sql[] = [];
  const rest: Audience[] = [];
  const add = (text: string, values: Value[]) => all.push(condition(text, values));
  if (userIds) add(`user_id IN (${holes(userIds)})`, userIds);
  if (tokens) add(`token IN (${holes(tokens)})`, tokens);
  // one is the usual push to one; for a list SQLite makes a table first, which takes four times as long
  if (installationIds?.length === 1)
    add('(bucket = ? AND id = ?)', [bucketOf(installationIds[0]!), installationIds[0]!]);
  // by pairs: two lists of 100 would be 10,000 keys to look for
  else if (installationIds)
    add(
      `(bucket, id) IN (VALUES ${installationIds.map(() => '(?,?)').join(',')})`,
      installationIds.flatMap((id) => [bucketOf(id), id]),
    );
  if (platform) add(`+platform IN (${holes(platform)})`, platform);
  if (language) {
    const { text, values } = inLanguages(language);
    add(`+language ${text}`, values);
  }
  for (const [column, list] of [
    ['time_zone', audience.timeZone],
    ['country', audience.country],
    ['permission', audience.permission],
  ] as const)
    if (list) add(`${column} IN (${holes(list)})`, list);
  if (lastSeen?.after) add('refreshed_at >= ?', [Date.parse(lastSeen.after)]);
  if (lastSeen?.before) add('refreshed_at < ?', [Date.parse(lastSeen.before)]);
  const tagged = (list: string[]) =>
    `EXISTS (SELECT 1 FROM json_each(tags) WHERE value IN (${holes(list)}))`;
  if (tags?.any) add(tagged(tags.any), tags.any);
  if (tags && 'all' in tags) for (const tag of tags.all ?? []) add(tagged([tag]), [tag]);
  if (tags && 'none' in tags && tags.none) add(`NOT ${tagged(tags.none)}`, tags.none);
  if (attributes) rest.push({ attributes });
  if (appVersion) rest.push({ appVersion });
  for (const each of and ?? []) {
    const inner = conditionsOf(each);
    all.push(inner);
    if (inner.rest) rest.push(inner.rest);
  }
  if (or) {
    const inner = or.map(conditionsOf);
    add(`(${joined(inner, ' OR ').text})`, joined(inner, ' OR ').values);
    if (inner.some((it) => it.rest)) rest.push({ or });
  }
  if (not) {
    const inner = conditionsOf(not);
    if (inner.rest) rest.push({ not });
    // what is not known (NULL) is not so, and its opposite is
    else add(`NOT ifnull(${inner.text}, 0)`, inner.values);
  }
  const { text, values } = joined(all, ' AND ');
  return { text: `(${text})`, values, rest: rest.length > 0 ? { and: rest } : null };
}

/** Whether anything in it needs that field of an installation. */
function isAbout({ and = [], or = [], not, ...own }: Audience, field: string): boolean {
  const named = { userId: 'userIds', refreshedAt: 'lastSeen' }[field] ?? field;
  return (
    own[named as keyof typeof own] !== undefined ||
    [...and, ...or, ...(not ? [not] : [])].some((it) => isAbout(it, field))
  );
}
