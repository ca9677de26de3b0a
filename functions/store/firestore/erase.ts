/** Takes erased recipients out of frozen chunks, such that every ledger still closes. */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../model/chunk.ts';
import { commitWithout, type Redacted, redacted } from '../erasure.ts';
import { pack, unpack } from '../recipients.ts';
import { type Client, unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import { rememberErased, withoutRecent } from './erasures.ts';
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
     * commit read it; `change` goes into the commit's update of the chunk.
     */
    within: (found: DocumentSnapshot, commit: ChunkCommit) => commitWithin(context, found, commit),

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
    const { skipped, done } = redactChunk(context, writes, { found, gone, now });
    if (skipped > 0)
      writes.update(schema.shard(it.campaignId, it.shard), {
        skipped: FieldValue.increment(skipped),
        chunksDone: FieldValue.increment(done ? 1 : 0),
      });
    return { campaignId: it.campaignId, shard: it.shard };
  });
  // also if it was done before: that process may have died before it closed the shard
  if (!ended) return false;
  return (await context.closeShard(ended.campaignId, ended.shard, now)).closed !== null;
}

/**
 * Erases recipients of a chunk that no worker sends, and skips those that are still open. Gives how many
 * it skipped, and whether that ended the chunk.
 */
function redactChunk(
  { retentionDays }: Context,
  writes: Transaction,
  { found, gone, now }: { found: DocumentSnapshot; gone: ReadonlySet<number>; now: number },
) {
  const it = found.data() as ChunkFields;
  const recipients = pack(redacted(unpack(it.recipients), gone));
  const erase = FieldValue.delete();
  if (it.done) {
    writes.update(found.ref, { recipients, erase }, unchanged(found));
    return { skipped: 0, done: false };
  }
  const open: number[] =
    it.left === null ? Array.from({ length: it.size }, (_, i) => i) : JSON.parse(it.left);
  const left = open.filter((index) => !gone.has(index));
  const inDoubt = (JSON.parse(it.doubtful) as number[]).filter((index) => !gone.has(index));
  const done = left.length === 0;
  writes.update(
    found.ref,
    {
      recipients,
      erase,
      done,
      leaseId: null,
      leaseUntil: 0,
      left: JSON.stringify(left),
      doubtful: JSON.stringify(inDoubt),
      ...(done && {
        due: FieldValue.delete(),
        openIn: FieldValue.delete(),
        expireAt: expiry(now, retentionDays),
      }),
    },
    unchanged(found),
  );
  return { skipped: open.length - left.length, done };
}

async function commitWithin(
  { client }: Context,
  found: DocumentSnapshot,
  commit: ChunkCommit,
): Promise<{ commit: ChunkCommit & Pick<Redacted, 'failed'>; change: object }> {
  const erase: string | undefined = found.get('erase');
  if (erase === undefined) return { commit: { ...commit, failed: commit.failures }, change: {} };
  const gone = new Set<number>(JSON.parse(erase));
  const left = commitWithout(commit, gone);
  if (!left.ends) return { commit: left, change: {} };
  const [whole] = await client.get([found.ref], ['recipients']);
  const recipients = redacted(unpack(whole!.get('recipients')), gone);
  return { commit: left, change: { recipients: pack(recipients), erase: FieldValue.delete() } };
}
