/**
 * Counters: what the chunks of a shard have counted until it closes. A document takes about one write a
 * second for long, and many chunks of a shard are sent at the same time. So each shard has several, its
 * chunks are spread over them, and they are only ever added to, without a condition. When the shard closes
 * they are summed up in its document and deleted.
 * https://firebase.google.com/docs/firestore/solutions/counters
 */

import { type DocumentReference, FieldValue, type Transaction } from '@google-cloud/firestore';
import type { Counts } from '../../model/campaign.ts';
import type { Held } from '../../model/chunk.ts';
import { addCounts } from '../../model/counts.ts';
import { COUNTERS_OF_SHARD } from '../../model/sizes.ts';
import type { Context } from './context.ts';
import {
  BY_NAME,
  byReason,
  type ChunkFields,
  type CounterFields,
  digits,
  END,
  reasonKey,
  type Schema,
  type ShardFields,
} from './schema.ts';

/**
 * Counters of a campaign, about. A process that sends commits a chunk every one and a half seconds, so
 * these take a hundred such processes.
 */
const OF_CAMPAIGN = 64;

/** Counters of each shard of a campaign that has so many shards. */
export const slotsFor = (shards: number): number =>
  Math.max(1, Math.min(COUNTERS_OF_SHARD, Math.ceil(OF_CAMPAIGN / shards)));

/**
 * Where a chunk counts that has `before` others of its shard before it. Chunks of older versions count in
 * slot 0, the shard's own document. Later ones do not: planners lock it, and one that dies while it holds
 * the lock keeps it for up to a minute (https://firebase.google.com/docs/firestore/quotas). A commit that
 * waited for it would outlive its lease, and the chunk would be sent again.
 */
export const slotOf = (before: number, { slots = 0 }: Pick<ShardFields, 'slots'>): number =>
  slots === 0 ? 0 : 1 + (before % slots);

/** How many chunks count in a counter by that, of a shard that has so many chunks and no older ones. */
export const chunksIn = (
  slot: number,
  { chunks, slots = 0 }: Pick<ShardFields, 'chunks' | 'slots'>,
): number => Math.floor((chunks - slot) / slots) + 1;

/** Most reasons that one commit counts: a write may change 500 counters of a document. */
const [MAX_REASONS, MAX_PRUNED] = [400, 50];

/** What a write of a chunk adds to its shard. */
export interface Counted extends Pick<Counts, 'accepted' | 'failed' | 'skipped'> {
  reasons: Record<string, number>;
  pruned: Record<string, number>;
  held?: Held | undefined;
  /** 1 if it ends the chunk */
  chunksDone: 0 | 1;
}

export const nothingCounted: Counted = {
  accepted: 0,
  failed: 0,
  skipped: 0,
  reasons: {},
  pruned: {},
  chunksDone: 0,
};

/** Adds to the counter of a chunk, in the transaction that writes the chunk. */
export function count(
  writes: Transaction,
  schema: Schema,
  { campaignId, shard, slot = 0 }: Pick<ChunkFields, 'campaignId' | 'shard' | 'slot'>,
  { reasons, pruned, held, ...sums }: Counted,
) {
  const added = Object.entries(sums).filter(([, by]) => by > 0);
  if (added.length === 0 && !held) return;
  const failures = keyed(bounded(reasons, MAX_REASONS));
  const ofPruned = keyed(Object.entries(pruned).slice(0, MAX_PRUNED));
  const fields = {
    ...increments(added),
    // an empty map would replace the one that is there
    ...(failures.length > 0 && { reasons: increments(failures) }),
    ...(ofPruned.length > 0 && { pruned: increments(ofPruned) }),
    ...(held && { heldBy: increments([[String(held.until), held.recipients]]) }),
  };
  const ref =
    slot === 0 ? schema.shard(campaignId, shard) : schema.counter(campaignId, shard, slot);
  writes.set(ref, fields, { merge: true });
}

const increments = (added: [string, number][]) =>
  Object.fromEntries(added.map(([name, by]) => [name, FieldValue.increment(by)]));

const keyed = (counts: [string, number][]): [string, number][] =>
  counts.map(([reason, by]) => [reasonKey(reason), by]);

/** Of more reasons than `most` the rest is counted as one. */
function bounded(counts: Record<string, number>, most: number): [string, number][] {
  const all = Object.entries(counts);
  if (all.length <= most) return all;
  const others = all.slice(most).reduce((sum, [, by]) => sum + by, 0);
  return [...all.slice(0, most), ['(others)', others]];
}

/** What a counter has. */
export interface Counter {
  ref: DocumentReference;
  shard: number;
  slot: number;
  counts: Counts;
  chunksDone: number;
}

/** Counters behind one and in front of another, in the order of names; null: from the first, to the last. */
export type Span = Record<'after' | 'before', Pick<Counter, 'ref'> | null>;

/** The counters of one shard, or (null) of all shards of a campaign. */
export async function countersOf(
  { client, schema }: Pick<Context, 'client' | 'schema'>,
  campaignId: string,
  shard: number | null,
  { after, before }: Span = { after: null, before: null },
): Promise<Counter[]> {
  const start = `${campaignId}${END}${shard === null ? '' : `${digits(shard)}${END}`}`;
  const query = schema.counters
    .orderBy(BY_NAME)
    .startAfter(after?.ref.id ?? start)
    .endBefore(before?.ref.id ?? `${start}${END}`);
  const { docs } = await client.read(() => query.get());
  return docs.map((it) => {
    const [, shard, slot] = it.id.split(END).map(Number);
    return { ref: it.ref, shard: shard!, slot: slot!, ...toCounts(it.data() as CounterFields) };
  });
}

function toCounts(it: CounterFields): Pick<Counter, 'counts' | 'chunksDone'> {
  const { accepted = 0, failed = 0, skipped = 0, chunksDone = 0 } = it;
  const { reasons = {}, pruned = {}, heldBy = {} } = it;
  const counts: Counts = { recipients: 0, accepted, failed, skipped, reasons: byReason(reasons) };
  if (Object.keys(pruned).length > 0) counts.pruned = byReason(pruned);
  const held = Object.entries(heldBy);
  if (held.length > 0) {
    counts.held = held.reduce((sum, [, by]) => sum + by, 0);
    counts.heldUntil = Math.max(...held.map(([until]) => Number(until)));
  }
  return { counts, chunksDone };
}

/** What is counted in a shard's document, and in these counters of it. */
export const summedUp = (
  shard: Pick<Counter, 'counts' | 'chunksDone'>,
  counters: Pick<Counter, 'counts' | 'chunksDone'>[],
): Pick<Counter, 'counts' | 'chunksDone'> => ({
  counts: counters.map((it) => it.counts).reduce(addCounts, shard.counts),
  chunksDone: counters.reduce((sum, it) => sum + it.chunksDone, shard.chunksDone),
});
