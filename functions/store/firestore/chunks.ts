/** Frozen chunks: freeze, claim, commit. Every write is fenced by its owner. */

import { randomUUID } from 'node:crypto';
import {
  type DocumentSnapshot,
  FieldPath,
  FieldValue,
  type Transaction,
} from '@google-cloud/firestore';
import { chunked } from '../../lib/chunked.ts';
import { each } from '../../lib/concurrency.ts';
import type { Chunk, Lease, NewChunk, OpenChunk } from '../../model/chunk.ts';
import type { Claim, Store } from '../../ports/ports.ts';
import { MAX_BADGE } from '../counts.ts';
import { cutLease, isEarly, leaseState } from '../leases.ts';
import { pack, unpack } from '../recipients.ts';
import { toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import { changeOf, countedOf } from './commit.ts';
import { documentsOf } from './documents.ts';
import type { FirestoreErase } from './erase.ts';
import type { EventWriter } from './events.ts';
import type { firestoreFailures } from './failures.ts';
import type { firestoreInstallations } from './installations.ts';
import {
  type BadgeFields,
  type ChunkFields,
  dueOf,
  END,
  isId,
  openInOf,
  reasonKey,
  type Schema,
  type ShardFields,
} from './schema.ts';
import type { firestoreShards } from './shards.ts';

/** Of a chunk that is not done. */
export const OPEN_FIELDS = [
  'id',
  'provider',
  'size',
  'notBefore',
  'attempt',
  'leaseUntil',
  'task',
] as const;

/** How many chunks `openChunks` reads at once. */
const OPEN_PAGE = 500;
/** Chunks that get another slot in one write, and how many of those at once. */
const [MOVED_TOGETHER, MOVES_AT_ONCE] = [100, 4];

const add = FieldValue.increment;

/** What else belongs to a commit. */
type Within = Pick<ReturnType<typeof firestoreShards>, 'closeShard'> &
  Pick<ReturnType<typeof firestoreFailures>, 'insertFailures'> &
  Pick<ReturnType<typeof firestoreInstallations>, 'forget'>;

export function firestoreChunks(
  client: Client,
  schema: Schema,
  retentionDays: number,
  { closeShard, insertFailures, forget }: Within,
  events: EventWriter,
  erase: FirestoreErase,
) {
  /** A chunk's id begins with its campaign's: `campaign.shard.page.part`. */
  const campaignOf = (chunkId: string) => {
    const id = chunkId.split('.').slice(0, -3).join('.');
    return schema.campaign(isId(id) ? id : 'nothing');
  };

  /** The chunk and its campaign, which nobody locks: every chunk reads that one. */
  const read = (chunkId: string, fields?: string[]) =>
    client.get([schema.chunk(chunkId), campaignOf(chunkId)], fields);

  /** The chunks with what the badges of their recipients show from now on, which is written too. */
  async function countedUp(writes: Transaction, chunks: NewChunk[]): Promise<NewChunk[]> {
    const refs = chunks.flatMap(({ app, recipients }) =>
      recipients.flatMap((it) =>
        it.badge === undefined ? [] : schema.badge(app, it.installationId),
      ),
    );
    if (refs.length === 0) return chunks;
    const found = await writes.getAll(...new Map(refs.map((it) => [it.id, it])).values());
    const counts = new Map(found.map((it) => [it.id, (it.get('count') ?? 0) as number]));
    const counted = chunks.map((chunk) => ({
      ...chunk,
      recipients: chunk.recipients.map((it) => {
        if (it.badge === undefined) return it;
        const { id } = schema.badge(chunk.app, it.installationId);
        const badge = Math.min(counts.get(id)! + it.badge, MAX_BADGE);
        counts.set(id, badge);
        return { ...it, badge };
      }),
    }));
    for (const { ref, id } of found)
      writes.set(ref, { count: counts.get(id)! } satisfies BadgeFields);
    return counted;
  }

  async function claimChunk(chunkId: string, lease: Lease, now: number): Promise<Claim> {
    const claim = await client.write(async (writes, attempt) => {
      const [found, campaign] = await read(chunkId);
      if (!found?.exists || !campaign?.exists) return { kind: 'missing' as const };
      const it = found.data() as ChunkFields;
      if (it.done) return { kind: 'done' as const, shard: it.shard };
      const ours = attempt > 1 && it.leaseId === lease.id;
      if (ours) it.attempt -= 1;
      const lasting = ours ? 'free' : leaseState(it.leaseId, it.leaseUntil, now);
      if (lasting === 'beyond') {
        it.leaseUntil = cutLease(now);
        const due = dueOf(chunkId, it.leaseUntil);
        writes.update(found.ref, { leaseUntil: it.leaseUntil, due }, unchanged(found));
      }
      if (lasting !== 'free') return { kind: 'leased' as const, until: it.leaseUntil };
      if (!ours && it.erase !== undefined) return { kind: 'erase' as const };
      const { state } = toCampaign(campaign);
      if (!ours && state === 'paused') return { kind: 'paused' as const };
      const early = isEarly(it.notBefore, it.releasedAt ?? null, now);
      if (!ours && early && state !== 'cancelling')
        return { kind: 'early' as const, notBefore: it.notBefore };
      if (!ours)
        writes.update(
          found.ref,
          {
            ...{ leaseId: lease.id, leaseUntil: lease.until, attempt: it.attempt + 1 },
            due: dueOf(chunkId, lease.until),
          },
          unchanged(found),
        );
      return { kind: 'claimed' as const, chunk: toChunk(it), campaign: toCampaign(campaign) };
    });
    if (claim.kind === 'erase') {
      // its sender died, and some of it is to be taken out
      await erase.from(chunkId, [], now, true);
      return claimChunk(chunkId, lease, now);
    }
    if (claim.kind !== 'done') return claim;
    // a task that is delivered again: whoever finished the chunk may have died just then
    await closeShard(campaignOf(chunkId).id, claim.shard, now);
    return { kind: 'done' };
  }

  return {
    async freezePage(page) {
      const ref = schema.shard(page.campaignId, page.shard);
      const call = randomUUID();
      const frozen = await client.write(async (writes, attempt) => {
        // locked, since the chunks are heavy and others count in this document all the time
        const [found, erasures] = await writes.getAll(
          ref,
          ...(page.chunks.length > 0 ? [schema.erasures] : []),
        );
        const shard = found?.data() as ShardFields | undefined;
        if (attempt > 1 && shard?.frozenBy === call) return true;
        if (shard?.pages !== page.page || shard.planned) return false;
        const read = erase.late(page.chunks, erasures, page.now);
        const size = read.reduce((sum, chunk) => sum + chunk.recipients.length, 0);
        const chunks = await countedUp(writes, read);
        const change: [string | FieldPath, unknown][] = Object.entries({
          ...{ pages: page.page + 1, frozenBy: call, planned: page.last },
          cursorBucket: page.cursor?.bucket ?? null,
          cursorId: page.cursor?.id ?? null,
          chunks: add(chunks.length),
          parts: Math.max(shard.parts ?? 0, page.chunks.length),
          recipients: add(size + page.skipped),
          skipped: add(page.skipped),
          ...(page.leftOut && { leftOut: add(page.leftOut) }),
          // when it is planned, too: the sweep then looks whether it is closed
          due: dueOf(ref.id, page.dueAt),
        });
        for (const [name, by] of Object.entries(page.missing ?? {}))
          change.push([new FieldPath('missing', reasonKey(name)), add(by)]);
        const [[field, value], ...more] = change as [(typeof change)[number]];
        writes.update(ref, field, value, ...more.flat());
        for (const it of chunks) writes.create(schema.chunk(it.id), fromNewChunk(it));
        return true;
      });
      if (!frozen) return { kind: 'stale' };
      if (!page.last) return { kind: 'frozen', campaignClosed: false };
      const { closed } = await closeShard(page.campaignId, page.shard, page.now);
      return { kind: 'frozen', campaignClosed: closed !== null };
    },

    claimChunk,

    async commitChunk(told) {
      const { chunkId, leaseId, now } = told;
      const call = randomUUID();
      const fields = [
        'done',
        'leaseId',
        'writtenBy',
        'shard',
        'app',
        'notBefore',
        'state',
        'erase',
      ];
      const committed = await client.write(async (writes, attempt) => {
        const [found, campaign] = await read(chunkId, fields);
        if (!found?.exists || !campaign?.exists) return null;
        const { id: campaignId } = campaign;
        const it = found.data() as ChunkFields;
        const where = { campaignId, shard: it.shard, state: campaign.get('state'), done: it.done };
        if (attempt > 1 && it.writtenBy === call) return { ...where, ours: true };
        if (it.done || it.leaseId !== leaseId) return { ...where, ours: false };
        const { commit, change: taken } = await erase.within(found, told);
        const forgotten = await forget(writes, it.app, commit.forget);
        const failures = commit.failures.map((it) =>
          forgotten.has(it.installationId) ? { ...it, pruned: true as const } : it,
        );
        const change = { ...changeOf(commit, it, retentionDays), ...taken, writtenBy: call };
        writes.update(found.ref, change, unchanged(found));
        const counted = countedOf(commit, failures);
        if (counted.length > 0) {
          const [field, value, ...more] = counted;
          writes.update(schema.shard(campaignId, it.shard), field!, value, ...more);
        }
        insertFailures(writes, campaignId, { ...commit, failures });
        events.store(writes, commit.events ?? []);
        return { ...where, ours: true, done: commit.open.length === 0 };
      });
      // Also when it was done before: the commit that did it may have died, or not got its answer.
      const after = committed?.done
        ? await closeShard(committed.campaignId, committed.shard, now)
        : { closed: null };
      if (!committed?.ours) return { kind: 'fenced' };
      return {
        ...{ kind: 'committed', state: after.closed ?? committed.state },
        ...{ campaignClosed: after.closed !== null },
        ...(after.shard && { shard: after.shard }),
      };
    },

    async *openChunks(campaignId, shard) {
      if (!isId(campaignId)) return;
      const start = openInOf(campaignId, shard);
      const query = schema.chunks
        .orderBy('openIn')
        .startAfter(start)
        .endBefore(`${start}${END}`)
        .select('openIn', ...OPEN_FIELDS)
        .limit(OPEN_PAGE);
      for await (const page of documentsOf(client, query)) yield page.map(toOpenChunk);
    },

    async moveChunks(chunks, now) {
      await each(chunked(chunks, MOVED_TOGETHER), MOVES_AT_ONCE, (some) =>
        client.write(async (writes) => {
          const refs = some.map((it) => schema.chunk(it.chunkId));
          const found = await client.get(refs, ['done', 'leaseUntil']);
          for (const [index, it] of found.entries()) {
            if (!it.exists || it.get('done') || it.get('leaseUntil') > now) continue;
            const { chunkId, dueAt, slot, task } = some[index]!;
            const due = dueOf(chunkId, dueAt);
            writes.update(
              it.ref,
              { due, ...(slot && { ...slot, releasedAt: null }), ...(task && { task }) },
              unchanged(it),
            );
          }
        }),
      );
    },
  } satisfies Partial<Store>;
}

export function toOpenChunk(found: DocumentSnapshot): OpenChunk {
  const it = found.data() as ChunkFields;
  return {
    ...{ chunkId: it.id, provider: it.provider, size: it.size, notBefore: it.notBefore },
    ...{ attempt: it.attempt, leaseUntil: it.leaseUntil, task: it.task ?? null },
  };
}

const fromNewChunk = ({ recipients, dueAt, ...it }: NewChunk): ChunkFields => ({
  ...it,
  ...{ size: recipients.length, recipients: pack(recipients) },
  ...{ left: null, doubtful: '[]', attempt: 0, leaseId: null, leaseUntil: 0, done: false },
  openIn: openInOf(it.campaignId, it.shard, it.id),
  due: dueOf(it.id, dueAt),
});

const toChunk = (it: ChunkFields): Chunk => ({
  ...{ id: it.id, campaignId: it.campaignId, shard: it.shard, app: it.app },
  ...{ provider: it.provider, environment: it.environment, recipients: unpack(it.recipients) },
  open: it.left === null ? Array.from({ length: it.size }, (_, i) => i) : JSON.parse(it.left),
  doubtful: JSON.parse(it.doubtful),
  ...{ attempt: it.attempt, stalled: it.stalled ?? 0 },
  ...{ notBefore: it.notBefore, expiresAt: it.expiresAt },
});
