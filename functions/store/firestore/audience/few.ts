/** How many an index finds, and which index finds fewer: what is read costs by the document. */

import type { Query } from '@google-cloud/firestore';
import { BUCKETS } from '../../../model/bucket.ts';
import type { AudienceRead } from '../../../ports/ports.ts';
import { type Layout, roughSize, SMALLEST } from '../pages/layout.ts';
import type { PagesContext } from '../pages/read.ts';
import { sizeByPages } from '../pages/size.ts';
import { type Narrowed, narrowed } from './narrowed.ts';
import { aboutAll, countUpTo } from './size.ts';

type Context = PagesContext;
type Queried = Extract<Narrowed, { queries: unknown }>;

/** What an index finds fewer of than this share of the registry is read by it. */
const FEW = 1 / 500;
/** An estimate is a count of what an index finds if that is safely so. */
const FEW_ESTIMATED = FEW / 2;

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

export async function estimate(
  context: Context,
  app: string,
  audience: AudienceRead['audience'],
  isRough: boolean,
) {
  const { schema, layouts } = context;
  const found = narrowed(schema.installations, audience);
  if (found.kind === 'ids') return found.installationIds.length;
  if (found.kind === 'tokens') return found.tokens.length;
  const everywhere = { app, range: { from: 0, to: BUCKETS } };
  if (found.kind === 'names') return countFew(context, found, everywhere, SMALLEST);
  const layout = await layouts.get(app);
  if (layout === null) return sizeOf(context, app, found);
  // also while no page is built: what is read through pages is not counted exactly
  const registry = await registryOf(context, layout, isRough);
  if (found.kind === 'all') return registry;
  const most = Math.ceil(registry * FEW_ESTIMATED);
  const few = await countFew(context, found, everywhere, most);
  return few > most ? registry : few;
}

/**
 * About the size of the registry of an app that has pages, or will have when they are built. `isRough`: without a
 * count.
 */
async function registryOf(
  { client, schema, layouts }: Context,
  layout: Layout,
  isRough = false,
): Promise<number> {
  const paged = await sizeByPages(client, schema, layouts, layout);
  if (paged !== null) return paged;
  if (isRough) return roughSize(layout);
  return Math.max(SMALLEST, await aboutAll(client, schema.installations, layout.app));
}

/** About as many as its queries find together. */
const sizeOf = async ({ client }: Context, app: string, { queries }: Queried) =>
  sum(await Promise.all(queries.map((it) => aboutAll(client, it, app))));

/** As many as its queries find, if these are at most `most`; else some number above that. */
const countFew = async (
  { client }: Context,
  { queries }: Pick<Queried, 'queries'>,
  { app, range }: Pick<AudienceRead, 'app' | 'range'>,
  most: number,
) => sum(await Promise.all(queries.map((it) => countUpTo(client, it, app, range, most + 1))));

/** The queries of the index that finds fewer, where there are two. */
export async function fewest(context: Context, read: AudienceRead, { queries, zoned }: Queried) {
  if (!zoned) return queries;
  const [first, second] = await Promise.all(
    [queries, zoned].map((it) => countFew(context, { queries: it }, read, SMALLEST)),
  );
  return first! <= second! ? queries : zoned;
}

/** The queries of an index that finds so few in the range that their documents are the cheaper way. */
export async function fewOf(
  context: Context,
  read: AudienceRead,
  { queries, zoned }: Queried,
  layout: Layout,
): Promise<Query[] | null> {
  const { range } = read;
  const registry = await registryOf(context, layout);
  const most = Math.ceil((registry * FEW * (range.to - range.from)) / BUCKETS);
  for (const some of zoned ? [queries, zoned] : [queries])
    if ((await countFew(context, { queries: some }, read, most)) <= most) return some;
  return null;
}
