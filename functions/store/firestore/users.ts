/**
 * All there is of a user: to be read, or to be erased.
 *
 * Where his devices may be frozen follows from arithmetic: a campaign is found by whom it names, or
 * because it may be for anybody; of it only the shards are read in whose buckets a device lies, and
 * of those all chunks, by their names. That is some forty documents for a campaign to a million.
 */

import { type DocumentReference, type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { bucketOf, type Installation } from '../../pipeline/installation.ts';
import type { Erased, Failure, Store, UserRecord } from '../../ports.ts';
import { AT_ONCE, each, inGroupsOf } from '../each.ts';
import { bareKey, type Device, deviceKey, matcher } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import { pagesOf } from '../sorted.ts';
import { type Client, unchanged } from './client.ts';
import type { FirestoreErase } from './erase.ts';
import type { firestoreInstallations } from './installations.ts';
import {
  ANYBODY,
  appOf,
  BY_NAME,
  type CampaignFields,
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
} from './schema.ts';
import type { firestoreUploads } from './uploads.ts';
import { firestoreUserNames } from './user-names.ts';

/** Documents of a query's page. */
const PAGE = 300;
/** Chunks read at once: they have some 150 KB each. */
const CHUNKS = 50;
/** Installations removed in one write. */
const TOGETHER = 100;
/** `array-contains-any` takes 30. */
const ANY = 30;

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * "Typically within 24 hours". Of campaigns that closed before that there are ever more, and no chunk
 * is left of them. https://firebase.google.com/docs/firestore/ttl
 */
const LATE_DELETION_MS = 7 * DAY_MS;

/** A chunk in which some are, and who. */
interface Found {
  chunk: ChunkFields;
  indices: number[];
}

export function firestoreUsers(
  client: Client,
  schema: Schema,
  retentionDays: number,
  erase: FirestoreErase,
  remove: ReturnType<typeof firestoreInstallations>['remove'],
  dropFromUploads: ReturnType<typeof firestoreUploads>['dropFromUploads'],
) {
  const { fromCampaign, fromWhatIsSaved } = firestoreUserNames(client, schema);

  async function* installationsOf(userId: string): AsyncGenerator<Installation[]> {
    const query = schema.installations.where('userId', '==', userId).orderBy(BY_NAME).limit(PAGE);
    const read = async (last: DocumentSnapshot | null) =>
      (await client.read(() => (last ? query.startAfter(last.id) : query).get())).docs;
    for await (const page of pagesOf<DocumentSnapshot>(read, PAGE))
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
    const query = schema.former.where('device', '==', digest(deviceKey(it))).orderBy(BY_NAME);
    const { docs } = await client.read(() => query.limit(PAGE).get());
    const others = docs.filter(({ id }) => !id.startsWith(digest(userId)));
    if (others.length === 0) return it;
    return { ...it, since: Math.max(...others.map((found) => found.get('until'))) };
  }

  /** Campaigns that name him or his devices, or nobody. */
  async function* campaignsFor(names: string[]): AsyncGenerator<DocumentSnapshot[]> {
    const seen = new Set<string>();
    for (const some of inGroupsOf(ANY, [ANYBODY, ...new Set(names.map(nameKey))])) {
      const query = schema.campaigns
        .where('names', 'array-contains-any', some)
        .orderBy(BY_NAME)
        .limit(PAGE);
      const read = async (last: DocumentSnapshot | null) =>
        (await client.read(() => (last ? query.startAfter(last.id) : query).get())).docs;
      for await (const page of pagesOf<DocumentSnapshot>(read, PAGE)) {
        yield page.filter((it) => !seen.has(it.id));
        for (const it of page) seen.add(it.id);
      }
    }
  }

  /**
   * The chunks of a shard, by their names: `campaign.shard.page.part`. A part may be missing beside
   * others: nobody was left to be frozen in it, or it has expired.
   */
  async function* chunksOf({ campaignId, index, pages, chunks, parts = 0 }: ShardFields) {
    const all = Array.from({ length: pages }, (_, page) => page);
    let left = chunks;
    for (let part = 0; part < parts && left > 0; part++)
      for (const some of inGroupsOf(CHUNKS, all)) {
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

  return {
    async *readUser(userId): AsyncGenerator<UserRecord[]> {
      const devices = await each(await devicesOf(userId), AT_ONCE, (it) => since(userId, it));
      for await (const page of installationsOf(userId))
        yield page.map((it) => ({ kind: 'installation', ...it }));
      for await (const campaigns of campaignsFor(namesOf(userId, devices)))
        for (const campaign of ofApps(campaigns.map(toApp), devices))
          for await (const found of inCampaign(campaign, userId, devices)) {
            const { id: chunkId, campaignId, app, recipients } = found.chunk;
            const all = unpack(recipients);
            yield found.indices.map((index) => ({
              ...{ kind: 'recipient', campaignId, chunkId, app },
              ...all[index]!,
            }));
            for (const { theirs } of await failuresOf(found))
              yield theirs.map((it) => ({ ...{ kind: 'failure', campaignId, chunkId }, ...it }));
          }
    },

    /**
     * The installations go first, and leave behind whose they were: who was interrupted finds the rest
     * by that.
     */
    async eraseUser(userId, now): Promise<Erased> {
      const erased: Erased = { installations: 0, recipients: 0, failures: 0, closed: [] };
      for await (const page of installationsOf(userId))
        for (const some of inGroupsOf(TOGETHER, page)) {
          await client.write(async (writes) => {
            const refs = some.map((it) => schema.installation(it.app, it.id));
            const found = await client.get(refs, ['token', 'userId']);
            // whoever has taken the device over meanwhile keeps it
            for (const [i, it] of found.entries())
              if (it.exists && it.get('userId') === userId)
                remove(writes, some[i]!.app, some[i]!.id, it);
          });
          erased.installations += some.length;
        }
      const former = await formerOf(userId);
      const devices = former.map((it) => it.device);
      const left = await gone(devices);
      await erase.remember([...left.map(deviceKey), ...bare(devices)], now);
      // a device that is another user's now is asked for in his name
      const names = namesOf(userId, left);
      const keys = names.map(nameKey);
      await fromWhatIsSaved(names);
      await dropFromUploads(names);
      // what is planned from now on asks for nobody in his place
      const campaigns: OfApp[] = [];
      const named: DocumentReference[] = [];
      for await (const page of campaignsFor(namesOf(userId, devices)))
        for (const it of page) {
          await fromCampaign(it, names);
          const fields = it.data() as CampaignFields;
          const { closedAt } = fields;
          if (closedAt === null || closedAt > now - retentionDays * DAY_MS - LATE_DELETION_MS)
            campaigns.push(toApp(it));
          if (fields.names?.some((key) => keys.includes(key))) named.push(it.ref);
        }
      for (const campaign of ofApps(campaigns, devices))
        for await (const found of inCampaign(campaign, userId, devices)) {
          // before it is forgotten in which chunk they were
          erased.failures += await dropFailures(found);
          if (await erase.from(found.chunk.id, found.indices, now)) erased.closed.push(campaign.id);
          // what its sender has learnt of them just before that
          if (!found.chunk.done) erased.failures += await dropFailures(found);
          erased.recipients += found.indices.length;
        }
      // by these the rest is found after an interruption, so they go last
      await each(named, 1, (ref) =>
        client.write(async (writes) => {
          writes.update(ref, { names: FieldValue.arrayRemove(...keys) });
        }),
      );
      await each(inGroupsOf(TOGETHER, former), 1, (some) =>
        client.write(async (writes) => {
          for (const { ref } of some) writes.delete(ref);
        }),
      );
      return erased;
    },
  } satisfies Partial<Store>;

  async function dropFailures(found: Found): Promise<number> {
    let dropped = 0;
    for (const { ref, theirs } of await failuresOf(found)) {
      await client.write(async (writes) => {
        // as it is now: somebody else may be erased at the same time
        const [it] = await client.get([ref]);
        if (!it?.exists) return;
        const all = JSON.parse((it.data() as FailuresFields).failures) as Failure[];
        const others = all.filter(({ index }) => !found.indices.includes(index));
        if (others.length === 0) writes.delete(ref, unchanged(it));
        else writes.update(ref, { failures: JSON.stringify(others) }, unchanged(it));
      });
      dropped += theirs.length;
    }
    return dropped;
  }

  /** Those that are nobody else's now. */
  async function gone(devices: Device[]): Promise<Device[]> {
    const once = [...new Map(devices.map((it) => [deviceKey(it), it])).values()];
    const found = await client.get(
      once.map((it) => schema.installation(it.app, it.id)),
      ['userId'],
    );
    return once.filter((_, i) => !found[i]!.exists);
  }
}

const bare = (devices: Device[]) => [...new Set(devices.map(bareKey))];

const namesOf = (userId: string, devices: Device[]) => [
  userId,
  ...devices.flatMap((it) => [it.id, it.token]),
];

interface OfApp {
  id: string;
  app: string;
  createdAt: number;
}

const toApp = (it: DocumentSnapshot): OfApp => ({
  ...{ id: it.id, app: it.get('app'), createdAt: it.get('createdAt') },
});

function ofApps(campaigns: OfApp[], devices: Device[]): OfApp[] {
  const apps = new Set(devices.map((it) => it.app));
  return campaigns.filter((it) => apps.has(it.app));
}
