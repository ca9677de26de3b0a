/** How large an app's registry is, by some of its pages. */

import type { Client } from '../client.ts';
import type { PageFields, Schema } from '../schema.ts';
import { FORMAT } from './codec.ts';
import { type Layout, type Layouts, SMALLEST } from './layout.ts';

/** Buckets are uniform: of pages of 2,000 rows, eight tell the size within 1 %. */
const ASKED = 8;

/** About the number of installations that have not opted out. Null: none of these pages is there. */
export async function sizeByPages(
  client: Client,
  schema: Schema,
  layouts: Layouts,
  layout: Layout,
): Promise<number | null> {
  const usable = await sampledPages(client, schema, layout);
  if (usable.length === 0) return null;
  const average = averageOf(usable);
  await layouts.raise(layout, average);
  return Math.max(SMALLEST, Math.round(average * 2 ** layout.level));
}

/** Rows of a page, on average; NaN without a page. */
export const averageOf = (pages: Pick<PageFields, 'n'>[]) =>
  pages.reduce((sum, it) => sum + it.n, 0) / pages.length;

type Sampled = Pick<PageFields, 'through' | 'n'>;

/** Those of eight pages, spread over the buckets, that are there and not empty. */
export async function sampledPages(
  client: Client,
  schema: Schema,
  { app, level }: Pick<Layout, 'app' | 'level'>,
): Promise<Sampled[]> {
  const refs = Array.from({ length: ASKED }, (_, i) =>
    schema.page(app, level, Math.floor(((i + 0.5) * 2 ** level) / ASKED)),
  );
  const found = await client.get(refs, ['format', 'through', 'n']);
  return found.flatMap((it) => {
    const { format, through, n } = (it.data() ?? {}) as Partial<PageFields>;
    return format === FORMAT && through! > 0 ? { through: through!, n: n! } : [];
  });
}
