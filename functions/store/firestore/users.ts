/** Privacy: every record about a user, for export and erasure. */

import { type DocumentReference, type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Failure } from '../../model/chunk.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import { bareKey, type Device, deviceKey } from '../erasure.ts';
import { outcomeAt } from '../outcomes.ts';
import { recordOf } from '../recipients.ts';
import { BATCHES_AT_ONCE } from './batches.ts';
import { unchanged } from './client.ts';
import type { FirestoreErase } from './erase.ts';
import { eraseFromMessage, recordsOfMessage } from './message-records.ts';
import { emptyPages } from './pages/emptying.ts';
import { outcomesOf } from './recipients.ts';
import { changeInstallations } from './registry/change.ts';
import { forgetFormer, formerOf, since } from './registry/former.ts';
import type { Registry } from './registry/registry.ts';
import { removeWhere } from './registry/removal.ts';
import { type CampaignFields, closedKey, type FailuresFields, nameKey, UNNAMED } from './schema.ts';
import { shardsOf } from './shards.ts';
import type { firestoreUploads } from './uploads.ts';
import { chunksWith, type Found } from './user-chunks.ts';
import { firestoreUserNames } from './user-names.ts';
import {
  campaignsFor,
  devicesOf,
  failuresOf,
  installationsOf,
  namesOf,
  type Searched,
  searched,
  unowned,
} from './user-records.ts';

/** Documents written, or installations removed, in one write. */
const TOGETHER = 100;
/** Campaigns searched side by side: most need a shard and a chunk. */
const CAMPAIGNS_AT_ONCE = 16;

/**
 * Firestore deletes expired documents "typically within 24 hours". No chunk is left of a campaign that
 * closed so long before, so it is not searched. https://firebase.google.com/docs/firestore/ttl
 */
const LATE_DELETION_MS = 7 * DAY_MS;

interface Context extends Registry {
  erase: FirestoreErase;
  dropFromUploads: ReturnType<typeof firestoreUploads>['dropFromUploads'];
}

export function firestoreUsers(context: Context) {
  return {
    readUser: (userId) => readUser(context, userId),
    eraseUser: (userId, now) => eraseUser(context, userId, now),
  } satisfies Partial<Store>;
}

async function* readUser(context: Context, userId: string): AsyncGenerator<UserRecord[]> {
  const devices = await each(await devicesOf(context, userId), BATCHES_AT_ONCE, (it) =>
    since(context, userId, it),
  );
  for await (const page of installationsOf(context, userId))
    yield page.map((it) => ({ kind: 'installation', ...it }));
  const oldest = oldestOf(context, context.client.now());
  for await (const page of campaignsFor(context, namesOf(userId, devices), oldest)) {
    const inMessages = page.flatMap((it) => recordsOfMessage(it, devices));
    if (inMessages.length > 0) yield inMessages;
    const others = searched(page, devices).filter((it) => !it.isWhole);
    const found = await each(others, CAMPAIGNS_AT_ONCE, ({ campaign }) =>
      chunksWith(context, campaign, { userId, devices }),
    );
    for (const it of found.flat()) yield* recordsIn(context, it);
  }
}

/** No chunk is left of a campaign that closed before that, in ms. */
const oldestOf = ({ retentionDays }: Context, now: number) =>
  now - retentionDays * DAY_MS - LATE_DELETION_MS;

/** The recipients in a chunk, and their failures. */
async function* recordsIn(context: Context, found: Found): AsyncGenerator<UserRecord[]> {
  const { chunk, recipients, indices } = found;
  const { id: chunkId, campaignId, app } = chunk;
  const outcomes = outcomesOf(chunk);
  yield indices.map((index) =>
    recordOf({ campaignId, chunkId, app }, recipients[index]!, outcomeAt(outcomes, index)),
  );
  for (const { theirs } of await failuresOf(context, found))
    yield theirs.map((it) => ({ kind: 'failure', campaignId, chunkId, ...it }));
}

/**
 * The installations go first and leave behind whose they were, by which a second call finds the rest if
 * this one is interrupted.
 */
