/**
 * The chunks of a shard that may have a device: of all its pages those in which the device can lie. A page
 * is found by its recipients, which are in the order of their buckets; by its end, which its chunks have,
 * where recipients are in the order of names or of failures; or all of them are read.
 */

import { chunked } from '../../lib/chunked.ts';
import { bucketOf, type Cursor } from '../../model/bucket.ts';
import { edgesIn, likelyPage, pagesFrom, searchPages } from '../bucket-search.ts';
import type { Packed } from '../recipients.ts';
import type { Client } from './client.ts';
import { packedOf } from './recipients.ts';
import type { ChunkFields, RecipientsFields, Schema, ShardFields } from './schema.ts';
import { pagesOf } from './shards.ts';

interface Context {
  client: Client;
  schema: Schema;
}

/** Pages read in one call where none can be told from the other: each may have several chunks. */
const PAGES_TOGETHER = 25;

type Searched = ShardFields & { pages: number };

/** The recipients of a chunk. */
interface Part {
  id: string;
  packed: Packed;
}

/** Where in a shard something may lie. */
export type Place =
  | { in: 'any page' }
  | { in: 'no page' }
  /** recipients are in the order of their buckets */
  | { in: 'the order of ids'; ids: string[] }
  /** they are in the order in which their names were read */
  | { in: 'the order of names'; names: string[] }
  /** pages are in the order of the failures that they repeat: whether that of a page's end reaches it */
  | { in: 'the order of failures'; reaches(end: Cursor): boolean };

/** The chunks of a shard that may have what lies at `place`. `fields`: those that are read; undefined: all. */
export async function partsWith(
  context: Context,
  found: ShardFields,
  place: Place,
  fields?: (keyof RecipientsFields)[],
): Promise<Part[]> {
  const shard: Searched = { ...found, pages: pagesOf(found) };
  const pages = new Map<number, Part[]>();
  const edges = new Map<number, ReturnType<typeof edgesIn>>();
  async function read(wanted: number[]) {
    for (const some of chunked(
      wanted.filter((it) => !pages.has(it) && it >= 0 && it < shard.pages),
      PAGES_TOGETHER,
    )) {
      for (const page of some) pages.set(page, []);
      for (const it of await partsOf(context, shard, some, fields)) pages.get(it.page)!.push(it);
    }
  }
  const edgesOf = (page: number) => {
    const ids = (pages.get(page) ?? []).map((it) => it.packed.ids);
    const found = edges.has(page) ? edges.get(page)! : edgesIn(shard, ids);
    edges.set(page, found);
    return found;
  };
  switch (place.in) {
    case 'the order of ids':
      // each search begins with this page, so they are read together
      await read([...new Set(place.ids.map((it) => likelyPage(shard, bucketOf(it))))]);
      for (const it of place.ids) await searchPages(shard, bucketOf(it), { read, edgesOf });
      break;
    case 'the order of names': {
      const endOf = createEnds(context, shard);
      for (const it of place.names) await read(await pagesWithName(shard, it, endOf));
      break;
    }
    case 'the order of failures':
      await read(await pageThatReaches(shard, place.reaches, createEnds(context, shard)));
      break;
    case 'any page':
      await read(allOf(shard));
      break;
    case 'no page':
  }
  return [...pages.values()].flat();
}

const allOf = (shard: Searched) => pagesFrom(0, shard.pages - 1);

/**
 * The chunks of some pages, by their names: `campaign.shard.page.part`. A part may be missing beside
 * others: no recipient was left to be frozen in it, or it has expired.
 */
