/** Claiming a chunk: one process takes its lease and reads what there is to send. */

import type { Lease } from '../../model/chunk.ts';
import type { Claim } from '../../ports/ports.ts';
import { cutLease, isEarly, leaseState } from '../leases.ts';
import { toCampaign } from './campaign-fields.ts';
import { campaignOf, readWhole, toChunk } from './chunk-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { CloseShard } from './close.ts';
import type { FirestoreErase } from './erase.ts';
import { type ChunkFields, dueOf, type Schema } from './schema.ts';

export function firestoreClaim(
  client: Client,
  schema: Schema,
  closeShard: CloseShard,
  erase: Pick<FirestoreErase, 'from'>,
) {
  const attemptClaim = (chunkId: string, lease: Lease, now: number) =>
    client.write(async (writes, attempt) => {
      const [found, campaign, recipients] = await readWhole(client, schema, chunkId);
      if (!found?.exists || !campaign?.exists) return { kind: 'missing' as const };
      const it = found.data() as ChunkFields;
      if (it.done) return { kind: 'done' as const, shard: it.shard };
      // an earlier attempt of this call was committed, and its answer was lost
      const ours = attempt > 1 && it.leaseId === lease.id;
      if (ours) {
        it.attempt -= 1;
        return {
          kind: 'claimed' as const,
          chunk: toChunk(it, recipients),
          campaign: toCampaign(campaign),
        };
      }
      const lasting = leaseState(it.leaseId, it.leaseUntil, now);
      if (lasting === 'beyond') {
        it.leaseUntil = cutLease(now);
        const due = dueOf(chunkId, it.leaseUntil);
        writes.update(found.ref, { leaseUntil: it.leaseUntil, due }, unchanged(found));
      }
      if (lasting !== 'free') return { kind: 'leased' as const, until: it.leaseUntil };
      if (it.erase !== undefined) return { kind: 'erase' as const };
      const { state } = toCampaign(campaign);
      if (state === 'paused') return { kind: 'paused' as const };
      if (isEarly(it.notBefore, it.releasedAt ?? null, now) && state !== 'cancelling')
        return { kind: 'early' as const, notBefore: it.notBefore };
      writes.update(
        found.ref,
        {
          leaseId: lease.id,
          leaseUntil: lease.until,
          attempt: it.attempt + 1,
          claimedAt: now,
          due: dueOf(chunkId, lease.until),
        },
        unchanged(found),
      );
      return {
        kind: 'claimed' as const,
        chunk: toChunk(it, recipients),
        campaign: toCampaign(campaign),
      };
    });

  async function claimChunk(chunkId: string, lease: Lease, now: number): Promise<Claim> {
    const claim = await attemptClaim(chunkId, lease, now);
    if (claim.kind === 'erase') {
      // its sender died, and recipients of it were erased since
      await erase.from(chunkId, [], now, true);
      return claimChunk(chunkId, lease, now);
    }
    if (claim.kind !== 'done') return claim;
    // a repeated delivery: the process that finished the chunk may have died before it closed the shard
    await closeShard(campaignOf(schema, chunkId).id, claim.shard, now);
    return { kind: 'done' };
  }

  return { claimChunk };
}
