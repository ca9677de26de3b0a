/**
 * The documents of campaigns, events, webhooks and control: how each collection names them, and their
 * fields. Those of installations and audiences are in registry-fields.ts.
 */

import type { Timestamp } from '@google-cloud/firestore';
import type { CampaignState, Counts, Sums, Trials } from '../../model/campaign.ts';
import type { Chunk, ZonedQuiet } from '../../model/chunk.ts';
import type { CampaignEvent } from '../../model/event.ts';
import type { ReceiptCounts } from '../../model/receipt.ts';

/** Named `{campaign}`. */
export interface CampaignFields {
  app: string;
  /** JSON of the `CampaignRequest` */
  request: string;
  state: CampaignState;
  reason: string | null;
  createdAt: number;
  firstPushAt: number | null;
  closedAt: number | null;
  shards: number;
  /** the same when it is closed; before that, the closed ones among those of older versions */
  shardsDone: number;
  /** indexed, newest first: slot, time, id */
  listed: string;
  /** indexed; there until it is closed */
  open?: true;
  /** indexed; there while it waits for its plan, or for its work to be back on its queues */
  due?: string;
  /**
   * indexed: `nameKey` of each name in its audience; and if there may be other recipients UNNAMED while it
   * is open, and the `closedKey` of the day when it is closed
   */
  names?: string[];
  /** Set when it closes, of one that names all of its recipients. */
  expireAt?: Timestamp;
  /** JSON of the `Change`s, bounded */
  history?: string;
  /** events of its timeline so far */
  events?: number;
  /** when its progress was last told */
  progressAt?: number;
  /** what its closed shards counted; older versions have none */
  sums?: Sums;
  /** what is known of its message at each provider */
  trials?: Trials;
  /** Set for a message: its creation stored no event. Removed by the write that stores one. */
  quiet?: true;
  /** of the request of a message that came with an idempotency key, which names the document */
  requestHash?: string;
  /** JSON list of hashes of devices that were erased while the message was sent */
  erase?: string;
  /** the sums of receipts; set when the receipts are deleted, at the end of the retention */
  receiptSums?: ReceiptCounts;
  /** JSON of the `Outcome` of a message that was sent in one attempt; it has no shards and chunks */
  outcome?: string;
}

/**
 * Lies at the name that a message with this idempotency key would have, where the key was used for
 * another campaign. No query finds it.
 */
export interface KeyUsedFields {
  usedFor: string;
  requestHash: string;
  expireAt: Timestamp;
}

/**
 * The outbox, and each campaign's timeline. Named `{subject}~0{number in the timeline}`; what is no part
 * of it `{subject}~1{hash of the id}`.
 */
export interface EventFields {
  id: string;
  subject: string;
  type: CampaignEvent['type'];
  app: string | null;
  at: number;
  /** JSON */
  data: string;
  /** indexed; there until it is published */
  due?: string;
  expireAt: Timestamp;
}

/**
 * Named `{campaign}~{index}`. Written by its planner, and once when it closes: what its chunks count is
 * in its counters until then. The names of reasons and variables are keys of `reasonKey`.
 */
export interface ShardFields extends Omit<Counts, 'skippedBy'> {
  campaignId: string;
  index: number;
  from: number;
  to: number;
  /** JSON of the `ShardWave` */
  wave?: string;
  /**
   * In a list where the shard has a wave: a version that knows no waves, and would send to the whole audience
   * for each of them, compares it by `===` before it freezes a page, so it takes each for stale.
   */
  pages: number | [number];
  /** the call that froze the last page */
  frozenBy?: string;
  cursorBucket: number | null;
  cursorId: string | null;
  planned: boolean;
  /** when it was; older versions have none */
  plannedAt?: number;
  closed: boolean;
  /** the call that closed it, and when, by the clock of Firestore */
  closedBy?: string;
  closedOn?: Timestamp;
  /** indexed: its campaign, until it is closed; older versions have none */
  openOf?: string;
  /** counters over which its chunks are spread; older versions have none */
  slots?: number;
  chunks: number;
  /** of those that are skipped: by a cap, and since their local time had passed */
  capped?: number;
  late?: number;
  /** parts of the largest page; some may have no recipient left, or have expired */
  parts?: number;
  chunksDone: number;
  /** as its campaign */
  expireAt?: Timestamp;
  /** indexed; there until it is closed, and its campaign if it was the last one */
  due?: string;
  /** why it was last queued again */
  task?: string;
}

/** Named `{campaign}~{shard}~{slot}`. Only ever added to, and deleted when the shard closes. */
export interface CounterFields extends Partial<Pick<Counts, 'accepted' | 'failed' | 'skipped'>> {
  chunksDone?: number;
  /** by keys of `reasonKey` */
  reasons?: Record<string, number>;
  pruned?: Record<string, number>;
  /** recipients that waited for the end of quiet hours, by when that is, in ms */
  heldBy?: Record<string, number>;
}

/**
 * Named by a hash of the chunk's id, so that a campaign's chunks are spread over the key space from
 * the first one. Its recipients are in a document of the same name in `recipients`.
 */
