/** Privacy: every record about a user, for export and erasure. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Failure } from '../../model/chunk.ts';
import { DAY_MS } from '../../model/timing.ts';
import type { Erased, Store, UserRecord } from '../../ports/ports.ts';
import { bareKey, type Device, deviceKey } from '../erasure.ts';
import { outcomeAt } from '../outcomes.ts';
import { recordOf } from '../recipients.ts';
import { BATCHES_AT_ONCE } from './batches.ts';
import { toCampaign } from './campaign-fields.ts';
import { eraseCaps } from './caps.ts';
import { unchanged } from './client.ts';
import type { FirestoreErase } from './erase.ts';
import { gathered } from './gathered.ts';
import { eraseFromMessage, recordsOfMessage } from './message-records.ts';
import { emptyPages } from './pages/emptying.ts';
import { eraseReceipts, receiptsOf } from './receipt-records.ts';
import { outcomesOf } from './recipients.ts';
import { changeInstallations } from './registry/change.ts';
import { forgetFormer, formerOf, since } from './registry/former.ts';
import type { Registry } from './registry/registry.ts';
import { removeWhere } from './registry/removal.ts';
import { closedKey, type FailuresFields, nameKey, UNNAMED } from './schema.ts';
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
  PAGE,
  type Searched,
  searched,
  unowned,
} from './user-records.ts';

/** Documents written, or installations removed, in one write. */
const TOGETHER = 100;
/** Campaigns searched together: most need a shard and a list of recipients each. */
const SEARCHED_TOGETHER = 100;
/** Writes side by side. */
const WRITES_AT_ONCE = 16;
/** Recipients that one call erases, about: each is a few writes. */
const SLICE_ERASED = 300;

/**
 * Firestore deletes expired documents "typically within 24 hours". No chunk is left of a campaign that
 * closed so long before, so it is not searched. https://firebase.google.com/docs/firestore/ttl
 */
const LATE_DELETION_MS = 7 * DAY_MS;

interface Context extends Registry {
  erase: FirestoreErase;
  dropFromUploads: ReturnType<typeof firestoreUploads>['dropFromUploads'];
  /** campaigns that one call looks through */
  erasureSlice: number;
}

export function firestoreUsers(context: Context) {
  return {
    readUser: (userId) => readUser(context, userId),
    eraseUser: (userId, now, after = null) => eraseUser(context, { userId, now, after }),
  } satisfies Partial<Store>;
}

async function* readUser(context: Context, userId: string): AsyncGenerator<UserRecord[]> {
  const devices = await each(await devicesOf(context, userId), BATCHES_AT_ONCE, (it) =>
    since(context, userId, it),
  );
  for await (const page of installationsOf(context, userId))
    yield page.map((it) => ({ kind: 'installation', ...it }));
  const oldest = oldestOf(context, context.client.now());
  for await (const { found } of campaignsFor(context, namesOf(userId, devices), { oldest })) {
    const inMessages = found.flatMap((it) => recordsOfMessage(it, devices));
    if (inMessages.length > 0) yield inMessages;
    const receipts = await receiptsOf(context, found.map(toCampaign), devices);
    if (receipts.length > 0) yield receipts.map((it) => it.record);
    const others = searched(found, devices).filter((it) => !it.isWhole);
    for await (const some of chunksIn(context, others, { userId, devices }))
      for (const it of some) yield* recordsIn(context, it);
  }
}

