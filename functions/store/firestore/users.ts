/** All there is of a user: to be read, or to be erased. */

import {
  type DocumentReference,
  type DocumentSnapshot,
  FieldValue,
  type Transaction,
} from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Failure } from '../../model/chunk.ts';
import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import { bareKey, type Device, deviceKey } from '../erasure.ts';
import { unpack } from '../recipients.ts';
import { BATCHES_AT_ONCE } from './batches.ts';
import { type Client, unchanged } from './client.ts';
import type { FirestoreErase } from './erase.ts';
import { type CampaignFields, type FailuresFields, nameKey, type Schema } from './schema.ts';
import type { firestoreUploads } from './uploads.ts';
import { firestoreUserNames } from './user-names.ts';
import {
  type Found,
  firestoreUserRecords,
  namesOf,
  type OfApp,
  ofApps,
  toApp,
} from './user-records.ts';

/** Installations removed in one write. */
const TOGETHER = 100;

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * "Typically within 24 hours". Of campaigns that closed before that there are ever more, and no chunk
 * is left of them. https://firebase.google.com/docs/firestore/ttl
 */
const LATE_DELETION_MS = 7 * DAY_MS;

export type Remove = (
  writes: Transaction,
  app: string,
  id: string,
  found: DocumentSnapshot,
) => void;

export function firestoreUsers(
  client: Client,
  schema: Schema,
  retentionDays: number,
  erase: FirestoreErase,
  remove: Remove,
  dropFromUploads: ReturnType<typeof firestoreUploads>['dropFromUploads'],
) {
  const { fromCampaign, fromWhatIsSaved } = firestoreUserNames(client, schema);
  const records = firestoreUserRecords(client, schema);

  return {
    async *readUser(userId): AsyncGenerator<UserRecord[]> {
      const devices = await each(await records.devicesOf(userId), BATCHES_AT_ONCE, (it) =>
        records.since(userId, it),
      );
      for await (const page of records.installationsOf(userId))
        yield page.map((it) => ({ kind: 'installation', ...it }));
      for await (const campaigns of records.campaignsFor(namesOf(userId, devices)))
        for (const campaign of ofApps(campaigns.map(toApp), devices))
          for await (const found of records.inCampaign(campaign, userId, devices)) {
            const { id: chunkId, campaignId, app, recipients } = found.chunk;
            const all = unpack(recipients);
            yield found.indices.map((index) => ({
              ...{ kind: 'recipient', campaignId, chunkId, app },
              ...all[index]!,
            }));
            for (const { theirs } of await records.failuresOf(found))
              yield theirs.map((it) => ({ ...{ kind: 'failure', campaignId, chunkId }, ...it }));
          }
    },

    /**
     * The installations go first, and leave behind whose they were: who was interrupted finds the rest
     * by that.
     */
    async eraseUser(userId, now): Promise<Erased> {
      const erased: Erased = { installations: 0, recipients: 0, failures: 0, closed: [] };
      for await (const page of records.installationsOf(userId))
        for (const some of chunked(page, TOGETHER)) {
          await client.write(async (writes) => {
            const refs = some.map((it) => schema.installation(it.app, it.id));
            const found = await client.get(refs, ['token', 'userId']);
            // a user who has taken the device over meanwhile keeps it
            for (const [i, it] of found.entries())
              if (it.exists && it.get('userId') === userId)
                remove(writes, some[i]!.app, some[i]!.id, it);
          });
          erased.installations += some.length;
        }
      const former = await records.formerOf(userId);
      const devices = former.map((it) => it.device);
      const left = await records.gone(devices);
      await erase.remember([...left.map(deviceKey), ...bare(devices)], now);
      // a device that is another user's now keeps its names
      const names = namesOf(userId, left);
      const keys = names.map(nameKey);
      await fromWhatIsSaved(names);
      await dropFromUploads(names);
      // what is planned from now on does not ask for the user
      const campaigns: OfApp[] = [];
      const named: DocumentReference[] = [];
      for await (const page of records.campaignsFor(namesOf(userId, devices)))
        for (const it of page) {
          await fromCampaign(it, names);
          const fields = it.data() as CampaignFields;
          const { closedAt } = fields;
          if (closedAt === null || closedAt > now - retentionDays * DAY_MS - LATE_DELETION_MS)
            campaigns.push(toApp(it));
          if (fields.names?.some((key) => keys.includes(key))) named.push(it.ref);
        }
      for (const campaign of ofApps(campaigns, devices))
        for await (const found of records.inCampaign(campaign, userId, devices)) {
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
      await each(chunked(former, TOGETHER), 1, (some) =>
        client.write(async (writes) => {
          for (const { ref } of some) writes.delete(ref);
        }),
      );
      return erased;
    },
  } satisfies Partial<Store>;

  async function dropFailures(found: Found): Promise<number> {
    let dropped = 0;
    for (const { ref, theirs } of await records.failuresOf(found)) {
      await client.write(async (writes) => {
        // as it is now: another user may be erased at the same time
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
}

const bare = (devices: Device[]) => [...new Set(devices.map(bareKey))];
