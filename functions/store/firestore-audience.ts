/**
 * Audiences: what Firestore's indexes find of one, and what is left out while it is read.
 *
 * A read document is paid for, so an index narrows as far as it can: user id, a tag, or platform and
 * language. Tags together with others would be found by merging indexes, slowly, and
 * `none` not at all; https://firebase.google.com/docs/firestore/query-data/index-overview
 */

import type { Query } from '@google-cloud/firestore';
import type { Audience } from '../pipeline/campaign.ts';
import { BUCKETS, bucketOf, platforms } from '../pipeline/installation.ts';
import type { AudiencePage, BucketRange, Cursor, Store } from '../ports.ts';
import { inGroupsOf } from './each.ts';
import type { Client } from './firestore-client.ts';
import {
  BY_NAME,
  bucketName,
  END,
  type InstallationFields,
  idOf,
  type Schema,
  type TokenFields,
} from './firestore-schema.ts';
import { merged, pagesOf } from './sorted.ts';

/** Alternatives in one query: `in` and `array-contains-any`, multiplied. */
const MAX_ALTERNATIVES = 30;
/** Documents read at once, where fewer are wanted, or more. */
const [MIN_PAGE, MAX_PAGE] = [300, 2_000];

/** More than this takes longer than a call may, and is counted in parts, side by side. */
const COUNTED_TOGETHER = 1_000_000;
const COUNTED_IN_PARTS = 32;

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

interface Condition {
  field: keyof InstallationFields;
  holds(it: InstallationFields): boolean;
}

interface Found {
  name: string;
  fields: InstallationFields;
}

const byName = (a: Found, b: Found) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const ALWAYS = ['provider', 'environment', 'token'] as const;

export function firestoreAudience(
  client: Client,
  schema: Schema,
  countedTogether = COUNTED_TOGETHER,
) {
  return {
    async estimateAudience(app, audience) {
      if (audience.installationIds) return audience.installationIds.length;
      if (audience.tokens) return audience.tokens.length;
      const { queries } = narrowed(schema.installations, audience);
      const sizes = await Promise.all(queries.map((it) => sizeOf(it, app)));
      return sum(sizes);
    },

    async *streamAudience(app, audience, range, after, size) {
      if (after && after.bucket >= range.to) return;
      const ids = audience.installationIds ?? (await withTokens(app, audience.tokens));
      const { lists, conditions } = ids
        ? byIds(app, audience, ids, range, after)
        : byQueries(app, audience, range, after, size);
      let page: AudiencePage['installations'] = [];
      let cursor: Cursor | undefined;
      for await (const found of merged(lists, byName))
        for (const { name, fields } of found) {
          if (!conditions.every((it) => it.holds(fields))) continue;
          const { provider, environment, token } = fields;
          cursor = idOf(name);
          page.push({ id: cursor.id, provider, environment, token });
          if (page.length < size) continue;
          yield { installations: page, cursor };
          page = [];
        }
      if (page.length > 0) yield { installations: page, cursor: cursor! };
    },
  } satisfies Partial<Store>;

  async function sizeOf(query: Query, app: string) {
    const between = (from: number, to: number) =>
      query.orderBy(BY_NAME).startAt(bucketName(app, from)).endBefore(bucketName(app, to));
    const count = async (some: Query) => (await client.read(() => some.count().get())).data().count;
    const size = await count(between(0, BUCKETS).limit(countedTogether));
    if (size < countedTogether) return size;
    const part = BUCKETS / COUNTED_IN_PARTS;
    const parts = Array.from({ length: COUNTED_IN_PARTS }, (_, i) => i * part);
    return sum(await Promise.all(parts.map((from) => count(between(from, from + part)))));
  }

  async function withTokens(app: string, tokens: string[] | undefined) {
    if (!tokens) return null;
    const refs = [...new Set(tokens)].map((it) => schema.token(app, it));
    const found = await client.get(refs);
    return found.flatMap((it) => (it.exists ? (it.data() as TokenFields).id : []));
  }

  function byQueries(
    app: string,
    audience: Audience,
    range: BucketRange,
    after: Cursor | null,
    size: number,
  ) {
    const { queries, conditions } = narrowed(schema.installations, audience);
    const limit = Math.max(MIN_PAGE, Math.min(MAX_PAGE, size));
    const fields = new Set<string>([...ALWAYS, ...conditions.map((it) => it.field)]);
    const start = after
      ? `${bucketName(app, after.bucket)}${END}${after.id}`
      : bucketName(app, range.from);
    const lists = queries.map((query) => {
      const inOrder = query
        .select(...fields)
        .orderBy(BY_NAME)
        .endBefore(bucketName(app, range.to))
        .limit(limit);
      const read = async (last: Found | null) => {
        const { docs } = await client.read(() => inOrder.startAfter(last?.name ?? start).get());
        return docs.map((it) => ({ name: it.id, fields: it.data() as InstallationFields }));
      };
      return pagesOf(read, limit, true);
    });
    return { lists, conditions };
  }

  function byIds(
    app: string,
    audience: Audience,
    ids: string[],
    range: BucketRange,
    after: Cursor | null,
  ) {
    const conditions = conditionsOf(audience);
    const fields = new Set<string>([...ALWAYS, ...conditions.map((it) => it.field)]);
    const start = after && `${bucketName(app, after.bucket)}${END}${after.id}`;
    const refs = [...new Set(ids)]
      .filter((id) => bucketOf(id) >= range.from && bucketOf(id) < range.to)
      .map((id) => schema.installation(app, id))
      .filter((ref) => !start || ref.id > start);
    const list = async function* () {
      const documents = await client.get(refs, [...fields]);
      yield documents
        .filter((it) => it.exists)
        .map((it) => ({ name: it.id, fields: it.data() as InstallationFields }))
        .sort(byName);
    };
    return { lists: [list()], conditions };
  }
}

