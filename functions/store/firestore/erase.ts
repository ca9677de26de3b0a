/** Takes erased recipients out of frozen chunks, such that every ledger still closes. */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../model/chunk.ts';
import { commitWithout, type Redacted } from '../erasure.ts';
import { openIn, withSkipped } from '../outcomes.ts';
import { type Client, unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import { type Counted, count, nothingCounted } from './counters.ts';
import { rememberErased, withoutRecent } from './erasures.ts';
import { fromOutcomes, outcomesOf, rewriteRecipients } from './recipients.ts';
import { type ChunkFields, expiry, type Schema } from './schema.ts';

interface Context {
  client: Client;
  schema: Schema;
  retentionDays: number;
  closeShard: CloseShard;
}

export type FirestoreErase = ReturnType<typeof firestoreErase>;

export function firestoreErase(context: Context) {
  return {
    /**
     * Takes recipients out of a chunk. While a worker sends the chunk they are only noted: it has them in
     * memory and will commit their outcomes, so they are taken out when its lease ends. `over`: the lease
     * has ended, take out what is noted. True if the campaign closed by it.
     */
    from: (chunkId: string, indices: number[], now: number, over = false) =>
      takeOut(context, { chunkId, indices, now, over }),

    /**
     * Removes the recipients that were erased meanwhile from a worker's commit. `found` is the chunk as the
     * commit read it; `gone`: the indices of those to be erased with the commit.
     */
    within: commitWithin,

    /** See `rememberErased`. */
    remember: (keys: string[], now: number) =>
      rememberErased(context.client, context.schema, keys, now),

    late: withoutRecent,
  };
}

interface Taking {
  chunkId: string;
  indices: number[];
  now: number;
  over: boolean;
}

async function takeOut(context: Context, { chunkId, indices, now, over }: Taking) {
  const { client, schema } = context;
  const ended = await client.write(async (writes) => {
    const [found] = await client.get([schema.chunk(chunkId)]);
    if (!found?.exists) return null;
    const it = found.data() as ChunkFields;
    const gone = new Set<number>([...JSON.parse(it.erase ?? '[]'), ...indices]);
    if (gone.size === 0) return null;
    const isSent = !it.done && it.leaseId !== null && !(over && it.leaseUntil <= now);
    if (isSent) {
      writes.update(found.ref, { erase: JSON.stringify([...gone]) }, unchanged(found));
      return null;
    }
    const counted = await redactChunk(context, writes, { found, gone, now });
    count(writes, schema, it, { ...nothingCounted, ...counted });
    return { campaignId: it.campaignId, shard: it.shard };
  });
  // also if it was done before: that process may have died before it closed the shard
  if (!ended) return false;
  return (await context.closeShard(ended.campaignId, ended.shard, now)) !== null;
}

/**
 * Erases recipients of a chunk that no worker sends, and skips those that are still open. Gives what that
 * adds to the counts of its shard.
 */
async function redactChunk(
  context: Context,
  writes: Transaction,
  { found, gone, now }: { found: DocumentSnapshot; gone: ReadonlySet<number>; now: number },
): Promise<Pick<Counted, 'skipped' | 'chunksDone'>> {
  const it = found.data() as ChunkFields;
  const before = outcomesOf(it);
  const outcomes = withSkipped(before, gone);
  const left = openIn(outcomes).open.length;
  const isDone = left === 0;
  const ends = isDone && !it.done;
  const rewritten = { id: it.id, chunk: found, gone, isDone, now };
  writes.update(
    found.ref,
    {
      ...(await rewriteRecipients(context, writes, rewritten)),
      ...fromOutcomes(outcomes),
      erase: FieldValue.delete(),
      done: isDone,
      leaseId: null,
      leaseUntil: 0,
      ...(ends && {
        due: FieldValue.delete(),
        openIn: FieldValue.delete(),
        expireAt: expiry(now, context.retentionDays),
      }),
    },
    unchanged(found),
  );
  return { skipped: openIn(before).open.length - left, chunksDone: ends ? 1 : 0 };
}

function commitWithin(
  found: DocumentSnapshot,
  commit: ChunkCommit,
): { commit: ChunkCommit & Pick<Redacted, 'failed'>; gone: ReadonlySet<number> } {
  const gone = new Set<number>(JSON.parse(found.get('erase') ?? '[]'));
  const left = commitWithout(commit, gone);
  return { commit: left, gone: left.ends ? gone : new Set() };
}
