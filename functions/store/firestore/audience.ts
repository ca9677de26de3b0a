/**
 * Audiences: by which way one is read, by documents that an index finds or by pages of the registry.
 * Whatever is found goes through `matches`, which alone says who is in an audience.
 */

import { matches } from '../../model/audience/matches.ts';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import { type PastReader, type PastSource, pastFor } from '../past.ts';
import { byIds, byQueries, withTokens } from './audience/documents.ts';
import { type Narrowed, narrowed } from './audience/narrowed.ts';
import { fieldsFor, hasMoved, type Row, toReached } from './audience/row.ts';
import { sampleAudience } from './audience/sample.ts';
import { aboutAll, countUpTo } from './audience/size.ts';
import type { Client } from './client.ts';
import { areRecent, datesIn } from './pages/last-seen.ts';
import { firestoreLayouts, type Layout, SMALLEST } from './pages/layout.ts';
import { type PagesContext, type PagesOptions, pageRows } from './pages/read.ts';
import { sizeByPages } from './pages/size.ts';
import { pagesState } from './pages/state.ts';
import type { Schema } from './schema.ts';

/** What an index finds fewer of than this share of the registry is read by it. */
const FEW = 1 / 500;
/** An estimate is a count of what an index finds if that is safely so. */
const FEW_ESTIMATED = FEW / 2;

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

export function firestoreAudience(
  client: Client,
  schema: Schema,
  options: PagesOptions,
  source: PastSource,
) {
  const context: Context = { client, schema, options, layouts: firestoreLayouts(client, schema) };
  return {
    estimateAudience: (app, audience) => estimate(context, app, audience),

    // one query finds each installation once, also those that opted out or that no index tells apart
    countsExactly(audience, size) {
      const found = narrowed(schema.installations, audience);
      return 'queries' in found && found.queries.length === 1 && size < SMALLEST;
    },

    async *streamAudience(read) {
      const past = pastFor(source, read.audience);
      try {
        yield* stream(context, read, past);
      } finally {
        await past.close();
      }
    },

    sampleAudience(read) {
      const past = pastFor(source, read.audience);
      return sampleAudience(context, read, past).finally(past.close);
    },

    // a document of counts would be written by every registration
    countKinds: async () => null,

    pagesState: () => pagesState(client, schema),

    async registeredTokens(app, tokens) {
      const some = [...new Set(tokens)];
      const found = await client.get(some.map((it) => schema.token(app, it)));
      return some.filter((_, i) => found[i]?.exists);
    },
  } satisfies Partial<Store>;
}

type Context = PagesContext;
type Queried = Extract<Narrowed, { queries: unknown }>;

async function estimate(context: Context, app: string, audience: AudienceRead['audience']) {
  const { schema, layouts } = context;
  const found = narrowed(schema.installations, audience);
  if (found.kind === 'ids') return found.installationIds.length;
  if (found.kind === 'tokens') return found.tokens.length;
  const everywhere = { app, range: { from: 0, to: BUCKETS } };
  if (found.kind === 'names') return countFew(context, found, everywhere, SMALLEST);
  const layout = await layouts.get(app);
  if (layout === null) return sizeOf(context, app, found);
  // also while no page is built: what is read through pages is not counted exactly
  const registry = await registryOf(context, layout);
  if (found.kind === 'all') return registry;
  const most = Math.ceil(registry * FEW_ESTIMATED);
  const few = await countFew(context, found, everywhere, most);
  return few > most ? registry : few;
}

/** About the size of the registry of an app that has pages, or will have when they are built. */
async function registryOf({ client, schema, layouts }: Context, layout: Layout): Promise<number> {
  const paged = await sizeByPages(client, schema, layouts, layout);
  return paged ?? Math.max(SMALLEST, await aboutAll(client, schema.installations, layout.app));
}

