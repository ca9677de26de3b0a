/** Rows of the table `chunks`, and the chunks they stand for. */

import type { Chunk, OpenChunk } from '../../model/chunk.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Database } from '../../sqlite/database.ts';
import { unpack } from '../recipients.ts';

export interface ChunkRow {
  id: string;
  campaign_id: string;
  shard: number;
  app: string;
  provider: Provider;
  environment: Chunk['environment'];
  size: number;
  /** JSON list of indices; null means all of them */
  open: string | null;
  doubtful: string;
  attempt: number;
  not_before: number;
  expires_at: number;
  lease_id: string | null;
  lease_until: number | null;
  stalled: number;
  /** when the last attempt ended, in ms */
  released_at: number | null;
  done: 0 | 1;
  /** JSON list of the indices to erase when the lease ends */
  erase: string | null;
  task: string | null;
}

/** The columns that `toOpenChunk` reads. */
export const OPEN_FIELDS = 'id, provider, size, not_before, attempt, lease_until, task';
export type OpenChunkRow = Pick<
  ChunkRow,
  'id' | 'provider' | 'size' | 'not_before' | 'attempt' | 'lease_until' | 'task'
>;

export const findChunk = ({ sql }: Database, id: string): ChunkRow | undefined =>
  sql<ChunkRow>('SELECT * FROM chunks WHERE id = ?').get(id);

export const toOpenChunk = (row: OpenChunkRow): OpenChunk => ({
  chunkId: row.id,
  provider: row.provider,
  size: row.size,
  notBefore: row.not_before,
  attempt: row.attempt,
  leaseUntil: row.lease_until ?? 0,
  task: row.task,
});

/** `packed` is the recipients as `pack` wrote them. */
export const toChunk = (row: ChunkRow, packed: string): Chunk => ({
  id: row.id,
  campaignId: row.campaign_id,
  shard: row.shard,
  app: row.app,
  provider: row.provider,
  environment: row.environment,
  recipients: unpack(packed),
  open: row.open === null ? Array.from({ length: row.size }, (_, i) => i) : JSON.parse(row.open),
  inDoubt: JSON.parse(row.doubtful),
  attempt: row.attempt,
  stalled: row.stalled,
  notBefore: row.not_before,
  expiresAt: row.expires_at,
});
