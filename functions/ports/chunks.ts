/** Shards and their frozen chunks: what the ledger is made of. */

import type { Cap } from '../model/app-policy.ts';
import type { Cursor } from '../model/bucket.ts';
import type { Campaign, CampaignState } from '../model/campaign.ts';
import type {
  Chunk,
  ChunkCommit,
  Failure,
  Lease,
  NewChunk,
  OpenChunk,
  Shard,
} from '../model/chunk.ts';
import type { Page } from './page.ts';

export type Claim =
  | { kind: 'claimed'; chunk: Chunk; campaign: Campaign }
  /** every recipient has its outcome */
  | { kind: 'done' }
  /** another process is sending it; its lease ends at `until`, in ms */
  | { kind: 'leased'; until: number }
  | { kind: 'early'; notBefore: number }
  | { kind: 'paused' }
  | { kind: 'missing' };

export type Committed =
  | { kind: 'committed'; state: CampaignState; campaignClosed: boolean }
  /** another process has the lease: nothing was written, and nothing more may be sent */
  | { kind: 'fenced' };

/** New times of a chunk, in ms: for the sweep, and its slot; and why it was queued again. */
export interface MovedChunk {
  chunkId: string;
  dueAt: number;
  slot?: Pick<Chunk, 'notBefore' | 'expiresAt'>;
  task?: string;
}

/** A page of a shard, frozen in one write. */
export interface FrozenPage {
  campaignId: string;
  shard: number;
  /** the number that the planner expects to be next: a page is stored only if it is */
  page: number;
  chunks: NewChunk[];
  /** the caps that hold for its recipients, which then count; left out or [] if none do */
  caps?: Cap[] | undefined;
  /** recipients that are counted, not frozen, since the campaign is being cancelled */
  skipped: number;
  /** installations that were read since the page before and are not recipients */
  leftOut?: number | undefined;
  /** recipients whose devices let the app show nothing */
  denied?: number | undefined;
  /** by the name of a variable: recipients that have neither a value nor a default for it */
  missing?: Record<string, number> | undefined;
  cursor: Cursor | null;
  /** true if the range has been read to its end */
  last: boolean;
  dueAt: number;
  now: number;
}

export type Frozen =
  /** `settled`: ids of chunks all of whose recipients are over a cap or late, so that there is nothing to send */
  | { kind: 'frozen'; campaignClosed: boolean; settled?: string[] }
  /** another planner froze this page first, and nothing was written */
  | { kind: 'stale' }
  /**
   * Nothing was written: what is kept of its recipients for caps does not fit in one write. A page that ends
   * before the bucket `from` does. One of `NEVER_WIDE` recipients is never too wide.
   */
  | { kind: 'wide'; from: number };

export interface Chunks {
  /** Null if there is no such shard. */
  getShard(campaignId: string, index: number): Promise<Shard | null>;
  /** The shards that are not planned to their end. */
  openShards(campaignId: string): Promise<Shard[]>;
  /** All shards of a campaign, in order, with what is counted in each. */
  listShards(campaignId: string): Promise<Shard[]>;
  /**
   * Which of these installations the campaign has frozen in some of its waves (by `ShardWave.index`). All shards
   * of these waves are planned.
   */
  frozenAmong(campaignId: string, ids: string[], waves: readonly number[]): Promise<Set<string>>;
  /**
   * Stores a page's chunks and the shard's next position in one write. It also counts badges up and
   * stores their values, so that a push that is sent again shows the same. Of two campaigns that are frozen
   * at the same time, one counts for the caps of the other. Recipients over a cap stay in their chunks, as
   * skipped.
   */
  freezePage(page: FrozenPage): Promise<Frozen>;
  /** Takes the lease of a chunk if it is free, and reads what there is to send. `now` is in ms. */
  claimChunk(chunkId: string, lease: Lease, now: number): Promise<Claim>;
  /**
   * Stores in one write what was learnt of a chunk: outcomes, failures, the shard's counts, forgotten
   * tokens. The last chunk closes its shard, the last shard its campaign.
   */
  commitChunk(commit: ChunkCommit): Promise<Committed>;
  /** The chunks that are not done, of one shard or (null) of all, in pages. */
  openChunks(campaignId: string, shard: number | null): AsyncIterable<OpenChunk[]>;
  /**
   * Gives chunks that are not leased another time for the sweep and another slot, and stores why they
   * were queued again. Skips chunks that are done or leased.
   */
  moveChunks(chunks: MovedChunk[], now: number): Promise<void>;
  /**
   * Lists a campaign's failures in a stable order. Throws `BadCursor` for a cursor that is not from
   * it.
   */
  listFailures(campaignId: string, after: string | null, limit: number): Promise<Page<Failure>>;
}
