/**
 * Committing what was learnt of a claimed chunk: in its document, and in the counters of its shard.
 */

import { randomUUID } from 'node:crypto';
import { FieldValue } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import { tally } from '../counts.ts';
import type { Redacted } from '../erasure.ts';
import { withCommit } from '../outcomes.ts';
import { readChunk } from './chunk-fields.ts';
import { unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import type { Context } from './context.ts';
import { type Counted, count } from './counters.ts';
import type { FirestoreErase } from './erase.ts';
import type { firestoreFailures } from './failures.ts';
import { fromOutcomes, outcomesOf, rewriteRecipients } from './recipients.ts';
import type { Registry } from './registry/registry.ts';
import { forget } from './registry/removal.ts';
import { type ChunkFields, dueOf, expiry } from './schema.ts';

/** What a commit needs of other parts of the store. */
export interface Within {
  closeShard: CloseShard;
  insertFailures: ReturnType<typeof firestoreFailures>['insertFailures'];
  registry: Registry;
  erase: FirestoreErase;
}

/** The fields of a chunk that a commit reads; `state` is its campaign's. */
const READ = [
  'done',
  'leaseId',
  'writtenBy',
  'shard',
  'slot',
  'app',
  'size',
  'outcomes',
  'left',
  'doubtful',
  'names',
  'notBefore',
  'erase',
  'state',
];

/**
 * How long (ms) a commit tries to forget tokens too; then it leaves them, and the next campaign finds them
 * dead again. A process that died while it changed one of these installations holds it for up to a minute,
 * and the lease of the chunk is shorter: the chunk would be sent again.
 * https://firebase.google.com/docs/firestore/quotas
 */
const FORGET_WITHIN_MS = 3_000;

export const firestoreCommit = (context: Context, within: Within): Pick<Store, 'commitChunk'> => ({
  async commitChunk(told) {
    const committed = await write(context, within, told);
    // also if it was done before: that commit's process may have died before it closed the shard
    const closed = committed?.done
      ? await within.closeShard(committed.campaignId, committed.shard, told.now, !committed.ours)
      : null;
    if (!committed?.ours) return { kind: 'fenced' };
    return {
      kind: 'committed',
      state: closed ?? committed.state,
      campaignClosed: closed !== null,
    };
  },
});

/** Writes the commit in one transaction; null if there is no such chunk. */
function write(context: Context, within: Within, told: ChunkCommit) {
  const { client, schema, retentionDays, events } = context;
  const { insertFailures, registry, erase } = within;
  const call = randomUUID();
  const forgetsUntil = client.monotonic() + FORGET_WITHIN_MS;
  return client.write(async (writes, attempt) => {
    const [found, campaign] = await readChunk(client, schema, told.chunkId, READ);
    if (!found?.exists || !campaign?.exists) return null;
    const { id: campaignId } = campaign;
    const it = found.data() as ChunkFields;
    const { shard, slot = 0 } = it;
    const where = { campaignId, shard, state: campaign.get('state'), done: it.done };
    if (attempt > 1 && it.writtenBy === call) return { ...where, ours: true };
    if (it.done || it.leaseId !== told.leaseId) return { ...where, ours: false };
    const { commit, gone } = erase.within(found, told);
    const isDone = commit.open.length === 0;
    const isLate = attempt > 1 && client.monotonic() > forgetsUntil;
    const forgotten = await forget(
      registry,
      writes,
      it.app,
      isLate ? [] : commit.forget,
      attempt > 1,
    );
    const failures = commit.failures.map((failure) =>
      forgotten.has(failure.installationId) ? { ...failure, pruned: true as const } : failure,
    );
    const rewritten = await rewriteRecipients(context, writes, {
      id: commit.chunkId,
      chunk: found,
      gone,
      isDone,
      now: commit.now,
    });
    const change = {
      ...changeOf(commit, it, retentionDays),
      ...rewritten,
      ...(gone.size > 0 && { erase: FieldValue.delete() }),
      writtenBy: call,
    };
    writes.update(found.ref, change, unchanged(found));
    count(writes, schema, { campaignId, shard, slot }, countedOf(commit, failures));
    insertFailures(writes, campaignId, { ...commit, failures });
    events.store(writes, commit.events ?? []);
    return { ...where, ours: true, done: isDone };
  });
}

/** What a commit changes in its chunk. */
function changeOf(commit: Committing, it: ChunkFields, retentionDays: number) {
  const { chunkId, open, lease, dueAt, now } = commit;
  const done = open.length === 0;
  const keep = 'keep' in lease && !done ? lease.keep : null;
  return {
    ...fromOutcomes(withCommit(outcomesOf(it), commit)),
    ...(commit.names && { names: JSON.stringify(commit.names) }),
    done,
    leaseId: keep?.id ?? null,
    leaseUntil: keep?.until ?? 0,
    notBefore: 'release' in lease ? lease.notBefore : it.notBefore,
    ...('release' in lease && { stalled: lease.stalled, releasedAt: now }),
    due: done ? FieldValue.delete() : dueOf(chunkId, dueAt),
    ...(done && { openIn: FieldValue.delete(), expireAt: expiry(now, retentionDays) }),
  };
}

type Committing = ChunkCommit & Pick<Redacted, 'failed'>;

/** What a commit adds to its shard. */
const countedOf = (
  { accepted, skipped, failed, open, held }: Committing,
  failures: ChunkCommit['failures'],
): Counted => ({
  accepted,
  failed: failed.length,
  skipped: skipped.length,
  chunksDone: open.length === 0 ? 1 : 0,
  reasons: tally(failed),
  pruned: tally(failures.filter((it) => it.pruned)),
  held,
});
