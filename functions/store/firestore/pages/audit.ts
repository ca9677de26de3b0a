/**
 * An audit: a part of a page, with its changes laid over, beside its documents. A row may differ that has changed
 * since the changes were read: a marker says so. Any other difference comes from a writer that sets no
 * markers: an earlier version, or a person in the console.
 */

import { type BucketRange, bucketOf } from '../../../model/bucket.ts';
import type { Client } from '../client.ts';
import type { Schema } from '../schema.ts';
import { type Changes, goneFrom } from './changes.ts';
import type { PageRow } from './codec.ts';
import { type DocumentRow, documentRows } from './documents.ts';
import type { Layout } from './layout.ts';
import { changedAt, LANDED_MS } from './markers.ts';
import type { Slot } from './slots.ts';

export type AuditedPart = BucketRange & Pick<Slot, 'cell'>;

interface Context {
  client: Client;
  schema: Schema;
  options: { querySize: number };
}

/**
 * Compares a part of a page. Gives the number of rows that are not what their documents are, although
 * nothing says that they changed. `rows` are those of the whole page.
 */
export async function differingRows(
  { client, schema, options }: Context,
  { app }: Layout,
  part: AuditedPart,
  rows: PageRow[],
  { readAt }: Changes,
): Promise<number> {
  const found: DocumentRow[] = [];
  for await (const some of documentRows(client, schema, app, part, options.querySize))
    found.push(...some);
  // a marker is behind its commit, and rounded down to a minute
  const since = readAt - LANDED_MS;
  const gone = await goneFrom(client, schema, { app, cell: part.cell, since }, options.querySize);
  const excused = new Set(gone.map((it) => it.id));
  const paged = new Map(rows.flatMap((it) => (isIn(part, it) ? [[it.id, it]] : [])));
  let differing = 0;
  for (const { row, isOptedOut, changed } of found) {
    const other = paged.get(row.id);
    paged.delete(row.id);
    const isSame = isOptedOut ? other === undefined : other !== undefined && agree(row, other);
    if (!isSame && !(changedAt(changed ?? '') >= since - 60_000) && !excused.has(row.id))
      differing++;
  }
  for (const id of paged.keys()) if (!excused.has(id)) differing++;
  return differing;
}

function isIn({ from, to }: BucketRange, { id }: PageRow): boolean {
  const bucket = bucketOf(id);
  return bucket >= from && bucket < to;
}

/** Dates in a page may be behind, and its versions with them. */
const agree = (
  { refreshedAt, version: _, ...row }: PageRow,
  { refreshedAt: before, version: __, ...other }: PageRow,
) => before <= refreshedAt && JSON.stringify(row) === JSON.stringify(other);