export interface ChunkFields {
  id: string;
  campaignId: string;
  shard: number;
  app: string;
  provider: Chunk['provider'];
  environment: Chunk['environment'];
  size: number;
  /** where it counts (counters.ts); older versions have none, and count in the shard */
  slot?: number;
  /** compressed: a letter for each recipient (outcomes.ts); absent: all are open */
  outcomes?: Buffer;
  /** JSON of `PushNames`; only of messages that were not closed in one write */
  names?: string;
  /** of older versions: the recipients; JSON list of open indices, null: all; and of those in doubt */
  recipients?: string;
  left?: string | null;
  doubtful?: string;
  attempt: number;
  stalled?: number;
  notBefore: number;
  /** when it was stored, and the end of its page; older versions have neither */
  frozenAt?: number;
  cursorBucket?: number;
  cursorId?: string;
  /** when the last attempt began */
  claimedAt?: number;
  /** when the last attempt ended; null or absent: `notBefore` is its slot in time */
  releasedAt?: number | null;
  expiresAt: number;
  /** absent: it has none */
  quiet?: ZonedQuiet;
  leaseId: string | null;
  leaseUntil: number;
  /** the call that committed last */
  writtenBy?: string;
  /** JSON list of indices to be taken out when the lease ends */
  erase?: string;
  done: boolean;
  /** indexed; there until it is done: campaign, shard, id. It grows slowly: chunks are large. */
  openIn?: string;
  /** indexed; there until it is done */
  due?: string;
  /** why it was last queued again */
  task?: string;
  /** Set when it is done: a chunk that is paused for months is not lost. */
  expireAt?: Timestamp;
}

/** Named as its chunk. Both fields are compressed texts (`../recipients.ts`). */
export interface RecipientsFields {
  ids: Buffer;
  /** tokens, and what is each one's own; there until the chunk is done */
  rest?: Buffer;
  /** as its chunk */
  expireAt?: Timestamp;
}

/**
 * Named `{campaign}~{chunk}~{lease}~{part}`: what failed between two commits, in one document. A
 * document each would cost a write for each failure, and a read for each one listed.
 */
export interface FailuresFields {
  campaignId: string;
  chunkId: string;
  /** JSON list of `Failure` without what is above */
  failures: string;
  expireAt: Timestamp;
}

/**
 * Named `receipts/{campaign}~{kind}/receiptSets/{first bucket}`: under a document that is not there, so that
 * a sum over the sets of a campaign needs no index beside that of `size`.
 */
export interface ReceiptSetFields {
  /** installations, packed (`../receipt-set.ts`) */
  set: Buffer;
  /** indexed: installations that were counted, also those that were erased since */
  size: number;
  /** only of a campaign that expires */
  expireAt?: Timestamp;
}

/** Named `{app}~{first bucket}`: what is kept of some installations for caps. */
export interface CapSetFields {
  /** packed (`../cap-set.ts`) */
  set: Buffer;
  /** the first bucket behind it: it is not what a reader expects if the set was cut meanwhile */
  end: number;
  expireAt: Timestamp;
}

/** Named `{app}~{cell}`: where the sets of a sixteenth of an app's buckets begin. */
export interface CapStartsFields {
  /** packed: four bytes each, ascending */
  starts: Buffer;
}

/** Among the events, named `{campaign}~2`: receipts of the campaign were counted, and are to be told. */
export interface UntoldFields {
  type: 'campaign.receipts';
  subject: string;
  /** indexed: when the sweep tells them */
  due: string;
  /** when they were told last, and with which counts (JSON) */
  toldAt?: number;
  told?: string;
  expireAt: Timestamp;
}

/** The document `receipts` of `ticks`: the last day of whose campaigns the receipts were summed up. */
export interface FoldFields {
  day: number;
}

/** Named by its id. */
export interface WebhookFields {
  /** indexed: `webhookKey` */
  key: string;
  /** indexed, newest first: time, id */
  listed: string;
  disabled: boolean;
  /** JSON */
  record: string;
}

/** Named by a hash of the app: it is paused. In the collection of webhooks, so that one query finds both. */
export interface PauseMarkFields {
  key: string;
}

/** Named by its id, a hash. */
export interface DeliveryFields {
  /** indexed, newest first: webhook, time, id */
  listed: string;
  tries: number;
  /** JSON */
  record: string;
  /** indexed; there while it is pending. In one slot: their queue hands out 50 a second. */
  due?: string;
  expireAt: Timestamp;
}

/** Named by a hash of the app and the key. */
export interface IdempotencyFields {
  campaignId: string;
  requestHash: string;
  expireAt: Timestamp;
}

/** Named by the app. */
export interface AppPauseFields {
  at: number;
  by: string;
}

/** Named by the app. */
export interface AppPolicyFields {
  /** JSON of the `AppPolicy` */
  record: string;
}

/** Named by its id. */
export interface ScheduleFields {
  version: number;
  /** JSON of the `Schedule` */
  schedule: string;
  /** indexed; there while a run is to come */
  due?: string;
}

/** Named by its name. */
export interface TriggerFields {
  /** JSON of the `Trigger` */
  record: string;
  received: number;
  forged: number;
}

/** Named by its key, a hash. */
export interface FailedPingFields {
  /** indexed, newest first: trigger, time, key */
  listed: string;
  /** JSON of the `FailedPing` */
  record: string;
  expireAt: Timestamp;
}

/** The one document of `ticks`. */
export interface TickFields {
  at: number;
}

/** Named by the key's hash. */
export interface KeyFields {
  name: string;
  scopes: string[];
  app?: string;
  createdAt?: number;
}