async function partsOf(
  { client, schema }: Context,
  { campaignId, index, parts = 0, wave }: ShardFields,
  pages: number[],
  fields?: string[],
): Promise<(Part & { page: number })[]> {
  const all = pages.flatMap((page) =>
    pagesFrom(0, parts - 1).map((part) => ({ page, id: `${campaignId}.${index}.${page}.${part}` })),
  );
  const found = await client.get(
    all.map(({ id }) => schema.recipients(id)),
    fields,
  );
  // versions from before waves have the recipients in the chunk
  const missing = wave === undefined ? all.filter((_, i) => !found[i]!.exists) : [];
  const chunks = await client.get(missing.map(({ id }) => schema.chunk(id)));
  const older = new Map(missing.map(({ id }, i) => [id, chunks[i]!]));
  return all.flatMap(({ page, id }, i) => {
    const chunk = older.get(id);
    if (!found[i]!.exists && !chunk?.exists) return [];
    return { page, id, packed: packedOf((chunk?.data() ?? {}) as ChunkFields, found[i]) };
  });
}

/** The end of a page: null if it has no chunk, undefined if an older version has frozen it. */
type EndOf = (page: number) => Promise<Cursor | null | undefined>;

/** Reads the ends of pages, each once. All chunks of a page have its end; one of them is enough. */
function createEnds({ client, schema }: Context, shard: ShardFields): EndOf {
  const { campaignId, index, parts = 0 } = shard;
  const known = new Map<number, ReturnType<EndOf>>();
  const read: EndOf = async (page) => {
    const refs = pagesFrom(0, parts - 1).map((part) =>
      schema.chunk(`${campaignId}.${index}.${page}.${part}`),
    );
    const [first] = await client.get(refs.slice(0, 1), [...END_FIELDS]);
    const others = first?.exists ? [] : await client.get(refs.slice(1), [...END_FIELDS]);
    const found = [first, ...others].find((it) => it?.exists);
    if (!found) return null;
    const { cursorBucket, cursorId } = found.data() as ChunkFields;
    return cursorBucket === undefined ? undefined : { bucket: cursorBucket, id: cursorId ?? '' };
  };
  return (page) => {
    const end = known.get(page) ?? read(page);
    known.set(page, end);
    return end;
  };
}

const END_FIELDS = ['cursorBucket', 'cursorId'] as const;

/** The first page whose end reaches what is sought, or all pages if that cannot be told. */
async function pageThatReaches(
  shard: Searched,
  reaches: (end: Cursor) => boolean,
  endOf: EndOf,
): Promise<number[]> {
  let answer = shard.pages - 1;
  let [first, last] = [0, shard.pages - 2];
  while (first <= last) {
    const middle = Math.floor((first + last) / 2);
    let at = middle;
    let end = await endOf(at);
    // a page without a chunk has no recipient, and no end
    while (end === null && at < last) end = await endOf(++at);
    if (end === undefined) return allOf(shard);
    if (end === null) last = middle - 1;
    else if (reaches(end)) [answer, last] = [at, middle - 1];
    else first = at + 1;
  }
  return answer < 0 ? [] : [answer];
}

/**
 * The pages that may have the installations of a name. Names are read in batches, and a page may end within
 * the installations of one: its end then has the last name before that batch (`cursorOf` in
 * pipeline/audience/named.ts), and so have the pages before it that end in the same batch.
 */
async function pagesWithName(shard: Searched, name: string, endOf: EndOf): Promise<number[]> {
  const bucket = bucketOf(name);
  if (bucket < shard.from || bucket >= shard.to) return [];
  const reaches = (end: Cursor) =>
    end.bucket > bucket || (end.bucket === bucket && nameIn(end) >= name);
  const pages = await pageThatReaches(shard, reaches, endOf);
  const [only] = pages;
  if (only === undefined || pages.length > 1) return pages;
  let batch: string | null = null;
  for (let page = only - 1; page >= 0; page--) {
    const end = await endOf(page);
    if (end === null) continue;
    if (end === undefined) return allOf(shard);
    if (end.id.startsWith('=') || (batch !== null && nameIn(end) !== batch)) break;
    batch = nameIn(end);
    pages.push(page);
  }
  return pages;
}

/** An installation's id has no `=`, so the name is behind the first one. */
const nameIn = ({ id }: Cursor) => id.slice(id.indexOf('=') + 1);