async function eraseUser(context: Context, userId: string, now: number): Promise<Erased> {
  const { client, schema, erase } = context;
  const installations = await removeInstallations(context, userId);
  const { refs, devices } = await formerOf(context, userId);
  // also of a device that is another user's now: a page may have its row from before that
  await emptyPages(client, schema, devices);
  const left = await unowned(context, devices);
  const erasedKeys = [...left.map(deviceKey), ...bare(devices)];
  await erase.remember(erasedKeys, now);
  // a device that is another user's now keeps its names
  const names = namesOf(userId, left);
  await firestoreUserNames(client, schema).fromWhatIsSaved(names);
  await context.dropFromUploads(names);
  // what is planned from now on does not ask for the user
  const { campaigns, named } = await eraseFromAudiences(context, { userId, devices, names, now });
  const erased: Erased = { installations, recipients: 0, failures: 0, closed: [] };
  await each(campaigns, CAMPAIGNS_AT_ONCE, async ({ campaign, isMessage, isWhole }) => {
    if (isMessage) {
      const of = { devices, keys: erasedKeys };
      const it = await eraseFromMessage(client, schema, campaign.id, of);
      erased.recipients += it.recipients;
      erased.failures += it.failures;
    }
    if (isWhole) return;
    // it may have been started since it was found
    const shards = campaign.shards || (await shardsOf(context, campaign.id)).length;
    for (const found of await chunksWith(context, { ...campaign, shards }, { userId, devices }))
      await eraseFromChunk(context, found, erased, now);
  });
  // by these the rest is found after an interruption, so they go last
  const keys = names.map(nameKey);
  await each(named, 1, (ref) =>
    client.write(async (writes) => {
      writes.update(ref, { names: FieldValue.arrayRemove(...keys) });
    }),
  );
  await forgetFormer(context, userId, refs);
  return erased;
}

/** Returns how many there were. */
async function removeInstallations(context: Context, userId: string): Promise<number> {
  let removed = 0;
  for await (const page of installationsOf(context, userId))
    for (const some of chunked(page, TOGETHER)) {
      await changeInstallations(context, (change) =>
        // another user who has taken the device over meanwhile keeps it
        removeWhere(change, some, (found) => found.get('userId') === userId),
      );
      removed += some.length;
    }
  return removed;
}

/**
 * Replaces the names in the campaigns' audiences. Gives the campaigns of which chunks may be left, and
 * the documents that are found by one of the names.
 */
async function eraseFromAudiences(
  context: Context,
  user: { userId: string; devices: Device[]; names: string[]; now: number },
) {
  const { client, schema } = context;
  const { userId, devices, names, now } = user;
  const { fromCampaign } = firestoreUserNames(client, schema);
  const keys = names.map(nameKey);
  const oldest = oldestOf(context, now);
  const campaigns: Searched[] = [];
  const named: DocumentReference[] = [];
  for await (const page of campaignsFor(context, namesOf(userId, devices), oldest)) {
    await findByDay(context, page, oldest);
    for (const it of page) {
      await fromCampaign(it, names);
      const { names: keysOf } = it.data() as CampaignFields;
      if (keysOf?.some((key) => keys.includes(key))) named.push(it.ref);
    }
    const recent = page.filter((it) => it.get('closedAt') === null || it.get('closedAt') > oldest);
    campaigns.push(...searched(recent, devices));
  }
  return { campaigns, named };
}

/**
 * Campaigns that a version closed which did not name the day: from now on they are found by it, so that
 * only the first erasure after an update reads those of past years.
 */
async function findByDay({ client }: Context, page: DocumentSnapshot[], oldest: number) {
  const closed = page.filter((it) => it.get('closedAt') !== null);
  const older = closed.filter((it) => (it.get('names') as string[]).includes(UNNAMED));
  await each(chunked(older, TOGETHER), CAMPAIGNS_AT_ONCE, (some) =>
    client.write(async (writes) => {
      for (const it of some) {
        // another erasure may take names out at the same time
        if (it.get('closedAt') > oldest)
          writes.update(it.ref, { names: FieldValue.arrayUnion(closedKey(it.get('closedAt'))) });
        writes.update(it.ref, { names: FieldValue.arrayRemove(UNNAMED) });
      }
    }),
  );
}

/** Adds what it erased to `erased`. */
async function eraseFromChunk(context: Context, found: Found, erased: Erased, now: number) {
  const { id, campaignId, done } = found.chunk;
  // before it is forgotten in which chunk they were
  erased.failures += await dropFailures(context, found);
  if (await context.erase.from(id, found.indices, now)) erased.closed.push(campaignId);
  // failures that a worker has committed just before that
  if (!done) erased.failures += await dropFailures(context, found);
  erased.recipients += found.indices.length;
}

/** Returns how many failures it deleted. */
async function dropFailures(context: Context, found: Found): Promise<number> {
  const { client } = context;
  let dropped = 0;
  for (const { ref, theirs } of await failuresOf(context, found)) {
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

const bare = (devices: Device[]) => [...new Set(devices.map(bareKey))];
