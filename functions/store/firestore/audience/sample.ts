/**
 * A sample of an audience, for the same price in any registry: rows of a few pages, or documents in the
 * order of buckets, where there are no pages, where these do not know enough, or where an index finds so
 * few that the pages' rows would have hardly any of them.
 */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import { matches } from '../../../model/audience/matches.ts';
import { BUCKETS, type BucketRange } from '../../../model/bucket.ts';
import type { AudienceSample, SampleRead } from '../../../ports/ports.ts';
import type { PastReader } from '../../past.ts';
import { documentsOf } from '../documents.ts';
import { datesIn } from '../pages/last-seen.ts';
import type { Layout } from '../pages/layout.ts';
import type { PagesContext } from '../pages/read.ts';
import { sampledRows } from '../pages/sample.ts';
import { BY_NAME, bucketName, type InstallationFields, idOf } from '../schema.ts';
import { byIds, withTokens } from './documents.ts';
import { type Narrowed, narrowed } from './narrowed.ts';
import { fieldsFor, type Row, toReached, toRow } from './row.ts';
import { countUpTo } from './size.ts';

/** Documents that are read, about: at the price of a read, six hundredths of a cent. */
const DOCUMENTS = 2_000;
/** Queries at a time, of which each reads a part of them. */
const STRIPS = 4;
/** Documents of a query, at least: 30 users have fewer, so that named ones are all looked at. */
const FEWEST = 200;
/** Index entries counted for the number of all, about: 50 reads, for half a percent. */
const COUNTED = 50_000;
/** What an index finds less of than this share of the registry is too rare for the pages' sample. */
const RARE = 1 / 32;
/** The level of an app's pages from which on a part of them is counted, and the rows of a page. */
const [COUNTED_LEVEL, PAGE_ROWS] = [8, 2_500];

type Sampled = SampleRead & { past: PastReader };
type Queried = Extract<Narrowed, { queries: Query[] }>;

export async function sampleAudience(
  context: PagesContext,
  asked: SampleRead,
  past: PastReader,
): Promise<AudienceSample> {
  const { client, schema, layouts } = context;
  const { app, audience } = asked;
  const read: Sampled = { ...asked, past };
  const found = narrowed(schema.installations, audience);
  const fields = fieldsFor(read);
  if (found.kind === 'ids' || found.kind === 'tokens') {
    const ids =
      found.kind === 'ids' ? found.installationIds : await withTokens(context, app, found.tokens);
    const everywhere = { app, range: { from: 0, to: BUCKETS }, after: null, fields };
    return sampleOf(read, await byIds(client, schema, ids, everywhere), null);
  }
  // a date in a page may be weeks behind
  const layout =
    found.kind === 'names' || datesIn(audience).length > 0 ? null : await layouts.get(app);
  if (layout) {
    const [paged, isRare] = await Promise.all([
      sampledRows(context, layout, new Set(fields)),
      found.kind === 'some' && isRareIn(context, layout, found),
    ]);
    if (paged && !isRare)
      return { ...(await sampleOf(read, paged.rows, paged)), asOf: paged.through };
  }
  return sampledDocuments(context, read, found, fields);
}

/** The sample that these rows are; without `size` they are all. */
async function sampleOf(
  { audience, carried = [], past }: Sampled,
  rows: Row[],
  size: Pick<AudienceSample, 'counted' | 'share'> | null,
): Promise<AudienceSample> {
  await past.add(rows);
  const { counted, share } = size ?? { counted: rows.length, share: 1 };
  const installations = rows
    .filter((it) => matches(audience, it))
    .map((it) => toReached(it, carried));
  return { installations, looked: rows.length, counted, share, between: null, asOf: null };
}

/** Whether so few are found by an index that reading its documents tells more than the pages. */
async function isRareIn(
  { client }: PagesContext,
  { app, level }: Layout,
  { queries }: Queried,
): Promise<boolean> {
  const counted = Math.min(level, COUNTED_LEVEL);
  const range = { from: 0, to: BUCKETS / 2 ** (level - counted) };
  const few = Math.max(DOCUMENTS, 2 ** counted * PAGE_ROWS * RARE);
  const found = await Promise.all(queries.map((it) => countUpTo(client, it, app, range, few + 1)));
  return found.reduce((sum, it) => sum + it, 0) <= few;
}

async function sampledDocuments(
  context: PagesContext,
  read: Sampled,
  { queries }: Queried,
  fields: string[],
): Promise<AudienceSample> {
  const { client } = context;
  const strips = queries.length > STRIPS ? 1 : STRIPS;
  const limit = Math.max(FEWEST, Math.ceil(DOCUMENTS / strips / queries.length));
  const width = BUCKETS / strips;
  const found = await Promise.all(
    Array.from({ length: strips }, (_, i) =>
      sampledStrip(context, queries, {
        app: read.app,
        range: { from: i * width, to: (i + 1) * width },
        fields,
        limit,
      }),
    ),
  );
  const rows = found.flatMap((it) => it.rows);
  const share = found.reduce((sum, it) => sum + it.width, 0) / BUCKETS;
  const only = queries.length === 1 && share < 1 ? queries[0]! : null;
  if (!only) return sampleOf(read, rows, { counted: rows.length, share });
  // a number of all that is better than what the sample tells
  const wider = Math.min(1, (share * COUNTED) / Math.max(1, rows.length));
  const range = { from: 0, to: Math.ceil(BUCKETS * wider) };
  const counted = await countUpTo(client, only, read.app, range, 2 * COUNTED);
  return sampleOf(read, rows, { counted, share: range.to / BUCKETS });
}

interface StripRead {
  app: string;
  range: BucketRange;
  fields: string[];
  /** documents of each query */
  limit: number;
}

/**
 * What the queries find from the beginning of the range on, each installation once, up to the bucket
 * that all of them have reached; `width`: buckets up to there.
 */
async function sampledStrip(
  { client }: PagesContext,
  queries: Query[],
  { app, range, fields, limit }: StripRead,
): Promise<{ rows: Row[]; width: number }> {
  const lists = await Promise.all(
    queries.map(async (query) => {
      const inOrder = query
        .select(...fields)
        .orderBy(BY_NAME)
        .startAt(bucketName(app, range.from))
        .endBefore(bucketName(app, range.to))
        .limit(limit);
      const found: DocumentSnapshot[] = [];
      // a short answer is not the end, only an empty one is
      for await (const page of documentsOf(client, inOrder)) {
        found.push(...page);
        if (found.length >= limit) return { found, end: idOf(found.at(-1)!.id).bucket };
      }
      return { found, end: range.to };
    }),
  );
  const end = Math.min(...lists.map((it) => it.end));
  const rows = new Map<string, Row>();
  for (const it of lists.flatMap(({ found }) => found)) {
    const { bucket, id } = idOf(it.id);
    if (bucket < end && !rows.has(id)) rows.set(id, toRow(id, it.data() as InstallationFields));
  }
  return { rows: [...rows.values()], width: end - range.from };
}
