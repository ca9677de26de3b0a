/** Claiming a chunk: one process takes its lease and reads what there is to send. */

import type { Lease } from '../../model/chunk.ts';
import type { Claim } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { cutLease, isEarly, leaseState } from '../leases.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import { type ChunkRow, findChunk, findRecipients, toChunk } from './chunk-rows.ts';
import type { Erase } from './erase.ts';

export function sqliteClaim(
  db: Database,
  campaigns: Pick<SqliteCampaigns, 'find'>,
  erase: Pick<Erase, 'pending'>,
) {
  const { sql } = db;

  /** The end of the lease that another process has, in ms; null if the chunk is free. */
  function leasedUntil(row: ChunkRow, now: number): number | null {
    const state = leaseState(row.lease_id, row.lease_until ?? 0, now);
    if (state === 'free') return null;
    if (state === 'held') return row.lease_until;
    const until = cutLease(now);
    sql('UPDATE chunks SET lease_until = ?1, due_at = ?1 WHERE id = ?2').run(until, row.id);
    return until;
  }

  /** `claimChunk` of the port, for the inside of a transaction. */
  return (chunkId: string, lease: Lease, now: number): Claim => {
    let row = findChunk(db, chunkId);
    if (!row) return { kind: 'missing' };
    if (row.done) return { kind: 'done' };
    const until = leasedUntil(row, now);
    if (until !== null) return { kind: 'leased', until };
    if (row.erase !== null) {
      erase.pending(row, now);
      row = findChunk(db, chunkId)!;
      if (row.done) return { kind: 'done' };
    }
    const campaign = campaigns.find(row.campaign_id)!;
    if (campaign.state === 'paused') return { kind: 'paused' };
    if (isEarly(row.not_before, row.released_at, now) && campaign.state !== 'cancelling')
      return { kind: 'early', notBefore: row.not_before };
    sql(
      `UPDATE chunks SET lease_id = ?, lease_until = ?, due_at = ?, claimed_at = ?,
         attempt = attempt + 1 WHERE id = ?`,
    ).run(lease.id, lease.until, lease.until, now, chunkId);
    return { kind: 'claimed', campaign, chunk: toChunk(row, findRecipients(db, chunkId)) };
  };
}
