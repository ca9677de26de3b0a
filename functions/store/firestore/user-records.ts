/**
 * Where a user's devices may be found. A campaign is found by the names in its audience, or because it may be for
 * anybody; of it only the shards are read in whose buckets a device lies, and of those all chunks, by
 * their names. That is some forty documents for a campaign to a million.
 */

import type { DocumentReference, DocumentSnapshot } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { bucketOf } from '../../model/bucket.ts';
import type { Failure } from '../../model/chunk.ts';
import type { Installation } from '../../model/installation.ts';
import { type Device, deviceKey, matcher } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import type { Client } from './client.ts';
import { documentsOf } from './documents.ts';
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

/** Documents of a query's page. */
const PAGE = 300;
/** Chunks read in one call: each has about 150 KB. */
const CHUNKS = 50;
/** `array-contains-any` takes 30. */
const ANY = 30;

/** A chunk in which some are, and who. */
export interface Found {
  chunk: ChunkFields;
  indices: number[];
}

export function firestoreUserRecords(client: Client, schema: Schema) {
  async function* installationsOf(userId: string): AsyncGenerator<Installation[]> {
    const query = schema.installations.where('userId', '==', userId).orderBy(BY_NAME).limit(PAGE);
    for await (const page of documentsOf(client, query))
      yield page.map((it) =>
        toInstallation(appOf(it.id), idOf(it.id).id, it.data() as InstallationFields),
      );
  }

  async function formerOf(userId: string): Promise<{ ref: DocumentReference; device: Device }[]> {
    const start = `${digest(userId)}${END}`;
    const query = schema.former.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
    const { docs } = await client.read(() => query.get());
    return docs.map((it) => {
      const { app, id, token, until } = it.data() as FormerFields;
      return { ref: it.ref, device: { app, id, token, until } };
    });
  }

  /** His now, and those that were his while something may still be known of them. */
  async function devicesOf(userId: string): Promise<Device[]> {
    const devices = (await formerOf(userId)).map((it) => it.device);
    for await (const page of installationsOf(userId))
      devices.push(...page.map(({ app, id, token }) => ({ app, id, token })));
    return devices;
  }

  /** With what was there before it was his. */
  async function since(userId: string, it: Device): Promise<Device> {
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

  /** Campaigns that name the user or their devices, or may have unnamed recipients. */
  async function* campaignsFor(names: string[]): AsyncGenerator<DocumentSnapshot[]> {
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

  /**
   * The chunks of a shard, by their names: `campaign.shard.page.part`. A part may be missing beside
   * others: no recipient was left to be frozen in it, or it has expired.
   */
  async function* chunksOf({ campaignId, index, pages, chunks, parts = 0 }: ShardFields) {
    const all = Array.from({ length: pages }, (_, page) => page);
    let left = chunks;
    for (let part = 0; part < parts && left > 0; part++)
      for (const some of chunked(all, CHUNKS)) {
        const refs = some.map((page) => schema.chunk(`${campaignId}.${index}.${page}.${part}`));
        for (const it of await client.get(refs)) {
          if (!it.exists) continue;
          left--;
          yield it.data() as ChunkFields;
        }
      }
  }

  /** Where they are in what this campaign has frozen. */
  async function* inCampaign(
    { id, createdAt }: OfApp,
    userId: string,
    devices: Device[],
  ): AsyncGenerator<Found> {
    const isTheirs = matcher(devices, createdAt);
    // shards are ranges of installations, or of the names of an upload
    const buckets = namesOf(userId, devices).map(bucketOf);
    const query = schema.shards
      .orderBy(BY_NAME)
      .startAt(`${id}${END}`)
      .endBefore(`${id}${END}${END}`);
    const shards = (await client.read(() => query.get())).docs.map(
      (it) => it.data() as ShardFields,
    );
    for (const shard of shards.filter(({ from, to }) =>
      buckets.some((it) => it >= from && it < to),
    ))
      for await (const chunk of chunksOf(shard)) {
        const indices = unpack(chunk.recipients).flatMap((it, index) =>
          isTheirs(chunk.app, it.installationId, it.token) ? [index] : [],
        );
        if (indices.length > 0) yield { chunk, indices };
      }
  }

  /** What failed among these recipients of a chunk, by document. */
  async function failuresOf({ chunk: { id, campaignId }, indices }: Found) {
    if (!isId(campaignId)) return [];
    const start = `${campaignId}${END}${digest(id)}${END}`;
    const query = schema.failures.orderBy(BY_NAME).startAt(start).endBefore(`${start}${END}`);
    const { docs } = await client.read(() => query.get());
    return docs.flatMap((it) => {
      const all = JSON.parse((it.data() as FailuresFields).failures) as Failure[];
      const theirs = all.filter(({ index }) => indices.includes(index));
      return theirs.length > 0 ? [{ ref: it.ref, theirs }] : [];
    });
  }

  /** The devices that belong to no other user now. */
  async function gone(devices: Device[]): Promise<Device[]> {
    const once = [...new Map(devices.map((it) => [deviceKey(it), it])).values()];
    const found = await client.get(
      once.map((it) => schema.installation(it.app, it.id)),
      ['userId'],
    );
    const keys = new Set(once.filter((_, i) => !found[i]!.exists).map(deviceKey));
    return devices.filter((it) => keys.has(deviceKey(it)));
  }

  return {
    installationsOf,
    formerOf,
    devicesOf,
    since,
    campaignsFor,
    inCampaign,
    failuresOf,
    gone,
  };
}

export const namesOf = (userId: string, devices: Device[]) => [
  userId,
  ...devices.flatMap((it) => [it.id, it.token]),
];

export interface OfApp {
  id: string;
  app: string;
  createdAt: number;
}

export const toApp = (it: DocumentSnapshot): OfApp => ({
  ...{ id: it.id, app: it.get('app'), createdAt: it.get('createdAt') },
});

export function ofApps(campaigns: OfApp[], devices: Device[]): OfApp[] {
  const apps = new Set(devices.map((it) => it.app));
  return campaigns.filter((it) => apps.has(it.app));
}
