/** Installations of an audience, read one document each, in the order of (bucket, id). */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import { type BucketRange, bucketOf, type Cursor } from '../../../model/bucket.ts';
import { merged } from '../../sorted.ts';
import type { Client } from '../client.ts';
import { documentsOf } from '../documents.ts';
import {
  BY_NAME,
  bucketName,
  END,
  type InstallationFields,
  idOf,
  type Schema,
  type TokenFields,
} from '../schema.ts';
import { type Row, toRow } from './row.ts';

/** Fewest and most documents read in one query. */
const [MIN_PAGE, MAX_PAGE] = [300, 2_000];

/** What is read: a part of an app's buckets, and these fields of each document. */
export interface DocumentsRead {
  app: string;
  range: BucketRange;
  after: Cursor | null;
  fields: string[];
}

interface Found {
  name: string;
  fields: InstallationFields;
}

const byName = (a: Found, b: Found) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const found = (it: DocumentSnapshot): Found => ({
  name: it.id,
  fields: it.data() as InstallationFields,
});
const rows = (all: Found[]): Row[] => all.map((it) => toRow(idOf(it.name).id, it.fields));

/** Where reading begins: behind the cursor, or in front of the range. */
const startOf = ({ app, range, after }: Omit<DocumentsRead, 'fields'>) =>
  after ? `${bucketName(app, after.bucket)}${END}${after.id}` : bucketName(app, range.from);

/** What the queries find, each installation once; `size`: how many rows the caller has use for. */
export async function* byQueries(
  client: Client,
  queries: Query[],
  read: DocumentsRead,
  size: number,
): AsyncGenerator<Row[]> {
  const limit = Math.max(MIN_PAGE, Math.min(MAX_PAGE, size));
  const lists = queries.map((query) => {
    const inOrder = query
      .select(...read.fields)
      .orderBy(BY_NAME)
      .startAfter(startOf(read))
      .endBefore(bucketName(read.app, read.range.to))
      .limit(limit);
    return foundIn(documentsOf(client, inOrder, true));
  });
  for await (const page of merged(lists, byName)) yield rows(page);
}

async function* foundIn(pages: AsyncIterable<DocumentSnapshot[]>): AsyncGenerator<Found[]> {
  for await (const page of pages) yield page.map(found);
}

/** Those of the ids that are there. */
export async function byIds(
  client: Client,
  schema: Schema,
  ids: string[],
  { app, range, after, fields }: DocumentsRead,
): Promise<Row[]> {
  const start = after && startOf({ app, range, after });
  const refs = [...new Set(ids)]
    .filter((id) => bucketOf(id) >= range.from && bucketOf(id) < range.to)
    .map((id) => schema.installation(app, id))
    .filter((ref) => !start || ref.id > start);
  const documents = await client.get(refs, fields);
  return rows(
    documents
      .filter((it) => it.exists)
      .map(found)
      .sort(byName),
  );
}

/** The ids of the installations that have these tokens. */
export async function withTokens(
  { client, schema }: { client: Client; schema: Schema },
  app: string,
  tokens: string[],
): Promise<string[]> {
  const refs = [...new Set(tokens)].map((it) => schema.token(app, it));
  const found = await client.get(refs);
  return found.flatMap((it) => (it.exists ? (it.data() as TokenFields).id : []));
}