/** The chunks of campaigns with recipients on the devices. Searched some together: their reads are gathered. */
async function* chunksIn(
  context: Context,
  campaigns: Searched[],
  wanted: { userId: string; devices: Device[] },
): AsyncGenerator<Found[]> {
  const together = { ...context, client: gathered(context.client) };
  for (const some of chunked(campaigns, SEARCHED_TOGETHER)) {
    const found = await each(some, some.length, async ({ campaign }) => {
      // it may have been started since it was found
      const shards = campaign.shards || (await shardsOf(context, campaign.id)).length;
      return chunksWith(together, { ...campaign, shards }, wanted);
    });
    yield found.flat();
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

interface Erasing {
  userId: string;
  now: number;
  /** where an earlier call has ended; null: the first call */
  after: string | null;
}

/** Whose it is that is erased, and how much was. */
interface Erasure {
  userId: string;
  devices: Device[];
  /** of the user, and of devices that are no other user's now */
  names: string[];
  keys: string[];
  now: number;
  erased: Erased;
}

/**
 * The installations go first and leave behind whose they were, by which a second call finds the rest if
 * this one is interrupted.
 */
async function eraseUser(context: Context, { userId, now, after }: Erasing): Promise<Erased> {
  const { client, schema, erase } = context;
  const installations = after === null ? await removeInstallations(context, userId) : 0;
  const { refs, devices } = await formerOf(context, userId);
  // also of a device that is another user's now: a page may have its row from before that
  if (after === null) await emptyPages(client, schema, devices);
  const left = await unowned(context, devices);
  const keys = [...left.map(deviceKey), ...bare(devices)];
  await erase.remember(keys, now);
  // a device that is another user's now keeps its names
  const names = namesOf(userId, left);
  if (after === null) {
    await firestoreUserNames(client, schema).fromWhatIsSaved(names);
    await context.dropFromUploads(names);
    await eraseCaps(context, devices);
  }
  const erased: Erased = { installations, recipients: 0, failures: 0, closed: [], next: null };
  const erasure: Erasure = { userId, devices, names, keys, now, erased };
  await eraseFromCampaigns(context, erasure, after);
  if (erased.next !== null) return erased;
  // by these the rest is found after an interruption, so they go last
  await forgetFormer(context, userId, refs);
  return erased;
}

/** Goes through a slice of the campaigns, and says in `erased` where the next one begins. */
async function eraseFromCampaigns(context: Context, erasure: Erasure, after: string | null) {
  const { userId, devices, now, erased } = erasure;
  const { erasureSlice } = context;
  const oldest = oldestOf(context, now);
  const read = { oldest, after, size: Math.min(erasureSlice, PAGE) };
  const campaigns = campaignsFor(context, namesOf(userId, devices), read);
  let count = 0;
  for await (const { found, next } of campaigns) {
    await findByDay(context, found, oldest);
    await eraseFromSome(context, erasure, found, oldest);
    count += found.length;
    if (count < erasureSlice && erased.recipients < SLICE_ERASED) continue;
    erased.next = next;
    return;
  }
}

async function eraseFromSome(
  context: Context,
  { userId, devices, names, keys, now, erased }: Erasure,
  found: DocumentSnapshot[],
  oldest: number,
) {
  const { client, schema } = context;
  const { fromCampaign } = firestoreUserNames(client, schema);
  // what is planned from now on does not ask for the user
  await each(found, WRITES_AT_ONCE, (it) => fromCampaign(it, names));
  const recent = found.filter((it) => it.get('closedAt') === null || it.get('closedAt') > oldest);
  await eraseReceipts(context, recent.map(toCampaign), devices);
  const campaigns = searched(recent, devices);
  const messages = campaigns.filter((it) => it.isMessage);
  await each(messages, WRITES_AT_ONCE, async ({ campaign }) => {
    const it = await eraseFromMessage(client, schema, campaign.id, { devices, keys });
    erased.recipients += it.recipients;
    erased.failures += it.failures;
  });
  const others = campaigns.filter((it) => !it.isWhole);
  for await (const some of chunksIn(context, others, { userId, devices }))
    await each(some, WRITES_AT_ONCE, (it) => eraseFromChunk(context, it, erased, now));
  await dropKeys(context, found, names);
}

/** By its keys a campaign is found again after an interruption, so they go last. */
async function dropKeys({ client }: Context, found: DocumentSnapshot[], names: string[]) {
  const keys = new Set(names.map(nameKey));
  const named = found.filter((it) =>
    (it.get('names') as string[] | undefined)?.some((key) => keys.has(key)),
  );
  await each(named, WRITES_AT_ONCE, ({ ref }) =>
    client.write(async (writes) => {
      writes.update(ref, { names: FieldValue.arrayRemove(...keys) });
    }),
  );
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
 * Campaigns that a version closed which did not name the day: from now on they are found by it, so that
 * only the first erasure after an update reads those of past years.
 */
async function findByDay({ client }: Context, page: DocumentSnapshot[], oldest: number) {
  const closed = page.filter((it) => it.get('closedAt') !== null);
  const older = closed.filter((it) => (it.get('names') as string[]).includes(UNNAMED));
  await each(chunked(older, TOGETHER), WRITES_AT_ONCE, (some) =>
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
