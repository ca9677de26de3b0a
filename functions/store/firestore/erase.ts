/**
 * Recipients taken out of frozen chunks, such that every ledger still closes; and who was erased
 * lately, for planners that have read them before.
 */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import { Unavailable } from '../../errors.ts';
import type { ChunkCommit, NewChunk } from '../../ports.ts';
import { commitWithout, LATE_MS, type Redacted, redacted, withoutErased } from '../erasure.ts';
import { pack, unpack } from '../recipients.ts';
import { type Client, unchanged } from './client.ts';
import {
  type ChunkFields,
  digest,
  type ErasuresFields,
  expiry,
  expiryAt,
  type Schema,
} from './schema.ts';
import type { firestoreShards } from './shards.ts';

/** They share a document, which holds 1 MiB. */
const MAX_RECENT = 15_000;

type Recent = [key: string, until: number][];

const recentOf = (found: DocumentSnapshot | undefined): Recent =>
  found?.exists ? JSON.parse((found.data() as ErasuresFields).recent) : [];

export type FirestoreErase = ReturnType<typeof firestoreErase>;

export function firestoreErase(
  client: Client,
  schema: Schema,
  retentionDays: number,
  closeShard: ReturnType<typeof firestoreShards>['closeShard'],
) {
  /** Skips those that are still open, in a chunk that nobody is sending. */
  function takeOut(writes: Transaction, found: DocumentSnapshot, gone: Set<number>, now: number) {
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
    const doubtful = (JSON.parse(it.doubtful) as number[]).filter((index) => !gone.has(index));
    const done = left.length === 0;
    writes.update(
      found.ref,
      {
        ...{ recipients, erase, done, leaseId: null, leaseUntil: 0 },
        ...{ left: JSON.stringify(left), doubtful: JSON.stringify(doubtful) },
        ...(done && {
          ...{ due: FieldValue.delete(), openIn: FieldValue.delete() },
          expireAt: expiry(now, retentionDays),
        }),
      },
      unchanged(found),
    );
    return { skipped: open.length - left.length, done };
  }

  return {
    /**
     * Takes them out of a chunk. Who sends it has its recipients in memory and will say what became of
     * them: then it is noted, and done when the lease ends. `over`: it has ended, take out what is
     * noted. True: that closed the campaign.
     */
    async from(chunkId: string, indices: number[], now: number, over = false): Promise<boolean> {
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
        const { skipped, done } = takeOut(writes, found, gone, now);
        if (skipped > 0)
          writes.update(schema.shard(it.campaignId, it.shard), {
            skipped: FieldValue.increment(skipped),
            chunksDone: FieldValue.increment(done ? 1 : 0),
          });
        return { campaignId: it.campaignId, shard: it.shard };
      });
      // also when it was done before: whoever did it may have died just then
      if (!ended) return false;
      return (await closeShard(ended.campaignId, ended.shard, now)).closed !== null;
    },

    /**
     * What a commit of whoever was sending means where some are to be taken out; `found` is the chunk
     * as it is checked to be unchanged, and `change` goes into the same update.
     */
    async within(
      found: DocumentSnapshot,
      commit: ChunkCommit,
    ): Promise<{ commit: ChunkCommit & Pick<Redacted, 'failed'>; change: object }> {
      const erase: string | undefined = found.get('erase');
      if (erase === undefined)
        return { commit: { ...commit, failed: commit.failures }, change: {} };
      const gone = new Set<number>(JSON.parse(erase));
      const left = commitWithout(commit, gone);
      if (!left.ends) return { commit: left, change: {} };
      const [whole] = await client.get([found.ref], ['recipients']);
      const recipients = redacted(unpack(whole!.get('recipients')), gone);
      return {
        commit: left,
        change: { recipients: pack(recipients), erase: FieldValue.delete() },
      };
    },

    /** Before what is frozen is looked through: who freezes later than that sees it. */
    async remember(keys: string[], now: number) {
      if (keys.length === 0) return;
      await client.write(async (writes) => {
        const recent = recentOf(await writes.get(schema.erasures)).filter(
          ([, until]) => until > now,
        );
        for (const it of keys) recent.push([digest(it), now + LATE_MS]);
        if (recent.length > MAX_RECENT)
          throw new Unavailable(
            'too many installations were erased in ten minutes; try again in ten minutes',
          );
        writes.set(schema.erasures, {
          recent: JSON.stringify(recent),
          expireAt: expiryAt(Math.max(...recent.map(([, until]) => until))),
        } satisfies ErasuresFields);
      });
    },

    /** What is left to be frozen of a page that was read before; `erasures` as it is locked. */
    late(chunks: NewChunk[], erasures: DocumentSnapshot | undefined, now: number): NewChunk[] {
      const recent = recentOf(erasures).filter(([, until]) => until > now);
      if (recent.length === 0) return chunks;
      const known = new Set(recent.map(([key]) => key));
      return withoutErased(chunks, (key) => known.has(digest(key)));
    },
  };
}
