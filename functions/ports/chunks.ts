/** Shards and their frozen chunks: what the ledger is made of. */

import type { Cursor } from '../model/bucket.ts';
import type { Campaign, CampaignState, Counts } from '../model/campaign.ts';
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
  /** somebody else is sending it */
  | { kind: 'leased'; until: number }
  | { kind: 'early'; notBefore: number }
  | { kind: 'paused' }
  | { kind: 'missing' };

export type Committed =
  /** `shard`: what is counted in its shard, given when the chunk is done */
  | { kind: 'committed'; state: CampaignState; campaignClosed: boolean; shard?: Counts }
  /** the lease is not ours any more: nothing was written, and nothing may be sent */
  | { kind: 'fenced' };

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
  /** the page number this planner believes to be next: compare and set */
  page: number;
  chunks: NewChunk[];
  /** recipients counted but not frozen (the campaign is being cancelled) */
  skipped: number;
  /** looked at since the page before, and no recipients */
  leftOut?: number | undefined;
  /** how many of its recipients have neither a value nor a default for a variable, by its name */
  missing?: Record<string, number> | undefined;
  cursor: Cursor | null;
  /** nothing is left in the range */
  last: boolean;
  dueAt: number;
  now: number;
}

export interface Chunks {
  getShard(campaignId: string, index: number): Promise<Shard | null>;
  openShards(campaignId: string): Promise<Shard[]>;
  /**
   * Badges are counted up in the same write, and frozen as they are then: what is sent again shows
   * the same. 'stale': another planner was here first, and nothing was written.
   */
  freezePage(
    page: FrozenPage,
  ): Promise<{ kind: 'frozen'; campaignClosed: boolean } | { kind: 'stale' }>;
  /** Takes the lease of a chunk (compare and set) and reads what there is to send. */
  claimChunk(chunkId: string, lease: Lease, now: number): Promise<Claim>;
  /**
   * One write: outcomes, failures, the shard's counters, tokens forgotten; the last chunk closes
   * the shard, the last shard the campaign.
   */
  commitChunk(commit: ChunkCommit): Promise<Committed>;
  /** Chunks that are not done, in pages; `shard` null is all of them. */
  openChunks(campaignId: string, shard: number | null): AsyncIterable<OpenChunk[]>;
  /**
   * Says when the sweep should look after chunks that nobody is sending, gives them another slot, and
   * notes why they are queued again.
   */
  moveChunks(chunks: MovedChunk[], now: number): Promise<void>;
  listFailures(campaignId: string, after: string | null, limit: number): Promise<Page<Failure>>;
}
