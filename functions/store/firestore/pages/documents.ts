/** The documents of a range of buckets as rows of pages. */

import type { DocumentSnapshot, Query } from '@google-cloud/firestore';
import type { BucketRange } from '../../../model/bucket.ts';
import { pagesOf } from '../../sorted.ts';
import type { Client } from '../client.ts';
import { BY_NAME, bucketName, type InstallationFields, idOf, type Schema } from '../schema.ts';
import { type PageRow, toPageRow, versionOf } from './codec.ts';

/**
 * Documents of each query after the first, as a multiple of it. What comes of the first is waited for; later
 * ones are read ahead, two at a time in memory. Of a query some time goes by before its first document: on
 * the emulator, which looks through the whole collection, nearly all of it.
 */
const LATER = 2;

export interface DocumentRow {
  row: PageRow;
  bucket: number;
  isOptedOut: boolean;
  /** its marker, if there is one */
  changed: string | undefined;
}

/**
 * In the order of (bucket, id), those that have opted out too; `size`: documents of the first query. Each document
 * becomes a row as it comes: a query's documents together would be ten times as large in memory.
 */
export function documentRows(
  client: Client,
  schema: Schema,
  app: string,
  { from, to }: BucketRange,
  size: number,
): AsyncGenerator<DocumentRow[]> {
  const query = schema.installations
    .orderBy(BY_NAME)
    .startAt(bucketName(app, from))
    .endBefore(bucketName(app, to));
  const next = (last: DocumentRow | null) =>
    last
      ? query.startAfter(schema.installation(app, last.row.id).id).limit(size * LATER)
      : query.limit(size);
  const read = (last: DocumentRow | null) => client.read(() => rowsOf(next(last)));
  return pagesOf(read, true);
}

async function rowsOf(query: Query): Promise<DocumentRow[]> {
  const rows: DocumentRow[] = [];
  for await (const it of query.stream()) rows.push(rowOf(it as unknown as DocumentSnapshot));
  return rows;
}

function rowOf(it: DocumentSnapshot): DocumentRow {
  const { bucket, id } = idOf(it.id);
  const fields = it.data() as InstallationFields;
  const isOptedOut = fields.optedOut === true;
  const row = toPageRow(id, fields, versionOf(it));
  return { row, bucket, isOptedOut, changed: fields.changed };
}
