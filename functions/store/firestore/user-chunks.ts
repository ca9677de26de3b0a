/**
 * Where a device is in what a campaign has frozen, by arithmetic: its bucket tells the shard, and in the
 * shard about which page. So a campaign costs a few reads, however many recipients it has.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import { type Device, matcher } from '../erasure.ts';
import { hasNamedShards, isInOrder, type Sought } from '../traces.ts';
import type { Client } from './client.ts';
import { recipientsOf } from './recipients.ts';
import type { ChunkFields, Schema, ShardFields } from './schema.ts';
import { shardsOf } from './shards.ts';

interface Context {
  client: Client;
  schema: Schema;
}

/** A chunk with recipients on a user's devices, and the indices of those. */
export interface Found {
  snapshot: DocumentSnapshot;
  chunk: ChunkFields;
  recipients: Recipient[];
  indices: number[];
}

/** Pages read in one call where none can be told from the other: each may have several chunks. */
const PAGES_TOGETHER = 25;

/** Whose devices are looked for. */
interface Wanted {
  userId: string;
  devices: Device[];
}

/** The chunks of a campaign that have recipients on the devices. */
export async function chunksWith(
  context: Context,
  campaign: Campaign,
  { userId, devices }: Wanted,
): Promise<Found[]> {
  const isTheirs = matcher(devices, campaign.createdAt);
  // of an upload or a list of tokens shards are ranges of names
  const names = hasNamedShards(campaign)
    ? [userId, ...devices.flatMap((it) => [it.id, it.token])]
    : devices.map((it) => it.id);
  const { found } = await searchChunks(context, campaign, {
    buckets: [...new Set(names.map(bucketOf))],
    isOrdered: isInOrder(campaign),
    isSought: (it) => isTheirs(campaign.app, it.installationId, it.token),
  });
  return found;
}

/** The shards of a campaign in which the buckets lie, and in these the chunks with what is sought. */
export async function searchChunks(
  context: Context,
  campaign: Campaign,
  { buckets, isOrdered, isSought }: Sought,
): Promise<{ shards: ShardFields[]; found: Found[] }> {
  if (campaign.shards === 0) return { shards: [], found: [] };
  const found: Found[] = [];
  const shards = await shardsWith(context, campaign, buckets);
  for (const { shard, within } of shards) {
    const parts = await partsWith(context, shard, isOrdered ? within : null);
    for (const { id, recipients } of parts) {
      const indices = recipients.flatMap((it, index) => (isSought(it) ? [index] : []));
      if (indices.length === 0) continue;
      const [chunk] = await context.client.get([context.schema.chunk(id)]);
      if (chunk?.exists)
        found.push({ snapshot: chunk, chunk: chunk.data() as ChunkFields, recipients, indices });
    }
  }
  return { shards: shards.map((it) => it.shard), found };
}

interface ShardWith {
  shard: ShardFields;
  /** those of the buckets that lie in it */
  within: number[];
}

/** The shards in which the buckets lie. Without a canary they are equal ranges. */
async function shardsWith(
  context: Context,
  { id, shards, canary }: Campaign,
  buckets: number[],
): Promise<ShardWith[]> {
  const { client, schema } = context;
  const guessed = new Set(buckets.map((it) => Math.floor((it * shards) / BUCKETS)));
  const found = canary
    ? await shardsOf(context, id)
    : await client.get([...guessed].map((index) => schema.shard(id, index)));
  const known = withBuckets(
    found.filter((it) => it.exists).map((it) => it.data()),
    buckets,
  );
  const covered = known.reduce((sum, it) => sum + it.within.length, 0);
  if (canary || covered === buckets.length) return known;
  // of an older version, whose ranges are not quite equal
  return withBuckets(
    (await shardsOf(context, id)).map((it) => it.data()),
    buckets,
  );
}

