/** What an audience is in SQL: its text, its values, and what must still be decided of each row. */

import type { SQLOutputValue } from 'node:sqlite';
import type { Matchable } from '../../model/audience/matches.ts';
import { bucketOf, type Cursor } from '../../model/bucket.ts';
import type { Carried, Reached } from '../../model/installation.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { AudienceRead } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { bucketsOf, inLanguages, oneOf } from './lookups.ts';

type Value = string | number | bigint;
/** bucket, id, provider, environment, token, and the columns that are read besides */
type Row = SQLOutputValue[];

export const positionOf = ([bucket, id]: Row) => ({ bucket: bucket as number, id: id as string });

export const holes = (values: unknown[]) => values.map(() => '?').join(',');

/** The audience itself, or a part of its `and`, that names its recipients. */
export const naming = (it: Audience): Audience | undefined =>
  it.installationIds || it.tokens || it.userIds
    ? it
    : it.and?.map(naming).find((inner) => inner !== undefined);

/** How an audience is read, a window of buckets after the other. */
export interface AudienceQuery {
  /** the share of all buckets that a window has */
  share: number;
  /** what must still hold for a row to be in the audience; null: nothing */
  rest: Audience | null;
  read: (row: Row) => Matchable & Reached;
  /** Rows after the cursor, below the bucket `end`, in order: the first `wanted`, or all. */
  rowsOf(after: Cursor, end: number, wanted: number): Row[];
}

/**
 * A scan reads at most this share of the bucket space in one go, then lets others run: 1/64 of a
 * million installations takes 15 ms.
 */
const STEP = 1 / 64;

/**
 * Everything about an audience, in (bucket, id) order after a cursor. The clustered key finds
 * installation ids by itself; for users and tokens it is told where to look.
 */
export function queryOf(
  db: Database,
  { app, audience, movedSince, carried = [] }: Omit<AudienceRead, 'range' | 'after' | 'size'>,
): AudienceQuery {
  const { userIds, installationIds, tokens } = naming(audience) ?? {};
  const { text, values, rest } = conditionsOf(audience);
  const buckets = installationIds
    ? null
    : tokens
      ? bucketsOf(db, 'tokens', app, tokens)
      : userIds && bucketsOf(db, 'users', app, userIds);
  const read = columnsOf(rest, carried);
  const scans = !(userIds || tokens || installationIds);
  const isMoved = movedSince === undefined ? '' : 'AND moved_at >= ?';
  const all = [
    app,
    ...(buckets ? oneOf(buckets).values : []),
    ...(movedSince === undefined ? [] : [movedSince]),
    ...values,
  ];
  const statement = `SELECT ${selected(read)} FROM installations ${isMoved && scans ? BY_MOVES : ''}
    WHERE app = ? ${buckets ? `AND bucket ${oneOf(buckets).text}` : ''} ${isMoved}
      AND opted_out = 0 AND ${text} AND (bucket, id) > (?, ?) AND bucket < ?
    ORDER BY bucket, id LIMIT ?`;
  return {
    rest,
    read: reader(read),
    share: scans ? STEP : 1,
    rowsOf: ({ bucket, id }, end, wanted) =>
      db.sql(statement).lists(...all, bucket, id, end, wanted),
  };
}

/** The columns that are read: what must be looked at, and what is carried. */
export const columnsOf = (rest: Audience | null, carried: readonly Carried[]): Column[] => [
  ...new Set([...(rest ? COLUMNS.filter((it) => isAbout(rest, it)) : []), ...carried]),
];

/** It has the installations that have ever moved, in the order of their buckets. */
const BY_MOVES = 'INDEXED BY installations_moved';

const columns = {
  platform: 'platform',
  language: 'language',
  userId: 'user_id',
  timeZone: 'time_zone',
  country: 'country',
  permission: 'permission',
  optedOutOf: 'opted_out_of',
  appVersion: 'app_version',
  refreshedAt: 'refreshed_at',
  tags: 'tags',
  attributes: 'attributes',
  movedAt: 'moved_at',
  bucket: 'bucket',
};
type Column = keyof typeof columns;
export const COLUMNS = Object.keys(columns) as Column[];

const isList = (it: Column) => it === 'tags' || it === 'optedOutOf';

/** values of a row before those columns */
const FIXED = ['bucket', 'id', 'provider', 'environment', 'token'];

/** The values of a row, as text of a query. */
export const selected = (read: Column[]) =>
  [...FIXED, ...read.map((it) => `${columns[it]} AS ${it}`)].join(', ');

/** Columns that are NULL are left out. */
export function reader(read: Column[]): (row: Row) => Matchable & Reached {
  const isJson = read.map((it) => isList(it) || it === 'attributes');
  return (row) => {
    const [, id, provider, environment, token] = row;
    const it: Record<string, unknown> = { id, provider, environment, token };
    for (let i = 0; i < read.length; i++) {
      const value = row[FIXED.length + i];
      if (value !== null) it[read[i]!] = isJson[i] ? JSON.parse(value as string) : value;
    }
    return it as unknown as Matchable & Reached;
  };
}

export interface Sql {
  text: string;
  values: Value[];
}

/** `rest` is what must still be looked at, null if the text says it all. */
interface Decided extends Sql {
  rest: Audience | null;
}

export const condition = (text: string, values: Value[] = []): Sql => ({ text, values });

export const joined = (all: Sql[], by: ' AND ' | ' OR '): Sql => ({
  text: all.length === 0 ? 'TRUE' : all.map((it) => it.text).join(by),
  values: all.flatMap((it) => it.values),
});

/**
 * The text holds for every installation in the audience; without a `rest`, for no other. `+column`
 * keeps SQLite from an index that would lose the order: reading on in the clustered order beats
 * sorting. Attributes and versions compare as `matches` says, which is not how SQLite does.
 */
export function conditionsOf(audience: Audience): Decided {
  const { platform, language, userIds, installationIds, tokens, tags } = audience;
  const { attributes, appVersion, category, lastSeen, and, or, not } = audience;
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
  // not decided here, so that those who opted out of it are counted while they are read
  if (category !== undefined) rest.push({ category });
  if (audience.opened) rest.push({ opened: audience.opened });
  if (audience.notOpened) rest.push({ notOpened: audience.notOpened });
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
export function isAbout({ and = [], or = [], not, ...own }: Audience, field: string): boolean {
  const named =
    { userId: 'userIds', refreshedAt: 'lastSeen', optedOutOf: 'category' }[field] ?? field;
  return (
    own[named as keyof typeof own] !== undefined ||
    [...and, ...or, ...(not ? [not] : [])].some((it) => isAbout(it, field))
  );
}
