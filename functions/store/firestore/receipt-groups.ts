/**
 * Writes receipts of many calls together. Nothing runs on Cloud Run once a call is answered, so a call waits
 * for the group that it is in: at most `GROUP_MS` until it is written, and not at all if none was written just
 * before, since an instance is billed while a call waits. One group writes each set once, and a set is in one
 * write at a time, since a document takes about one write a second.
 *
 * The installations are read under a lock: an erasure removes them first, so it either finds what is written
 * here, or is found here.
 */

import type { DocumentReference, DocumentSnapshot, Transaction } from '@google-cloud/firestore';
import { setNewest } from '../../lib/bounded-map.ts';
import { chunked } from '../../lib/chunked.ts';
import { Unavailable } from '../../lib/errors.ts';
import type { Campaign } from '../../model/campaign.ts';
import { bucketIn, receiptName } from '../../model/receipt.ts';
import type { NewReceipts, ReceiptResult } from '../../ports/ports.ts';
import { type Entry, sizeOf, withEntries } from '../receipt-set.ts';
import { unchanged } from './client.ts';
import { untoldFields } from './receipt-news.ts';
import { type Context, expiryOfSet, packedIn, setOf } from './receipt-sets.ts';
import type { ReceiptSetFields } from './schema.ts';

/** The least time between two groups, in ms: so long receipts wait for others. */
const GROUP_MS = 250;
/** Sets of one write: those of a write fail together, and are tried again together. */
const SETS_TOGETHER = 25;
/** Receipts that may wait in a process, of about 200 bytes each. */
const MAX_WAITING = 20_000;
/**
 * Installations in a set, thirty times as many as are expected: only receipts of devices that did not get the
 * campaign come so far. Full sets of one write are 9 MB, of the 10 MiB of a commit:
 * https://firebase.google.com/docs/firestore/quotas
 */
const MAX_ENTRIES = 30_000;
/** A process marks a campaign as untold this often: far less than `TOLD_WITHIN_MS`. */
const MARKED_MS = 20_000;
const MAX_MARKED = 1_000;

interface Waiting extends Entry {
  installation: DocumentReference;
  now: number;
  isTold: boolean;
  done: PromiseWithResolvers<ReceiptResult>;
}

/** Receipts that wait for one set. */
interface Pending {
  campaign: Campaign;
  ref: DocumentReference;
  receipts: Waiting[];
  /** it was to be written while an earlier write of the set was under way */
  isLate: boolean;
}

export function createGroups(context: Context) {
  const { client, schema } = context;
  let pending = new Map<string, Pending>();
  let waiting = 0;
  let isTimed = false;
  let lastAt = Number.NEGATIVE_INFINITY;
  const busy = new Set<string>();
  /** when a campaign was marked as untold, by this process */
  const marked = new Map<string, number>();

  function wake() {
    if (isTimed) return;
    isTimed = true;
    const left = lastAt + GROUP_MS - client.monotonic();
    // those of the same turn go together
    if (left <= 0) setImmediate(flush);
    else setTimeout(flush, left);
  }

  function flush() {
    isTimed = false;
    lastAt = client.monotonic();
    const ready = [...pending.values()].filter((it) => !busy.has(it.ref.path));
    pending = new Map([...pending].filter(([path]) => busy.has(path)));
    for (const it of pending.values()) it.isLate = true;
    for (const some of chunked(ready, SETS_TOGETHER)) void write(some);
  }

  /** Sets whose write has ended may have receipts that have waited long enough. */
  function release(sets: Pending[]) {
    const late: Pending[] = [];
    for (const { ref } of sets) {
      busy.delete(ref.path);
      const next = pending.get(ref.path);
      if (!next?.isLate) continue;
      pending.delete(ref.path);
      late.push(next);
    }
    if (late.length > 0) void write(late);
  }

  /** Never rejects. */
  async function write(sets: Pending[]) {
    for (const { ref } of sets) busy.add(ref.path);
    const all = sets.flatMap((it) => it.receipts);
    try {
      const results = await client.write((writes) => writeSets(context, writes, sets, marked));
      for (const it of all) it.done.resolve(results.get(it) ?? 'unknown');
      for (const { campaign, receipts } of sets) {
        const told = receipts.filter((it) => it.isTold && results.get(it) === 'counted');
        if (told.length > 0) noteMarked(marked, campaign.id, told[0]!.now);
      }
    } catch (error) {
      for (const it of all) it.done.reject(error);
    } finally {
      waiting -= all.length;
      release(sets);
    }
  }

  return {
    /** Throws `Unavailable` if too many wait already. */
    add({ campaign, receipts, now, isTold }: NewReceipts): Promise<ReceiptResult[]> {
      if (waiting + receipts.length > MAX_WAITING)
        throw new Unavailable('too many receipts wait to be written');
      waiting += receipts.length;
      const results = receipts.map(({ installationId: id, kind, at }) => {
        const name = receiptName(id);
        const ref = setOf(schema, campaign, kind, bucketIn(name));
        const group = pending.get(ref.path) ?? { campaign, ref, receipts: [], isLate: false };
        pending.set(ref.path, group);
        const installation = schema.installation(campaign.app, id);
        const done = Promise.withResolvers<ReceiptResult>();
        group.receipts.push({ name, at, installation, now, isTold, done });
        return done.promise;
      });
      wake();
      return Promise.all(results);
    },
  };
}

