/**
 * Audiences: what Firestore's indexes find of one, and what is left out while it is read.
 *
 * A read document is paid for, so an index narrows as far as it can: ids, tokens, user ids, a tag, or
 * platform and language, of the audience itself or of any that must hold with it. Tags together with
 * others would be found by merging indexes, slowly, and `none` not at all;
 * https://firebase.google.com/docs/firestore/query-data/index-overview
 * Whatever is found goes through `matches`, which alone says who is in an audience.
 */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { type Matchable, matches } from '../../model/audience/matches.ts';
import { BUCKETS, type BucketRange, bucketOf, type Cursor } from '../../model/bucket.ts';
import { languageKey } from '../../model/canonical/language.ts';
import type { Carried, Reached } from '../../model/installation.ts';
import { platforms } from '../../model/platform.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { Store } from '../../ports/ports.ts';
import { merged } from '../sorted.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import {
  BY_NAME,
  bucketName,
  END,
  type InstallationFields,
  idOf,
  type Schema,
  spokenOn,
  type TokenFields,
} from './schema.ts';

/** Alternatives in one query: `in` and `array-contains-any`, multiplied. */
const MAX_ALTERNATIVES = 30;
/** Fewest and most documents read in one query. */
const [MIN_PAGE, MAX_PAGE] = [300, 2_000];

/** More than this takes longer than a call may, and is counted in parts, side by side. */
const COUNTED_TOGETHER = 1_000_000;
const COUNTED_IN_PARTS = 32;

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

interface Found {
  name: string;
  fields: InstallationFields;
}

const byName = (a: Found, b: Found) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const ALWAYS = ['provider', 'environment', 'token', 'optedOut'] as const;

