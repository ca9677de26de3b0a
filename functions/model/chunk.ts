/** Shards and their frozen chunks: what the ledger is made of. */

import type { BucketRange, Cursor } from './bucket.ts';
import type { Counts } from './campaign.ts';
import type { CampaignEvent } from './event.ts';
import type { Outcome } from './outcome.ts';
import type { Environment } from './platform.ts';
import type { Provider } from './provider/registry.ts';
import type { QuietHours } from './quiet.ts';
import type { Turn, WaveZones } from './waves.ts';

/** The wave that a shard belongs to, as it was when the campaign was planned. */
export interface ShardWave extends Turn {
  /** the wave's place in its campaign */
  index: number;
  /** shards of the wave, and this one's place among them */
  of: number;
  part: number;
  /**
   * 'movers': devices of any zone that have changed it since the campaign was planned, or shortly before,
   * and that no other wave has sent to. Planned when all others are.
   */
  zones: WaveZones | 'movers';
}

/** A range of buckets that one planner task cuts into chunks. */
export interface Shard extends BucketRange {
  campaignId: string;
  index: number;
  /** left out: its campaign has no waves */
  wave?: ShardWave | undefined;
  /** pages frozen so far: it fences the planner's writes, and is part of each chunk's id */
  pages: number;
  cursor: Cursor | null;
  /** the whole range has been read */
  planned: boolean;
  /** when that was, in ms; null: it was not yet, or an older version planned it */
  plannedAt: number | null;
  chunks: number;
  chunksDone: number;
  counts: Counts;
  task: LastTask;
}

export interface Recipient {
  installationId: string;
  token: string;
  /** which of the message's languages it gets; the default if left out */
  language?: string;
  /** its values for the variables of the message in that language, by name */
  values?: Record<string, string>;
  /**
   * Only where the message increments the badge. In a chunk to be frozen: the increment. In a frozen
   * chunk: the number that the app's badge shows.
   */
  badge?: number;
  /** its time zone, where the chunk has quiet hours; left out: the default one */
  zone?: string;
  /** its bucket, if that was read; only in a chunk to be frozen */
  bucket?: number;
}

/** The quiet hours of an app, and the time zone of devices that tell none. */
export interface ZonedQuiet extends QuietHours {
  zone: string;
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
   * Indices of open recipients that are in doubt: a push was sent and never answered, or was refused when
   * the campaign was paused for such refusals. They fail if that happens again.
   */
  inDoubt: number[];
  /** how often the chunk was claimed before this time */
  attempt: number;
  /** attempts in a row that settled no recipient */
  stalled: number;
  /** when it may be sent, ms since the epoch; 0: now */
  notBefore: number;
  /** ms since the epoch; a push that has not left by then fails (`Expired`) */
  expiresAt: number;
  /** nothing is sent, and no push may arrive, in these hours of a recipient's zone; left out: at any time */
  quiet?: ZonedQuiet | undefined;
}

/** Recipients that wait for the end of quiet hours, and when the last of them may be sent, in ms. */
export interface Held {
  recipients: number;
  until: number;
}

export interface Lease {
  id: string;
  until: number;
}

/** The stored record of a recipient whose push failed for good. */
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
  /** set when it is read: the token was forgotten, so the installation is not stored any more */
  pruned?: true;
}

/** What became of a recipient in the end. `capped`, `late`: why it was skipped. */
export type Delivered = Outcome['kind'] | 'skipped' | 'capped' | 'late';

/**
 * What a provider names the pushes that it accepted, by the recipient's index. Each is at most 200
 * characters of ASCII.
 */
export type PushNames = Readonly<Record<number, string>>;

/** The outcomes of a claimed chunk since the last commit. */
export interface ChunkCommit {
  chunkId: string;
  leaseId: string;
  accepted: number;
  /** only of messages, and only in the first commit of a chunk */
  names?: PushNames | undefined;
  /** indices of recipients to which nothing is sent */
  skipped: number[];
  failures: Omit<Failure, 'campaignId' | 'chunkId'>[];
  /** tokens to forget: only where the installation still has it and did not register after `since` */
  forget: (Pick<Recipient, 'installationId' | 'token'> & { since: number })[];
  open: number[];
  inDoubt: number[];
  /** those that are held from now on, and were not before */
  held?: Held | undefined;
  /** 'keep' extends the lease (a checkpoint), 'release' ends this attempt */
  lease: { keep: Lease } | { release: true; notBefore: number; stalled: number };
  /** when the sweep should look after it, if nothing else happens */
  dueAt: number;
  now: number;
  /** stored in the same write, to be published */
  events?: CampaignEvent[];
}

/** The part of a chunk that a task carries. */
export interface SendableChunk {
  chunkId: string;
  provider: Provider;
  /** number of recipients, settled or not */
  size: number;
}

/** A chunk that is not done, with all from which the names of its tasks are made. */
export interface OpenChunk extends SendableChunk {
  notBefore: number;
  /** how often it was claimed */
  attempt: number;
  /** end of a lease that was not released, ms since the epoch; 0: there is none */
  leaseUntil: number;
  task: LastTask;
}

/** Why work was last queued again, by the sweep or a resume; null: it never was. */
export type LastTask = string | null;

export interface NewChunk extends Omit<Chunk, 'open' | 'inDoubt' | 'attempt' | 'stalled'> {
  dueAt: number;
  /**
   * The local time of its recipients had passed: all of them are skipped as it is frozen, no badge of theirs
   * is counted up, and nothing is kept of them for caps.
   */
  isLate?: boolean | undefined;
  /** its recipients wait, or waited, for the end of quiet hours at that time (ms); those over a cap do not */
  heldUntil?: number | undefined;
}
