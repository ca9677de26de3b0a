/**
 * Where a device is in what a campaign has frozen, by arithmetic: its bucket tells the shard, and in the
 * shard about which page. So a campaign costs a few reads, however many recipients it has.
 */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
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

/** Shards that are searched side by side: a campaign with waves has one for each wave in which a name lies. */
export const SHARDS_AT_ONCE = 8;

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
  /** Of the recipients of a chunk that was frozen at `frozenAt`, in ms; null: it is not known when. */
  matcherIn(frozenAt: number | null): (it: Recipient) => boolean;
}

/** The shards of a campaign in which names lie, and in these the chunks with what is sought. */
export async function searchChunks(
  context: Context,
  campaign: Campaign,
  { names, place, texts, matcherIn }: Searched,
): Promise<{ shards: ShardFields[]; found: Found[] }> {
  if (campaign.shards === 0) return { shards: [], found: [] };
  const { client, schema } = context;
  const shards = await shardsWith(context, campaign, [...new Set(names)]);
  const found = await each(shards, SHARDS_AT_ONCE, async ({ shard, within }) => {
    const those: Found[] = [];
    for (const { id, packed } of await partsWith(context, shard, place(within))) {
      if (!mayHold(packed, texts)) continue;
      const [snapshot] = await client.get([schema.chunk(id)]);
      if (!snapshot?.exists) continue;
      const chunk = snapshot.data() as ChunkFields;
      const isSought = matcherIn(chunk.frozenAt ?? null);
      const recipients = unpack(packed);
      const indices = recipients.flatMap((it, index) => (isSought(it) ? [index] : []));
      if (indices.length > 0) those.push({ snapshot, chunk, recipients, indices });
    }
    return those;
  });
  return { shards: shards.map((it) => it.shard), found: found.flat() };
}

interface ShardWith {
  shard: ShardFields;
  /** those of the names that lie in it */
  within: string[];
}

/**
 * The shards in which the names lie: those of each wave, and of a campaign without waves all, are equal
 * ranges. A canary is the first of these waves, and a part of one. `waves`: only theirs, by the waves' places.
 */
export async function shardsWith(
  context: Context,
  campaign: Pick<Campaign, 'id' | 'shards' | 'waves' | 'canary' | 'canaryShards'>,
  names: string[],
  waves?: readonly number[],
): Promise<ShardWith[]> {
  const { client, schema } = context;
  const { id, canary, canaryShards = 1 } = campaign;
  const spaces = spacesOf(campaign).filter((_, place) => waves?.includes(place) ?? true);
  const guessed = spaces.flatMap(({ first, shards }) =>
    canary && first < canaryShards
      ? Array.from({ length: shards }, (_, index) => first + index)
      : names.map((it) => first + Math.floor((bucketOf(it) * shards) / BUCKETS)),
  );
  const found = await client.get([...new Set(guessed)].map((index) => schema.shard(id, index)));
  const known = withNames(
    found.filter((it) => it.exists).map((it) => it.data()),
    names,
  );
  const covered = known.reduce((sum, it) => sum + it.within.length, 0);
  if (covered === names.length * spaces.length) return known;
  // of an older version, whose ranges are not quite equal
  return withNames(
    (await shardsOf(context, id)).map((it) => it.data()),
    names,
  );
}

/** The shards that together are all buckets once: those of a wave, and of a campaign without waves all. */
function spacesOf({ shards, waves = [] }: Pick<Campaign, 'shards' | 'waves'>) {
  const spaces: { first: number; shards: number }[] = [];
  let first = 0;
  for (const it of waves) {
    spaces.push({ first, shards: it.shards });
    first += it.shards;
  }
  // behind the waves: of those that have changed their time zone
  if (first < shards) spaces.push({ first, shards: shards - first });
  return spaces;
}

const withNames = (shards: unknown[], names: string[]): ShardWith[] =>
  (shards as ShardFields[]).flatMap((shard) => {
    const within = names.filter((it) => bucketOf(it) >= shard.from && bucketOf(it) < shard.to);
    return within.length > 0 ? [{ shard, within }] : [];
  });
