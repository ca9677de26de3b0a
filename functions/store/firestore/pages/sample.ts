/** Rows of a few pages, and how many rows more of them have: a sample that costs a read for each page. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { type Row, toRow } from '../audience/row.ts';
import { unpacked } from './codec.ts';
import type { Layout } from './layout.ts';
import type { PagesContext } from './read.ts';
import { known } from './slots.ts';

/** Pages whose rows are read: some 2,000 each, unpacked in a few ms. */
const READ = 4;
/** Pages whose number of rows is read: together they tell the size of the registry within 0.6 %. */
const SIZED = 64;

interface SampledRows {
  rows: Row[];
  /** rows of the pages whose number is known, which have that share of the buckets */
  counted: number;
  share: number;
  /** up to which time (ms) the oldest of these pages knows all changes */
  through: number;
}

/** Null if none of the pages to be read is there. `fields`: what the rows have. */
export async function sampledRows(
  { client, schema, options }: PagesContext,
  layout: Layout,
  fields: ReadonlySet<string>,
): Promise<SampledRows | null> {
  const { app, level } = layout;
  const limits = { lifeDays: options.lifeDays, from: layout.from };
  const spread = async (most: number, masked?: string[]): Promise<DocumentSnapshot[]> => {
    const all = Math.min(most, 2 ** level);
    const indices = Array.from({ length: all }, (_, i) =>
      Math.floor(((i + 0.5) * 2 ** level) / all),
    );
    return client.get(
      indices.map((it) => schema.page(app, level, it)),
      masked,
    );
  };
  const [read, sized] = await Promise.all([
    spread(READ),
    spread(SIZED, ['format', 'through', 'n']),
  ]);
  const sizes = sized.flatMap((it) => known(client, it, limits) ?? []);
  const pages = read.flatMap((it) => {
    const page = known(client, it, limits);
    const rows = page?.rows && unpacked(page.rows, page.n, fields);
    return rows ? [{ through: page.through, rows }] : [];
  });
  if (pages.length === 0 || sizes.length === 0) return null;
  return {
    rows: pages.flatMap((page) => page.rows.map((it) => toRow(it.id, it))),
    counted: sizes.reduce((sum, it) => sum + it.n, 0),
    share: sizes.length / 2 ** level,
    through: Math.min(...[...pages, ...sizes].map((it) => it.through)),
  };
}
