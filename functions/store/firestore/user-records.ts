/**
 * Where records about a user's devices are. A campaign is found by the names in its audience, or because it may
 * have recipients that it does not name. Of a campaign only the shards are read in whose buckets a device
 * lies, and of those all chunks, by their names: some forty documents for a campaign to a million.
 */

import type { DocumentReference, DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { bucketOf } from '../../model/bucket.ts';
import type { ChunkCommit, Recipient } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import { type Device, deviceKey, matcher } from '../erasure.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
import { recipientsOf } from './recipients.ts';
import {
  appOf,
  BY_NAME,
  type ChunkFields,
  digest,
  END,
  type FailuresFields,
  type FormerFields,
  type InstallationFields,
  idOf,
  isId,
  nameKey,
  type Schema,
  type ShardFields,
  toInstallation,
  UNNAMED,
} from './schema.ts';

/** Documents that one query reads. */
const PAGE = 300;
/** Chunks read in one call: each has about 150 KB. */
const CHUNKS = 50;
/** Most values that `array-contains-any` takes. */
const ANY = 30;

interface Context {
  client: Client;
  schema: Schema;
}

/** A chunk with recipients on a user's devices, and the indices of those. */
export interface Found {
  chunk: ChunkFields;
  /** all recipients of the chunk */
  recipients: Recipient[];
  indices: number[];
}

/** The user's installations, in all apps. */
export async function* installationsOf(
  { client, schema }: Context,
  userId: string,
): AsyncGenerator<Installation[]> {
  const query = schema.installations.where('userId', '==', userId).orderBy(BY_NAME).limit(PAGE);
  for await (const page of documentsOf(client, query))
    yield page.map((it) =>
      toInstallation(appOf(it.id), idOf(it.id).id, it.data() as InstallationFields),
    );
}

/** Devices that the user has left, while records about them may still be kept. */
export async function formerOf(
  { client, schema }: Context,
  userId: string,
): Promise<{ ref: DocumentReference; device: Device }[]> {
  const start = `${digest(userId)}${END}`;
  const query = schema.former.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
  const { docs } = await client.read(() => query.get());
  return docs.map((it) => {
    const { app, id, token, until } = it.data() as FormerFields;
    return { ref: it.ref, device: { app, id, token, until } };
  });
}

/** The user's devices, present and former. */
export async function devicesOf(context: Context, userId: string): Promise<Device[]> {
  const devices = (await formerOf(context, userId)).map((it) => it.device);
  for await (const page of installationsOf(context, userId))
    devices.push(...page.map(({ app, id, token }) => ({ app, id, token })));
  return devices;
}

/** Adds when the device last changed over from another user, if it did. */
export async function since(
  { client, schema }: Context,
  userId: string,
  it: Device,
): Promise<Device> {
  const query = schema.former
    .where('device', '==', digest(deviceKey(it)))
    .orderBy(BY_NAME)
    .limit(PAGE);
  let since = Number.NEGATIVE_INFINITY;
  for await (const page of documentsOf(client, query))
    for (const other of page.filter(({ id }) => !id.startsWith(digest(userId))))
      since = Math.max(since, other.get('until'));
  return since === Number.NEGATIVE_INFINITY ? it : { ...it, since };
}

/** Campaigns that name the user or their devices, or may have unnamed recipients; each once. */
export async function* campaignsFor(
  { client, schema }: Context,
  names: string[],
): AsyncGenerator<DocumentSnapshot[]> {
  const seen = new Set<string>();
  for (const some of chunked([UNNAMED, ...new Set(names.map(nameKey))], ANY)) {
    const query = schema.campaigns
      .where('names', 'array-contains-any', some)
      .orderBy(BY_NAME)
      .limit(PAGE);
    for await (const page of documentsOf(client, query)) {
      yield page.filter((it) => !seen.has(it.id));
      for (const it of page) seen.add(it.id);
    }
  }
}

/** The chunks of this campaign that have recipients on the devices. */
export async function* inCampaign(
  context: Context,
  { id, createdAt }: OfApp,
  userId: string,
  devices: Device[],
): AsyncGenerator<Found> {
  const { client, schema } = context;
  const isTheirs = matcher(devices, createdAt);
  // shards are ranges of installations, or of the names of an upload
  const buckets = namesOf(userId, devices).map(bucketOf);
  const query = schema.shards
    .orderBy(BY_NAME)
    .startAt(`${id}${END}`)
    .endBefore(`${id}${END}${END}`);
  const { docs } = await client.read(() => query.get());
  const shards = docs.map((it) => it.data() as ShardFields);
  const theirs = shards.filter(({ from, to }) => buckets.some((it) => it >= from && it < to));
  for (const shard of theirs)
    for await (const { chunk, recipients } of chunksOf(context, shard)) {
      const indices = recipients.flatMap((it, index) =>
        isTheirs(chunk.app, it.installationId, it.token) ? [index] : [],
      );
      if (indices.length > 0) yield { chunk, recipients, indices };
    }
}

/**
 * The chunks of a shard, by their names: `campaign.shard.page.part`. A part may be missing beside
 * others: no recipient was left to be frozen in it, or it has expired.
 */
async function* chunksOf(
  { client, schema }: Context,
  { campaignId, index, pages, chunks, parts = 0 }: ShardFields,
) {
  const all = Array.from({ length: pages }, (_, page) => page);
  let left = chunks;
  for (let part = 0; part < parts && left > 0; part++)
    for (const some of chunked(all, CHUNKS)) {
      const ids = some.map((page) => `${campaignId}.${index}.${page}.${part}`);
      const found = await client.get(
        ids.flatMap((it) => [schema.chunk(it), schema.recipients(it)]),
      );
      for (const [it, recipients] of chunked(found, 2)) {
        if (!it?.exists) continue;
        left--;
        const chunk = it.data() as ChunkFields;
        yield { chunk, recipients: recipientsOf(chunk, recipients) };
      }
    }
}

/** The failures among these recipients of a chunk, by document. */
export async function failuresOf(
  { client, schema }: Context,
  { chunk: { id, campaignId }, indices }: Found,
) {
  if (!isId(campaignId)) return [];
  const start = `${campaignId}${END}${digest(id)}${END}`;
  const query = schema.failures.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
  const { docs } = await client.read(() => query.get());
  return docs.flatMap((it) => {
    const all = JSON.parse((it.data() as FailuresFields).failures) as ChunkCommit['failures'];
    const theirs = all.filter(({ index }) => indices.includes(index));
    return theirs.length > 0 ? [{ ref: it.ref, theirs }] : [];
  });
}

/** The devices that belong to no other user now. */
export async function unowned({ client, schema }: Context, devices: Device[]): Promise<Device[]> {
  const once = [...new Map(devices.map((it) => [deviceKey(it), it])).values()];
  const refs = once.map((it) => schema.installation(it.app, it.id));
  const found = await client.get(refs, ['userId']);
  const keys = new Set(once.filter((_, i) => !found[i]!.exists).map(deviceKey));
  return devices.filter((it) => keys.has(deviceKey(it)));
}

export const namesOf = (userId: string, devices: Device[]) => [
  userId,
  ...devices.flatMap((it) => [it.id, it.token]),
];

export interface OfApp {
  id: string;
  app: string;
  createdAt: number;
  /** a message: what was sent may be in its own document */
  isMessage: boolean;
}

export const toApp = (it: DocumentSnapshot): OfApp => ({
  id: it.id,
  app: it.get('app'),
  createdAt: it.get('createdAt'),
  isMessage: it.get('quiet') !== undefined || it.get('outcome') !== undefined,
});

export function ofApps(campaigns: OfApp[], devices: Device[]): OfApp[] {
  const apps = new Set(devices.map((it) => it.app));
  return campaigns.filter((it) => apps.has(it.app));
}
