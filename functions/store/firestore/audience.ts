/**
 * Audiences: by which way one is read, by documents that an index finds or by pages of the registry.
 * Whatever is found goes through `matches`, which alone says who is in an audience.
 */

import type { Query } from '@google-cloud/firestore';
import { matches } from '../../model/audience/matches.ts';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Reached } from '../../model/installation.ts';
import type { AudiencePage, AudienceRead, Store } from '../../ports/ports.ts';
import { type PastReader, type PastSource, pastFor } from '../past.ts';
import { byIds, byQueries, withTokens } from './audience/documents.ts';
import { estimate, fewest, fewOf } from './audience/few.ts';
import { movedRows } from './audience/moved.ts';
import { narrowed } from './audience/narrowed.ts';
import { fieldsFor, hasMoved, type Row, toReached } from './audience/row.ts';
import { sampleAudience } from './audience/sample.ts';
import type { Client } from './client.ts';
import { areRecent, datesIn } from './pages/last-seen.ts';
import { firestoreLayouts, SMALLEST } from './pages/layout.ts';
import { type PagesContext, type PagesOptions, pageRows } from './pages/read.ts';
import { pagesState } from './pages/state.ts';
import type { Schema } from './schema.ts';

export function firestoreAudience(
  client: Client,
  schema: Schema,
  options: PagesOptions,
  source: PastSource,
) {
  const context: Context = { client, schema, options, layouts: firestoreLayouts(client, schema) };
  return {
    estimateAudience: (app, audience, isRough = false) => estimate(context, app, audience, isRough),

    // one query finds each installation once, also those that opted out or that no index tells apart
    countsExactly(audience, size) {
      const found = narrowed(schema.installations, audience);
      const isOne = 'queries' in found && found.queries.length === 1 && !found.zoned;
      return isOne && size < SMALLEST;
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
        if (areCounted && movedSince === undefined) leftOut += 1;
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
  const { app, range, after, audience, movedSince, isOfWave, size } = read;
  const documents = { app, range, after, fields: fieldsFor(read) };
  const found = narrowed(schema.installations, audience);
  if (found.kind === 'ids' || found.kind === 'tokens') {
    const ids =
      found.kind === 'ids' ? found.installationIds : await withTokens(context, app, found.tokens);
    return { rows: [await byIds(client, schema, ids, documents)], areCounted: false };
  }
  const by = (queries: Query[]): Source => ({
    rows: byQueries(client, queries, documents, size),
    areCounted: queries.length === 1,
  });
  if (found.kind === 'names') return by(found.queries);
  const layout = await layouts.get(app);
  if (layout === null && movedSince !== undefined)
    return { rows: movedRows(context, documents, movedSince), areCounted: false };
  if (layout === null) {
    const { rows, areCounted } = by(await fewest(context, read, found));
    return { rows: learning(context, read, rows), areCounted };
  }
  if (areRecent(datesIn(audience), client.now())) return by(found.queries);
  const few = found.kind === 'some' && (await fewOf(context, read, found, layout));
  if (few) return by(few);
  const paged = { ...documents, audience, movedSince, isOfWave };
  return { rows: pageRows(context, layout, paged), areCounted: false };
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
