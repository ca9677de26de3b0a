/**
 * Committing what was learnt of a claimed chunk: in its document, and in the counters of its shard.
 */

import { randomUUID } from 'node:crypto';
import { FieldPath, FieldValue } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import { tally } from '../counts.ts';
import type { Redacted } from '../erasure.ts';
import { readChunk } from './chunk-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import type { FirestoreErase } from './erase.ts';
import type { EventWriter } from './events.ts';
import type { firestoreFailures } from './failures.ts';
import type { Registry } from './registry/registry.ts';
import { forget } from './registry/removal.ts';
import { type ChunkFields, dueOf, expiry, reasonKey, type Schema } from './schema.ts';

/** Most reasons that one commit counts: a write may change 500 counters of a document. */
const [MAX_REASONS, MAX_PRUNED] = [400, 50];

const add = FieldValue.increment;
const gone = FieldValue.delete;

/** What a commit needs of other parts of the store. */
export interface Within {
  closeShard: CloseShard;
  insertFailures: ReturnType<typeof firestoreFailures>['insertFailures'];
  registry: Registry;
  events: EventWriter;
  erase: FirestoreErase;
}

/** The fields of a chunk that a commit reads; `state` is its campaign's. */
const READ = ['done', 'leaseId', 'writtenBy', 'shard', 'app', 'notBefore', 'state', 'erase'];

export function firestoreCommit(
  client: Client,
  schema: Schema,
  retentionDays: number,
  { closeShard, insertFailures, registry, events, erase }: Within,
): Pick<Store, 'commitChunk'> {
  /** Writes the commit in one transaction; null if there is no such chunk. */
  function write(told: ChunkCommit) {
    const call = randomUUID();
    return client.write(async (writes, attempt) => {
      const [found, campaign] = await readChunk(client, schema, told.chunkId, READ);
      if (!found?.exists || !campaign?.exists) return null;
      const { id: campaignId } = campaign;
      const it = found.data() as ChunkFields;
      const where = { campaignId, shard: it.shard, state: campaign.get('state'), done: it.done };
      if (attempt > 1 && it.writtenBy === call) return { ...where, ours: true };
      if (it.done || it.leaseId !== told.leaseId) return { ...where, ours: false };
      const { commit, change: taken } = await erase.within(found, told);
      const forgotten = await forget(registry, writes, it.app, commit.forget);
      const failures = commit.failures.map((failure) =>
        forgotten.has(failure.installationId) ? { ...failure, pruned: true as const } : failure,
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
  }

  return {
    async commitChunk(told) {
      const committed = await write(told);
      // also if it was done before: that commit's process may have died before it closed the shard
      const after = committed?.done
        ? await closeShard(committed.campaignId, committed.shard, told.now)
        : { closed: null };
      if (!committed?.ours) return { kind: 'fenced' };
      return {
        kind: 'committed',
        state: after.closed ?? committed.state,
        campaignClosed: after.closed !== null,
        ...(after.shard && { shard: after.shard }),
      };
    },
  };
}

/** What a commit changes in its chunk. */
function changeOf(commit: ChunkCommit, it: ChunkFields, retentionDays: number) {
  const { chunkId, open, inDoubt, lease, dueAt, now } = commit;
  const done = open.length === 0;
  const keep = 'keep' in lease && !done ? lease.keep : null;
  return {
    left: JSON.stringify(open),
    doubtful: JSON.stringify(inDoubt),
    done,
    leaseId: keep?.id ?? null,
    leaseUntil: keep?.until ?? 0,
    notBefore: 'release' in lease ? lease.notBefore : it.notBefore,
    ...('release' in lease && { stalled: lease.stalled, releasedAt: now }),
    due: done ? gone() : dueOf(chunkId, dueAt),
    ...(done && { openIn: gone(), expireAt: expiry(now, retentionDays) }),
  };
}

/** What a commit adds to its shard: fields and values in turn. Empty if it has nothing to count. */
function countedOf(
  { accepted, skipped, failed, open }: ChunkCommit & Pick<Redacted, 'failed'>,
  failures: ChunkCommit['failures'],
) {
  const counted: (string | FieldPath | FieldValue)[] = [];
  const count = (field: string | FieldPath, by: number) => {
    if (by > 0) counted.push(field, add(by));
  };
  count('accepted', accepted);
  count('failed', failed.length);
  count('skipped', skipped);
  count('chunksDone', open.length === 0 ? 1 : 0);
  const reasons = Object.entries(tally(failed));
  for (const [reason, by] of reasons.slice(0, MAX_REASONS))
    count(new FieldPath('reasons', reasonKey(reason)), by);
  const others = reasons.slice(MAX_REASONS).reduce((sum, [, by]) => sum + by, 0);
  count(new FieldPath('reasons', reasonKey('(others)')), others);
  const pruned = failures.filter((it) => it.pruned);
  for (const [reason, by] of Object.entries(tally(pruned)).slice(0, MAX_PRUNED))
    count(new FieldPath('pruned', reasonKey(reason)), by);
  return counted;
}
