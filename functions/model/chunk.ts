/** Shards and their frozen chunks: what the ledger is made of. */

import type { BucketRange, Cursor } from './bucket.ts';
import type { Counts } from './campaign.ts';
import type { CampaignEvent } from './event.ts';
import type { Outcome } from './outcome.ts';
import type { Environment } from './platform.ts';
import type { Provider } from './provider/registry.ts';

/** A range of buckets that one planner pass turns into chunks. */
export interface Shard extends BucketRange {
  campaignId: string;
  index: number;
  /** pages frozen so far: the fence of the planner, and part of each chunk's id */
  pages: number;
  cursor: Cursor | null;
  /** the whole range has been read */
  planned: boolean;
  chunks: number;
  chunksDone: number;
  counts: Counts;
  task: LastTask;
}

export interface Recipient {
  installationId: string;
  token: string;
  /** which of the message's languages it gets; its default without one */
  language?: string;
  /** what its attributes say in the places of that message */
  values?: Record<string, string>;
  /**
   * Where the message counts it up: by how much, in a chunk that is to be frozen; what the app's
   * badge shows, in one that is.
   */
  badge?: number;
}

/** A frozen list of recipients of one provider and environment, sent by one task. */
export interface Chunk {
  /** `campaign.shard.page.part` */
  id: string;
  campaignId: string;
  shard: number;
  app: string;
  provider: Provider;
  environment: Environment;
  recipients: Recipient[];
  /** indices into `recipients` that have no final outcome yet */
  open: number[];
  /**
   * Open ones that had their second chance: written to a provider once and never answered, or refused
   * when the campaign was paused for it. They fail if that happens again.
   */
  doubtful: number[];
  /** how often it was claimed to be sent, this time not counted */
  attempt: number;
  /** attempts in a row that settled no recipient */
  stalled: number;
  /** not to be sent before */
  notBefore: number;
  /** a push that has not left by then is recorded as failed (`Expired`) */
  expiresAt: number;
}

export interface Lease {
  id: string;
  until: number;
}

/** The stored record of a recipient that was not accepted in the end. */
export interface Failure extends Pick<Recipient, 'installationId' | 'token'> {
  campaignId: string;
  chunkId: string;
  index: number;
  provider: Provider;
  outcome: Exclude<Outcome['kind'], 'accepted'>;
  reason: string;
  /** the provider's own words, shortened, where it gives more than a reason */
  detail?: string;
  attempts: number;
  at: number;
  /** its token was forgotten: the installation is not there any more; as it is read */
  pruned?: true;
}

/** What was learnt of a claimed chunk since the last commit. */
export interface ChunkCommit {
  chunkId: string;
  leaseId: string;
  accepted: number;
  skipped: number;
  failures: Omit<Failure, 'campaignId' | 'chunkId'>[];
  /** tokens to forget: only where the installation still has it and did not register after `since` */
  forget: (Pick<Recipient, 'installationId' | 'token'> & { since: number })[];
  open: number[];
  doubtful: number[];
  /** 'keep' extends the lease (a checkpoint), 'release' ends this attempt */
  lease: { keep: Lease } | { release: true; notBefore: number; stalled: number };
  /** when the sweep should look after it, if nothing else happens */
  dueAt: number;
  now: number;
  /** stored in the same write, to be published */
  events?: CampaignEvent[];
}

/** What a task needs to know of a chunk. */
export interface SendableChunk {
  chunkId: string;
  provider: Provider;
  /** its recipients, settled or not */
  size: number;
}

/** A chunk that is not done, and what tells under which names it may wait in its queue. */
export interface OpenChunk extends SendableChunk {
  notBefore: number;
  /** how often it was claimed */
  attempt: number;
  /** of a lease that was not given back; 0: there is none */
  leaseUntil: number;
  task: LastTask;
}

/** Why it was last queued again by what found or resumed it; null: it never was. */
export type LastTask = string | null;

export interface NewChunk extends Omit<Chunk, 'open' | 'doubtful' | 'attempt' | 'stalled'> {
  dueAt: number;
}