/** Only what was marked some time ago is marked again. */
function noteMarked(marked: Map<string, number>, campaignId: string, now: number) {
  if (!isMarked(marked, campaignId, now)) setNewest(marked, campaignId, now, MAX_MARKED);
}

const isMarked = (marked: ReadonlyMap<string, number>, campaignId: string, now: number) =>
  now < (marked.get(campaignId) ?? Number.NEGATIVE_INFINITY) + MARKED_MS;

/** Reads the sets and their installations, and writes the sets that grow. */
async function writeSets(
  context: Context,
  writes: Transaction,
  sets: Pending[],
  marked: ReadonlyMap<string, number>,
) {
  const { client, schema } = context;
  const installations = new Map(
    sets.flatMap((set) => set.receipts.map((it) => [it.installation.path, it.installation])),
  );
  const [found, there] = await Promise.all([
    client.get(sets.map((it) => it.ref)),
    writes.getAll(...installations.values(), { fieldMask: ['platform'] }),
  ]);
  const known = new Set(there.filter((it) => it.exists).map((it) => it.ref.path));
  const results = new Map<Waiting, ReceiptResult>();
  const untold = new Map<string, number>();
  for (const [index, set] of sets.entries()) {
    const receipts = set.receipts.filter((it) => known.has(it.installation.path));
    const added = addTo(context, writes, { ...set, receipts }, found[index]!);
    for (const it of receipts) {
      results.set(it, added === null ? 'unknown' : added.delete(it.name) ? 'counted' : 'known');
    }
    const told = receipts.find((it) => it.isTold && results.get(it) === 'counted');
    if (told) untold.set(set.campaign.id, told.now);
  }
  for (const [id, now] of untold)
    if (!isMarked(marked, id, now))
      writes.set(schema.untoldReceipts(id), untoldFields(context, id, now), { merge: true });
  return results;
}

/** The names that the set lacked; null if it is full. */
function addTo(
  { client, retentionDays }: Context,
  writes: Transaction,
  { campaign, ref, receipts }: Pending,
  found: DocumentSnapshot,
): Set<string> | null {
  const before = packedIn(client, found);
  if (sizeOf(before) + receipts.length > MAX_ENTRIES) return null;
  const { set, added } = withEntries(before, receipts);
  if (added.size === 0) return added;
  // of a set that has expired nothing is left
  const earlier = client.isLive(found) ? (found.data() as ReceiptSetFields).size : 0;
  const fields: ReceiptSetFields = {
    set,
    size: earlier + added.size,
    ...expiryOfSet(campaign, receipts[0]!.now, retentionDays),
  };
  if (found.exists) writes.update(ref, { ...fields }, unchanged(found));
  else writes.create(ref, fields);
  return added;
}
