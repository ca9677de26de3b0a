/** Rows of the table `chunks`, and the chunks they stand for. */

import type { Chunk, OpenChunk, Recipient } from '../../model/chunk.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Database } from '../../sqlite/database.ts';
import { fromLists, openIn } from '../outcomes.ts';
import { pack, unpack } from '../recipients.ts';

export interface ChunkRow {
  id: string;
  campaign_id: string;
  shard: number;
  app: string;
  provider: Provider;
  environment: Chunk['environment'];
  size: number;
  /** a letter for each recipient (`../outcomes.ts`); null: see `open` */
  outcomes: string | null;
  /** JSON of `PushNames`; only of messages */
  names: string | null;
  /** of older versions: JSON list of open indices, null: all; and of those in doubt */
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
  /** when it was stored, and when the last attempt began; null in rows of older versions */
  frozen_at: number | null;
  claimed_at: number | null;
  done: 0 | 1;
  /** JSON list of the indices to erase when the lease ends */
  erase: string | null;
  task: string | null;
  /** JSON of `ZonedQuiet`; null: it has none */
  quiet: string | null;
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

export const outcomesOf = ({
  size,
  outcomes,
  open,
  doubtful,
}: Pick<ChunkRow, 'size' | 'outcomes' | 'open' | 'doubtful'>): string =>
  outcomes ?? fromLists(size, JSON.parse(open ?? 'null'), JSON.parse(doubtful));

export const quietOf = ({ quiet }: Pick<ChunkRow, 'quiet'>): Pick<Chunk, 'quiet'> =>
  quiet === null ? {} : { quiet: JSON.parse(quiet) };

/** The recipients of a chunk; it is there. */
export function findRecipients({ sql }: Database, chunkId: string): Recipient[] {
  const { packed, rest } = sql<{ packed: string; rest: string | null }>(
    'SELECT packed, rest FROM chunk_recipients WHERE chunk_id = ?',
  ).get(chunkId)!;
  return unpack({ ids: packed, rest });
}

/** Replaces the recipients of a chunk; those of one that is done have only their ids. */
export function putRecipients(
  { sql }: Database,
  chunkId: string,
  recipients: Recipient[],
  isDone: boolean,
) {
  const { ids, rest } = pack(recipients);
  sql('UPDATE chunk_recipients SET packed = ?, rest = ? WHERE chunk_id = ?').run(
    ids,
    isDone ? null : rest,
    chunkId,
  );
}

/** Tokens and what is each one's own go, since the chunk is done. */
export function settleRecipients(db: Database, chunkId: string) {
  const { changes } = db
    .sql('UPDATE chunk_recipients SET rest = NULL WHERE chunk_id = ? AND rest IS NOT NULL')
    .run(chunkId);
  // an older version has frozen it
  if (changes === 0) putRecipients(db, chunkId, findRecipients(db, chunkId), true);
}

export const toChunk = (row: ChunkRow, recipients: Recipient[]): Chunk => ({
  id: row.id,
  campaignId: row.campaign_id,
  shard: row.shard,
  app: row.app,
  provider: row.provider,
  environment: row.environment,
  recipients,
  ...openIn(outcomesOf(row)),
  attempt: row.attempt,
  stalled: row.stalled,
  notBefore: row.not_before,
  expiresAt: row.expires_at,
  ...quietOf(row),
});
