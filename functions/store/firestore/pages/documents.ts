/** The documents of a range of buckets as rows of pages. */

import type { BucketRange } from '../../../model/bucket.ts';
import type { Client } from '../client.ts';
import { documentsOf } from '../documents.ts';
import { BY_NAME, bucketName, type InstallationFields, idOf, type Schema } from '../schema.ts';
import { type PageRow, toPageRow, versionOf } from './codec.ts';

export interface DocumentRow {
  row: PageRow;
  bucket: number;
  isOptedOut: boolean;
  /** its marker, if there is one */
  changed: string | undefined;
}

/** In the order of (bucket, id), those that have opted out too; `size`: documents of a query. */
export async function* documentRows(
  client: Client,
  schema: Schema,
  app: string,
  { from, to }: BucketRange,
  size: number,
): AsyncGenerator<DocumentRow[]> {
  const query = schema.installations
    .orderBy(BY_NAME)
    .startAt(bucketName(app, from))
    .endBefore(bucketName(app, to))
    .limit(size);
  for await (const page of documentsOf(client, query, true))
    yield page.map((it) => {
      const { bucket, id } = idOf(it.id);
      const fields = it.data() as InstallationFields;
      const isOptedOut = fields.optedOut === true;
      return {
        row: toPageRow(id, fields, versionOf(it)),
        bucket,
        isOptedOut,
        changed: fields.changed,
      };
    });
}
