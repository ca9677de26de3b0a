/**
 * An audit: a page, with its changes laid over, beside its documents. A row may differ that has changed
 * since the changes were read: a marker says so. Any other difference comes from a writer that sets no
 * markers: an earlier version, or a person in the console.
 */

import type { Client } from '../client.ts';
import type { Schema } from '../schema.ts';
import { type Changes, goneFrom } from './changes.ts';
import type { PageRow } from './codec.ts';
import { type DocumentRow, documentRows } from './documents.ts';
import type { Layout } from './layout.ts';
import { changedAt, LANDED_MS } from './markers.ts';
import type { Slot } from './slots.ts';

export interface Audit {
  /** rows that are not what their documents are, although nothing says that they changed */
  differing: number;
  /** the page as its documents are, without those that have opted out */
  documents: PageRow[];
}

interface Context {
  client: Client;
  schema: Schema;
  options: { querySize: number };
}

export async function auditedPage(
  { client, schema, options }: Context,
  { app }: Layout,
  slot: Slot,
  rows: PageRow[],
  { readAt }: Changes,
): Promise<Audit> {
  const found: DocumentRow[] = [];
  for await (const some of documentRows(client, schema, app, slot, options.querySize))
    found.push(...some);
  // a marker is behind its commit, and rounded down to a minute
  const since = readAt - LANDED_MS;
  const gone = await goneFrom(client, schema, { app, cell: slot.cell, since }, options.querySize);
  const excused = new Set(gone.map((it) => it.id));
  const paged = new Map(rows.map((it) => [it.id, it]));
  let differing = 0;
  for (const { row, isOptedOut, changed } of found) {
    const other = paged.get(row.id);
    paged.delete(row.id);
    const isSame = isOptedOut ? other === undefined : other !== undefined && agree(row, other);
    if (!isSame && !(changedAt(changed ?? '') >= since - 60_000) && !excused.has(row.id))
      differing++;
  }
  for (const id of paged.keys()) if (!excused.has(id)) differing++;
  return { differing, documents: found.filter((it) => !it.isOptedOut).map((it) => it.row) };
}

/** Dates in a page may be behind, and its versions with them. */
const agree = (
  { refreshedAt, version: _, ...row }: PageRow,
  { refreshedAt: before, version: __, ...other }: PageRow,
) => before <= refreshedAt && JSON.stringify(row) === JSON.stringify(other);
