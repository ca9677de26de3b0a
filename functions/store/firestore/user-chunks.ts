/**
 * Where a device is in what a campaign has frozen, by arithmetic: its bucket tells the shard, and in the
 * shard about which page. So a campaign costs a few reads, however many recipients it has.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Device } from '../erasure.ts';
import { mayHold, unpack } from '../recipients.ts';
import { soughtOf } from '../traces.ts';
import type { Client } from './client.ts';
import { type Place, partsWith } from './page-search.ts';
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
  const { isOrdered, ...sought } = soughtOf(campaign, userId, devices);
  const { found } = await searchChunks(context, campaign, {
    ...sought,
    place: (ids) => (isOrdered ? { in: 'the order of ids', ids } : { in: 'any page' }),
  });
  return found;
}

interface Searched {
  /** the shards are those in which their buckets lie */
  names: string[];
  /** where a shard may have what is sought; `within` are the names that lie in it */
  place(within: string[]): Place;
  /** one of these is in the text of a list that has what is sought */
  texts: string[];
  isSought(it: Recipient): boolean;
}

/** The shards of a campaign in which names lie, and in these the chunks with what is sought. */
export async function searchChunks(
  context: Context,
  campaign: Campaign,
  { names, place, texts, isSought }: Searched,
): Promise<{ shards: ShardFields[]; found: Found[] }> {
  if (campaign.shards === 0) return { shards: [], found: [] };
  const found: Found[] = [];
  const shards = await shardsWith(context, campaign, [...new Set(names)]);
  for (const { shard, within } of shards) {
    for (const { id, packed } of await partsWith(context, shard, place(within))) {
      if (!mayHold(packed, texts)) continue;
      const recipients = unpack(packed);
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
  /** those of the names that lie in it */
  within: string[];
}

/** The shards in which the names lie. Without a canary they are equal ranges. */
async function shardsWith(
  context: Context,
  { id, shards, canary }: Campaign,
  names: string[],
): Promise<ShardWith[]> {
  const { client, schema } = context;
  const guessed = new Set(names.map((it) => Math.floor((bucketOf(it) * shards) / BUCKETS)));
  const found = canary
    ? await shardsOf(context, id)
    : await client.get([...guessed].map((index) => schema.shard(id, index)));
  const known = withNames(
    found.filter((it) => it.exists).map((it) => it.data()),
    names,
  );
  const covered = known.reduce((sum, it) => sum + it.within.length, 0);
  if (canary || covered === names.length) return known;
  // of an older version, whose ranges are not quite equal
  return withNames(
    (await shardsOf(context, id)).map((it) => it.data()),
    names,
  );
}

const withNames = (shards: unknown[], names: string[]): ShardWith[] =>
  (shards as ShardFields[]).flatMap((shard) => {
    const within = names.filter((it) => bucketOf(it) >= shard.from && bucketOf(it) < shard.to);
    return within.length > 0 ? [{ shard, within }] : [];
  });
