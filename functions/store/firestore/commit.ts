/** What a commit writes: in its chunk, and in the counters of its shard. */

import { FieldPath, FieldValue } from '@google-cloud/firestore';
import type { ChunkCommit } from '../../model/chunk.ts';
import { tally } from '../counts.ts';
import type { Redacted } from '../erasure.ts';
import { type ChunkFields, dueOf, expiry, reasonKey } from './schema.ts';

/** Counters of a document that one write may add to are 500. */
const [MAX_REASONS, MAX_PRUNED] = [400, 50];

const add = FieldValue.increment;
const gone = FieldValue.delete;

/** What a commit changes in its chunk. */
export function changeOf(commit: ChunkCommit, it: ChunkFields, retentionDays: number) {
  const { chunkId, open, doubtful, lease, dueAt, now } = commit;
  const done = open.length === 0;
  const keep = 'keep' in lease && !done ? lease.keep : null;
  return {
    ...{ left: JSON.stringify(open), doubtful: JSON.stringify(doubtful), done },
    ...{ leaseId: keep?.id ?? null, leaseUntil: keep?.until ?? 0 },
    notBefore: 'release' in lease ? lease.notBefore : it.notBefore,
    ...('release' in lease && { stalled: lease.stalled, releasedAt: now }),
    due: done ? gone() : dueOf(chunkId, dueAt),
    ...(done && { openIn: gone(), expireAt: expiry(now, retentionDays) }),
  };
}

/** What a commit adds to its shard: fields and values in turn; nothing if it learnt nothing. */
export function countedOf(
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