/** About as many as its queries find together. */
const sizeOf = async ({ client }: Context, app: string, { queries }: Queried) =>
  sum(await Promise.all(queries.map((it) => aboutAll(client, it, app))));

/** As many as its queries find, if these are at most `most`; else some number above that. */
const countFew = async (
  { client }: Context,
  { queries }: Queried,
  { app, range }: Pick<AudienceRead, 'app' | 'range'>,
  most: number,
) => sum(await Promise.all(queries.map((it) => countUpTo(client, it, app, range, most + 1))));

async function* stream(
  context: Context,
  read: AudienceRead,
  past: PastReader,
): AsyncGenerator<AudiencePage> {
  const { audience, range, after, size, movedSince, carried = [] } = read;
  if (after && after.bucket >= range.to) return;
  const { rows, areCounted } = await sourceOf(context, read);
  let page: Reached[] = [];
  let last: Row | undefined;
  let leftOut = 0;
  const flush = (): AudiencePage => {
    const { id } = last!;
    const cursor = { bucket: bucketOf(id), id };
    const whole = { installations: page, cursor, ...(leftOut > 0 && { leftOut }) };
    page = [];
    leftOut = 0;
    return whole;
  };
  for await (const some of rows) {
    await past.add(some);
    for (const row of some) {
      last = row;
      if (!hasMoved(row, movedSince) || !matches(audience, row)) {
        if (areCounted) leftOut += 1;
        continue;
      }
      page.push(toReached(row, carried));
      if (page.length === size) yield flush();
    }
  }
  if (page.length > 0 || leftOut > 0) yield flush();
}

interface Source {
  rows: AsyncIterable<Row[]> | Row[][];
  /** whether those that are not in the audience are counted: each is there once */
  areCounted: boolean;
}

async function sourceOf(context: Context, read: AudienceRead): Promise<Source> {
  const { client, schema, layouts } = context;
  const { app, range, after, audience, size } = read;
  const documents = { app, range, after, fields: fieldsFor(read) };
  const found = narrowed(schema.installations, audience);
  if (found.kind === 'ids' || found.kind === 'tokens') {
    const ids =
      found.kind === 'ids' ? found.installationIds : await withTokens(context, app, found.tokens);
    return { rows: [await byIds(client, schema, ids, documents)], areCounted: false };
  }
  const byIndex = (): Source => ({
    rows: byQueries(client, found.queries, documents, size),
    areCounted: found.queries.length === 1,
  });
  if (found.kind === 'names') return byIndex();
  const layout = await layouts.get(app);
  if (layout === null) {
    const { rows, areCounted } = byIndex();
    return { rows: learning(context, read, rows), areCounted };
  }
  if (areRecent(datesIn(audience), client.now())) return byIndex();
  if (found.kind === 'some' && (await isFew(context, read, found, layout))) return byIndex();
  const paged = { ...documents, audience, movedSince: read.movedSince };
  return { rows: pageRows(context, layout, paged), areCounted: false };
}

/** Whether an index finds so few in the range that their documents are the cheaper way. */
async function isFew(context: Context, read: AudienceRead, found: Queried, layout: Layout) {
  const { range } = read;
  const registry = await registryOf(context, layout);
  const most = Math.ceil((registry * FEW * (range.to - range.from)) / BUCKETS);
  return (await countFew(context, found, read, most)) <= most;
}

/** Installations that were read, at least, for them to tell how many there are. */
const TELLING = 300;

/** The same rows. Once all of the range was read, it is known whether the app is large enough for pages. */
async function* learning(
  { layouts }: Context,
  { app, range, after }: AudienceRead,
  rows: AsyncIterable<Row[]> | Row[][],
): AsyncGenerator<Row[]> {
  let count = 0;
  for await (const some of rows) {
    count += some.length;
    yield some;
  }
  if (after === null && count >= TELLING)
    await layouts.create(app, Math.round((count * BUCKETS) / (range.to - range.from)));
}
