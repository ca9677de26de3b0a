/**
 * Recipients taken out of frozen chunks, such that every ledger still closes; and who was erased
 * lately, for planners that have read them before.
 */

import {
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  type Transaction,
} from '@google-cloud/firestore';
import { Unavailable } from '../../lib/errors.ts';
import type { ChunkCommit, NewChunk } from '../../model/chunk.ts';
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

/** When so many of those that are there matter no more, they are taken out. */
const MAX_PAST = 1_000;

const entriesOf = (found: DocumentSnapshot | undefined): [key: string, until: number][] =>
  Object.entries((found?.data() as ErasuresFields | undefined)?.until ?? {});

export type FirestoreErase = ReturnType<typeof firestoreErase>;

export function firestoreErase(
  client: Client,
  schema: Schema,
  retentionDays: number,
  closeShard: ReturnType<typeof firestoreShards>['closeShard'],
) {
  /** Erases recipients of a chunk that is not being sent, and skips those that are still open. */
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

  /**
   * Unless it has changed since it was found: then the process that changed it, or the next erasure, does that.
   */
  const forgetPast = (found: DocumentSnapshot, past: [key: string, until: number][]) =>
    client.write(async (writes, attempt) => {
      if (attempt > 1) return;
      const fields = past.map(([key]) => new FieldPath('until', key));
      const [first, ...more] = fields.flatMap((it) => [it, FieldValue.delete()]);
      writes.update(found.ref, first as FieldPath, more[0], ...more.slice(1), unchanged(found));
    });

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
      // also if it was done before: that process may have died before it closed the shard
      if (!ended) return false;
      return (await closeShard(ended.campaignId, ended.shard, now)).closed !== null;
    },

    /**
     * The commit of a sender without the recipients that were erased meanwhile; `found` is the chunk
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

    /**
     * Before what is frozen is looked through: who freezes later than that sees it. Many may be erased in
     * the same second, so each only adds to the document, under no condition.
     */
    async remember(keys: string[], now: number) {
      if (keys.length === 0) return;
      const [found] = await client.get([schema.erasures]);
      const all = entriesOf(found);
      const past = all.filter(([, until]) => until <= now);
      if (all.length - past.length + keys.length > MAX_RECENT)
        throw new Unavailable(
          'too many installations were erased in ten minutes; try again in ten minutes',
        );
      if (found && past.length > MAX_PAST) await forgetPast(found, past);
      const until = Object.fromEntries(keys.map((it) => [digest(it), now + LATE_MS]));
      // clocks differ: not before the last of those that others have added
      const last = Math.max(now + LATE_MS, ...all.map(([, it]) => it));
      await client.write(async (writes) => {
        const fields: ErasuresFields = { until, expireAt: expiryAt(last + LATE_MS) };
        writes.set(schema.erasures, fields, { merge: true });
      });
    },

    /** What is left to be frozen of a page that was read before; `erasures` as it is locked. */
    late(chunks: NewChunk[], erasures: DocumentSnapshot | undefined, now: number): NewChunk[] {
      const recent = entriesOf(erasures).filter(([, until]) => until > now);
      if (recent.length === 0) return chunks;
      const known = new Set(recent.map(([key]) => key));
      return withoutErased(chunks, (key) => known.has(digest(key)));
    },
  };
}