export function firestoreAudience(
  client: Client,
  schema: Schema,
  countedTogether = COUNTED_TOGETHER,
) {
  return {
    async estimateAudience(app, audience) {
      const { installationIds, tokens, queries } = narrowed(schema.installations, audience);
      const named = installationIds ?? tokens;
      if (named) return named.length;
      return sum(await Promise.all(queries.map((it) => sizeOf(it, app))));
    },

    // one query finds each installation once, also those that opted out or that no index tells apart
    countsExactly(audience) {
      const { installationIds, tokens, queries } = narrowed(schema.installations, audience);
      return !installationIds && !tokens && queries.length === 1;
    },

    async *streamAudience({ app, audience, range, after, size, carried = [] }) {
      if (after && after.bucket >= range.to) return;
      const fields = [...new Set([...ALWAYS, ...fieldsOf(audience), ...carried])];
      const { installationIds, tokens, queries } = narrowed(schema.installations, audience);
      const ids = installationIds ?? (await withTokens(app, tokens));
      const lists = ids
        ? [byIds(app, ids, fields, range, after)]
        : byQueries(app, queries, fields, range, after, size);
      const counted = !ids && queries.length === 1;
      let page: Reached[] = [];
      let cursor: Cursor | undefined;
      let leftOut = 0;
      const flush = () => {
        const whole = { installations: page, cursor: cursor!, ...(leftOut > 0 && { leftOut }) };
        page = [];
        leftOut = 0;
        return whole;
      };
      for await (const found of merged(lists, byName))
        for (const { name, fields } of found) {
          cursor = idOf(name);
          const it = toMatchable(cursor.id, fields);
          if (!matches(audience, it)) {
            if (counted) leftOut += 1;
            continue;
          }
          page.push(toReached(it, fields, carried));
          if (page.length === size) yield flush();
        }
      if (page.length > 0 || leftOut > 0) yield flush();
    },

    async registeredTokens(app, tokens) {
      const some = [...new Set(tokens)];
      const found = await client.get(some.map((it) => schema.token(app, it)));
      return some.filter((_, i) => found[i]?.exists);
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
    queries: Query[],
    fields: string[],
    range: BucketRange,
    after: Cursor | null,
    size: number,
  ): AsyncGenerator<Found[]>[] {
    const limit = Math.max(MIN_PAGE, Math.min(MAX_PAGE, size));
    const start = after
      ? `${bucketName(app, after.bucket)}${END}${after.id}`
      : bucketName(app, range.from);
    return queries.map((query) => {
      const inOrder = query
        .select(...fields)
        .orderBy(BY_NAME)
        .startAfter(start)
        .endBefore(bucketName(app, range.to))
        .limit(limit);
      return foundIn(documentsOf(client, inOrder, true));
    });
  }

  async function* foundIn(pages: AsyncIterable<DocumentSnapshot[]>): AsyncGenerator<Found[]> {
    for await (const page of pages)
      yield page.map((it) => ({ name: it.id, fields: it.data() as InstallationFields }));
  }

  async function* byIds(
    app: string,
    ids: string[],
    fields: string[],
    range: BucketRange,
    after: Cursor | null,
  ): AsyncGenerator<Found[]> {
    const start = after && `${bucketName(app, after.bucket)}${END}${after.id}`;
    const refs = [...new Set(ids)]
      .filter((id) => bucketOf(id) >= range.from && bucketOf(id) < range.to)
      .map((id) => schema.installation(app, id))
      .filter((ref) => !start || ref.id > start);
    const documents = await client.get(refs, fields);
    yield documents
      .filter((it) => it.exists)
      .map((it) => ({ name: it.id, fields: it.data() as InstallationFields }))
      .sort(byName);
  }
}

/** What was not read is not there; what an audience says nothing about is not looked at. */
const toMatchable = (id: string, { attributes, ...fields }: InstallationFields): Matchable => ({
  id,
  ...fields,
  attributes: attributes === undefined ? {} : JSON.parse(attributes),
});

function toReached(
  it: Matchable,
  { provider, environment, token }: InstallationFields,
  carried: readonly Carried[],
): Reached {
  const reached: Reached = { id: it.id, provider, environment, token };
  for (const name of carried) Object.assign(reached, { [name]: it[name] });
  return reached;
}

/** The audience and all that must hold with it. */
const conjuncts = (audience: Audience): Audience[] => [
  audience,
  ...(audience.and ?? []).flatMap(conjuncts),
];

/**
 * How an audience is found: by ids, by tokens, or by queries that together find everybody in it, and
 * others. An installation may be found by two of them, for two tags.
 */
function narrowed(
  all: Query,
  audience: Audience,
): { installationIds?: string[]; tokens?: string[]; queries: Query[] } {
  const together = conjuncts(audience);
  const first = <T>(of: (it: Audience) => T | undefined): T | undefined =>
    together.map(of).find((it) => it !== undefined);
  const anyOf = (field: keyof InstallationFields, how: 'in' | 'array-contains-any', of: string[]) =>
    chunked([...new Set(of)], MAX_ALTERNATIVES).map((group) => all.where(field, how, group));
  const installationIds = first((it) => it.installationIds);
  if (installationIds) return { installationIds, queries: [] };
  const tokens = first((it) => it.tokens);
  if (tokens) return { tokens, queries: [] };
  const userIds = first((it) => it.userIds);
  if (userIds) return { queries: anyOf('userId', 'in', userIds) };
  const tagged = (it: Audience): { any?: string[] | undefined; all?: string[] | undefined } =>
    it.tags ?? {};
  const every = first((it) => tagged(it).all);
  if (every) return { queries: [all.where('tags', 'array-contains', every[0])] };
  const any = first((it) => tagged(it).any);
  if (any) return { queries: anyOf('tags', 'array-contains-any', any) };
  const platform = first((it) => it.platform);
  const on = platform && new Set(platform).size < platforms.length ? platform : undefined;
  const language = first((it) => it.language)?.map(languageKey);
  if (language)
    return {
      queries: anyOf(
        'spoken',
        'array-contains-any',
        on ? language.flatMap((it) => on.map((each) => spokenOn(each, it))) : language,
      ),
    };
  return { queries: on ? anyOf('platform', 'in', on) : [all] };
}

/** What `matches` looks at of an installation. */
function fieldsOf({ and = [], or = [], not, ...own }: Audience): string[] {
  const named: Record<string, string> = { userIds: 'userId', lastSeen: 'refreshedAt' };
  return [
    ...Object.keys(own).filter((it) => it !== 'installationIds' && it !== 'tokens'),
    ...[...and, ...or, ...(not ? [not] : [])].flatMap(fieldsOf),
  ].map((it) => named[it] ?? it);
}