const withBuckets = (shards: unknown[], buckets: number[]): ShardWith[] =>
  (shards as ShardFields[]).flatMap((shard) => {
    const within = buckets.filter((it) => it >= shard.from && it < shard.to);
    return within.length > 0 ? [{ shard, within }] : [];
  });

/** The recipients of a chunk. */
interface Part {
  id: string;
  recipients: Recipient[];
}

/** The chunks of a shard that may have recipients in these buckets; null: in any order, so all of them. */
async function partsWith(
  context: Context,
  shard: ShardFields,
  buckets: number[] | null,
): Promise<Part[]> {
  const pages = new Map<number, Part[]>();
  async function read(wanted: number[]) {
    for (const some of chunked(
      wanted.filter((it) => !pages.has(it) && it >= 0 && it < shard.pages),
      PAGES_TOGETHER,
    )) {
      for (const page of some) pages.set(page, []);
      for (const it of await partsOf(context, shard, some)) pages.get(it.page)!.push(it);
    }
  }
  for (const bucket of buckets ?? []) await searchPages(shard, bucket, read, pages);
  if (buckets === null) await read(range(0, shard.pages - 1));
  return [...pages.values()].flat();
}

const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);

/** Reads pages until the one with the bucket is among them: pages are in the order of buckets. */
async function searchPages(
  shard: ShardFields,
  bucket: number,
  read: (pages: number[]) => Promise<void>,
  pages: ReadonlyMap<number, Part[]>,
) {
  let [first, last] = [0, shard.pages - 1];
  const share = (bucket - shard.from) / (shard.to - shard.from);
  let at = Math.min(last, Math.floor(share * shard.pages));
  while (first <= last) {
    await read([at]);
    const edges = edgesOf(shard, pages.get(at) ?? []);
    if (edges === null) return read(range(first, last));
    if (bucket < edges.from) last = at - 1;
    else if (bucket > edges.to) first = at + 1;
    // two installations may have the same bucket
    else
      return read([
        ...(bucket === edges.from ? [at - 1] : []),
        ...(bucket === edges.to ? [at + 1] : []),
      ]);
    at = Math.floor((first + last) / 2);
  }
}

/**
 * The lowest and the highest bucket of a page. Null if it does not tell where others are: it has no
 * recipient, or its recipients are not in the order of their buckets, as those of a planner are.
 */
function edgesOf({ from, to }: ShardFields, parts: Part[]): { from: number; to: number } | null {
  const edges = { from: to, to: from };
  for (const { recipients } of parts) {
    let before = from;
    for (const { installationId } of recipients) {
      if (installationId === '') continue;
      const bucket = bucketOf(installationId);
      if (bucket < before || bucket >= to) return null;
      before = bucket;
      edges.from = Math.min(edges.from, bucket);
      edges.to = Math.max(edges.to, bucket);
    }
  }
  return edges.from > edges.to ? null : edges;
}

/**
 * The chunks of some pages, by their names: `campaign.shard.page.part`. A part may be missing beside
 * others: no recipient was left to be frozen in it, or it has expired.
 */
async function partsOf(
  { client, schema }: Context,
  { campaignId, index, parts = 0 }: ShardFields,
  pages: number[],
): Promise<(Part & { page: number })[]> {
  const all = pages.flatMap((page) =>
    range(0, parts - 1).map((part) => ({ page, id: `${campaignId}.${index}.${page}.${part}` })),
  );
  const found = await client.get(all.map(({ id }) => schema.recipients(id)));
  const missing = all.filter((_, i) => !found[i]!.exists);
  // older versions have the recipients in the chunk
  const chunks = await client.get(missing.map(({ id }) => schema.chunk(id)));
  const older = new Map(missing.map(({ id }, i) => [id, chunks[i]!]));
  return all.flatMap(({ page, id }, i) => {
    const chunk = older.get(id);
    if (chunk && !chunk.exists) return [];
    return { page, id, recipients: recipientsOf((chunk?.data() ?? {}) as ChunkFields, found[i]) };
  });
}