/**
 * Queries that together find an audience, and what they do not look at. An installation may be
 * found by two of them, for two tags.
 */
function narrowed(all: Query, audience: Audience) {
  const { language, userIds, tags = {} } = audience;
  const { any, all: every }: { any?: string[]; all?: string[] } = tags;
  const platform = new Set(audience.platform ?? platforms);
  const some = platform.size < platforms.length;
  const isOneOf = (field: keyof InstallationFields, values: Iterable<string>, times = 1) =>
    inGroupsOf(Math.floor(MAX_ALTERNATIVES / times), [...new Set(values)]).map((group) =>
      all.where(field, 'in', group),
    );
  const without = (queries: Query[], ...fields: Condition['field'][]) => ({
    queries,
    conditions: conditionsOf(audience).filter((it) => !fields.includes(it.field)),
  });
  if (userIds) return without(isOneOf('userId', userIds), 'userId');
  if (every) return without([all.where('tags', 'array-contains', every[0])]);
  if (any)
    return without(
      inGroupsOf(MAX_ALTERNATIVES, [...new Set(any)]).map((group) =>
        all.where('tags', 'array-contains-any', group),
      ),
    );
  const onPlatform = (it: Query) => (some ? it.where('platform', 'in', [...platform]) : it);
  if (!language) return without([onPlatform(all)], 'platform');
  const spoken = isOneOf('language', language, some ? platform.size : 1);
  return without(spoken.map(onPlatform), 'platform', 'language');
}

/** The meaning of an audience; ids are in the documents' names. */
function conditionsOf(audience: Audience): Condition[] {
  const { platform, language, userIds, tokens, tags = {} } = audience;
  const { any, all, none }: { any?: string[]; all?: string[]; none?: string[] } = tags;
  const conditions: Condition[] = [];
  const add = (field: Condition['field'], holds: Condition['holds']) =>
    conditions.push({ field, holds });
  const isOneOf = (field: 'platform' | 'language' | 'userId' | 'token', values?: string[]) => {
    const wanted = new Set<string | undefined>(values);
    if (values) add(field, (it) => wanted.has(it[field]));
  };
  isOneOf('platform', platform);
  isOneOf('language', language);
  isOneOf('userId', userIds);
  isOneOf('token', tokens);
  if (any) add('tags', (it) => any.some((tag) => it.tags.includes(tag)));
  if (all) add('tags', (it) => all.every((tag) => it.tags.includes(tag)));
  if (none) add('tags', (it) => !none.some((tag) => it.tags.includes(tag)));
  return conditions;
}
