/**
 * The outside world on one page: all that `pipeline/` may touch.
 *
 * An engine (`embedded.ts`, `google.ts`) is one set of adapters for these. Times are milliseconds
 * since the epoch, durations are milliseconds. Adapters throw only what nobody can expect: a disk
 * that is full, a service that does not answer. Every answer that can be expected is a value.
 */

import type { Fault } from './errors.ts';
import type { Audience, AudienceExpression } from './pipeline/audience/audience-request.ts';
import type { Campaign, CampaignState, Change, Counts, Message } from './pipeline/campaign.ts';
import type { EventType } from './pipeline/events.ts';
import type { Environment, Installation, Provider } from './pipeline/installation.ts';
import type { Schedule } from './pipeline/schedules/schedule.ts';
import type { FailedPing, Ping, PingCounts, Trigger } from './pipeline/triggers/trigger.ts';

export interface Ports {
  store: Store;
  queue: Queue;
  events: Events;
  senders: Senders;
  log: Log;
  now(): number;
  /** in [0, 1) */
  random(): number;
  /** Of a campaign: 20 characters, in the order that the store writes best. Any without it. */
  newId?(): string;
  /**
   * Sends it in this process at once, where an engine can: resolves when this attempt has ended, and
   * never rejects. Null: it is too much now, and has to be queued.
   */
  sendNow?(chunk: SendableChunk): Promise<void> | null;
}

// ---------------------------------------------------------------------------------------- store

/** Buckets from (inclusive) to (exclusive). */
export interface BucketRange {
  from: number;
  to: number;
}

/** Where a reader of an audience stands: the last installation it has seen. */
export interface Cursor {
  bucket: number;
  id: string;
}

/** What an audience's page may carry of its installations, if it is asked to. */
export type Carried = 'platform' | 'language' | 'attributes' | 'refreshedAt';

export type Reached = Pick<Installation, 'id' | 'provider' | 'environment' | 'token'> &
  Partial<Pick<Installation, Carried>>;

export interface AudiencePage {
  installations: Reached[];
  /** the last installation of this page, or of what was looked through to fill it */
  cursor: Cursor;
}

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
  /** open ones that were written to a provider once and never answered */
  doubtful: number[];
  /** how often it was claimed to be sent, this time not counted */
  attempt: number;
  /** not to be sent before */
  notBefore: number;
  /** a push that has not left by then is recorded as failed (`Expired`) */
  expiresAt: number;
}

export interface Lease {
  id: string;
  until: number;
}

export type Claim =
  | { kind: 'claimed'; chunk: Chunk; campaign: Campaign }
  /** every recipient has its outcome */
  | { kind: 'done' }
  /** somebody else is sending it */
  | { kind: 'leased'; until: number }
  | { kind: 'early'; notBefore: number }
  | { kind: 'paused' }
  | { kind: 'missing' };

/** The stored record of a recipient that was not accepted in the end. */
export interface Failure extends Pick<Recipient, 'installationId' | 'token'> {
  campaignId: string;
  chunkId: string;
  index: number;
  provider: Provider;
  outcome: Exclude<Outcome['kind'], 'accepted'>;
  reason: string;
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
  lease: { keep: Lease } | { release: true; notBefore: number };
  /** when the sweep should look after it, if nothing else happens */
  dueAt: number;
  now: number;
  /** stored in the same write, to be published */
  events?: CampaignEvent[];
}

export type Committed =
  /** `shard`: what is counted in its shard, given when the chunk is done */
  | { kind: 'committed'; state: CampaignState; campaignClosed: boolean; shard?: Counts }
  /** the lease is not ours any more: nothing was written, and nothing may be sent */
  | { kind: 'fenced' };

/** What a task needs to know of a chunk. */
export interface SendableChunk {
  chunkId: string;
  provider: Provider;
  /** its recipients, settled or not */
  size: number;
}

export interface OpenChunk extends SendableChunk {
  notBefore: number;
}

export interface NewChunk extends Omit<Chunk, 'open' | 'doubtful' | 'attempt'> {
  dueAt: number;
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
  /** how many of its recipients have neither a value nor a default for a variable, by its name */
  missing?: Record<string, number>;
  cursor: Cursor | null;
  /** nothing is left in the range */
  last: boolean;
  dueAt: number;
  now: number;
}

/** Work whose time has passed: its task was lost, or its worker died. */
export type Overdue =
  | { kind: 'campaign'; campaignId: string; dueAt: number }
  | { kind: 'shard'; campaignId: string; shard: number; dueAt: number }
  | ({ kind: 'chunk'; dueAt: number } & SendableChunk)
  /** stored, but not published */
  | { kind: 'event'; event: CampaignEvent; dueAt: number }
  | { kind: 'delivery'; deliveryId: string; webhookId: string; tries: number; dueAt: number };

/** Where events are to be posted. */
export interface Webhook {
  id: string;
  /** whose events: both null is everybody's */
  app: string | null;
  campaignId: string | null;
  url: string;
  description: string;
  types: EventType[];
  format: 'standard' | 'slack' | 'teams';
  /** Each signs until then, null is for good. Two of them while a receiver changes over. */
  secrets: { secret: string; until: number | null }[];
  createdAt: number;
  /** why nothing is posted to it any more */
  disabled: { reason: string; at: number } | null;
  /** since when every attempt has failed */
  failingSince: number | null;
  /** of the API when it was registered, for links */
  origin: string;
}

export interface DeliveryAttempt {
  at: number;
  ms: number;
  /** null: no answer came, for this reason */
  status: number | null;
  error: string | null;
}

/** An event on its way to one webhook. */
export interface WebhookDelivery {
  id: string;
  webhookId: string;
  event: CampaignEvent;
  state: 'pending' | 'delivered' | 'failed';
  createdAt: number;
  /** it is retried until three days after that; later than `createdAt` if it was replayed */
  begunAt: number;
  /** how often it was tried: the fence of who tries it */
  tries: number;
  /** the latest; the oldest are dropped */
  attempts: DeliveryAttempt[];
  /** of the next attempt */
  nextAt: number | null;
}

export interface Page<T> {
  items: T[];
  /** opaque; null at the end */
  next: string | null;
}

/** An audience that was saved under a name. */
export interface Segment {
  app: string;
  name: string;
  audience: AudienceExpression;
  updatedAt: number;
}

/** What the names of an upload are. */
export const uploadKinds = ['installationIds', 'userIds', 'tokens'] as const;
export type UploadKind = (typeof uploadKinds)[number];

/** An audience that came as a file: names, each once, in the order of (bucketOf(name), name). */
export interface Upload {
  id: string;
  app: string;
  of: UploadKind;
  /** at least the number of its names; null while they still come */
  size: number | null;
  createdAt: number;
  expiresAt: number;
}

/** An app whose campaigns do not begin until somebody says so. */
export interface Switch {
  at: number;
  by: string;
}

/** `register` may put, change and delete an installation of its app, and nothing else. */
export const scopes = ['campaigns', 'installations', 'read', 'register', 'admin'] as const;
export type Scope = (typeof scopes)[number];
/** Of who runs a deployment. */
export const fullScopes: Scope[] = ['campaigns', 'installations', 'read', 'admin'];

export interface ApiKey {
  /** SHA-256 of the key, hex: the key itself is never stored */
  hash: string;
  name: string;
  scopes: Scope[];
  /** of a key to register with: the only app it is good for */
  app?: string;
  createdAt?: number;
}

/** What is known of a user, for himself. */
export type UserRecord =
  | ({ kind: 'installation' } & Installation)
  | ({ kind: 'recipient'; campaignId: string; chunkId: string; app: string } & Recipient)
  | ({ kind: 'failure' } & Failure);

export interface Erased {
  installations: number;
  /** in frozen chunks */
  recipients: number;
  failures: number;
  /** campaigns that ended by it: they are to be announced */
  closed: string[];
}

/** What became of the rows of an import: together they are all of them. */
export interface ImportCounts {
  inserted: number;
  updated: number;
  /** were there already, just so, and were not written */
  unchanged: number;
  /** a later row of the same batch had their id, or their token */
  superseded: number;
}

/** A row of an import. `refreshedAt` null: nobody knows; now, if its token is a new one. */
export type ImportedInstallation = Omit<Installation, 'refreshedAt'> & {
  refreshedAt: number | null;
};

export interface Store {
  /** Upsert. A token belongs to one installation: another one that has it is removed. */
  putInstallations(batch: Installation[]): Promise<void>;
  /**
   * The same, but an installation that is there already, just so, is not written: `refreshedAt` is
   * compared only where it is later, `optedOut` only where it is said. All of them are marked as seen
   * by `run`, for a week, unless that is null.
   */
  importInstallations(
    batch: ImportedInstallation[],
    options: { run: string | null; now: number },
  ): Promise<ImportCounts>;
  /**
   * Removes those of an app that `run` has not seen, a part of the app at each call; `next` goes on
   * after it. Who registered since the run began is kept, and so is who has opted out: to come back
   * by a later import would end that. With `dryRun` they are only counted. Null: there is no such run.
   */
  pruneInstallations(
    app: string,
    run: string,
    after: string | null,
    dryRun: boolean,
  ): Promise<{ found: number; next: string | null } | null>;
  /** Reads, changes and puts in one transaction. `change` keeps the id and the app. */
  updateInstallation(
    app: string,
    id: string,
    change: (it: Installation) => Installation,
  ): Promise<Installation | null>;
  getInstallation(app: string, id: string): Promise<Installation | null>;
  deleteInstallation(app: string, id: string): Promise<boolean>;
  /** What the app's badge shows now, from which it is counted up; it begins at 0. */
  setBadge(app: string, id: string, count: number): Promise<void>;
  /** At least the size of the audience, cheaply: conditions without an index may be ignored. */
  estimateAudience(app: string, audience: Audience): Promise<number>;
  /** In order of (bucket, id), after the cursor; at most `size` to a page, never an empty page. */
  streamAudience(
    app: string,
    audience: Audience,
    range: BucketRange,
    after: Cursor | null,
    size: number,
    carried?: readonly Carried[],
  ): AsyncIterable<AudiencePage>;
  /** Those that an installation of the app has, one that opted out too; at most 100 are asked for. */
  registeredTokens(app: string, tokens: string[]): Promise<string[]>;

  /** Replaces an earlier one of that name. */
  putSegment(segment: Segment): Promise<void>;
  getSegment(app: string, name: string): Promise<Segment | null>;
  /** in the order of their names */
  listSegments(app: string, after: string | null, limit: number): Promise<Page<Segment>>;
  deleteSegment(app: string, name: string): Promise<boolean>;

  /** Before its names come (without a size), and after. */
  putUpload(upload: Upload): Promise<void>;
  /** Null for one that has expired. */
  getUpload(id: string): Promise<Upload | null>;
  /** A name that is there already stays there once. */
  addToUpload(upload: Upload, names: string[]): Promise<void>;
  /** In order, after the cursor (whose id is a name); at most `size` to a page, none is empty. */
  readUpload(
    id: string,
    range: BucketRange,
    after: Cursor | null,
    size: number,
  ): AsyncIterable<string[]>;

  /**
   * Creates a campaign once per (app, idempotency key). 'exists' gives the earlier one; 'conflict'
   * when the earlier one came from another body (`requestHash`).
   */
  createCampaign(
    campaign: Campaign,
    idempotency: { key: string; requestHash: string } | null,
    dueAt: number,
    by?: string,
  ): Promise<{ kind: 'created' | 'exists'; campaign: Campaign } | { kind: 'conflict' }>;
  /** What `createCampaign` would find under this key; null: nothing. */
  findCampaign(
    app: string,
    idempotency: { key: string; requestHash: string },
  ): Promise<{ kind: 'exists'; campaign: Campaign } | { kind: 'conflict' } | null>;
  /**
   * As `createCampaign`, of one that is one shard and one page: then started and frozen, in one write
   * where that can be. Dying in between leaves a campaign that is accepted, for the sweep.
   */
  createStarted(
    campaign: Campaign,
    idempotency: { key: string; requestHash: string } | null,
    page: FrozenPage,
    by?: string,
  ): Promise<{ kind: 'created' | 'exists'; campaign: Campaign } | { kind: 'conflict' }>;
  getCampaign(id: string): Promise<Campaign | null>;
  /** newest first */
  listCampaigns(after: string | null, limit: number): Promise<Page<Campaign>>;
  /**
   * Stores the shards and the number of them, once; an accepted campaign is running from then, a
   * scheduled one if its time has come. `at` is now. One with a canary is guarded from the start, and
   * stays due.
   */
  startCampaign(id: string, shards: BucketRange[], dueAt: number, at?: number): Promise<boolean>;
  /**
   * Along `transitions` only; null when the campaign is in another state, and nothing changes. Who
   * did it is kept in the same write. A scheduled one that is cancelled is closed.
   */
  moveCampaign(
    id: string,
    from: readonly CampaignState[],
    to: CampaignState,
    reason: string | null,
    at?: number,
    by?: string,
    guard?: Campaign['guard'],
  ): Promise<Campaign | null>;
  /** Another time for one that is scheduled still; null, and nothing changes, if it is not. */
  reschedule(
    id: string,
    startAt: number,
    dueAt: number,
    at: number,
    by: string,
  ): Promise<Campaign | null>;
  /** The rest of a running campaign need not wait any more; false if it did not. */
  passCanary(id: string, at: number, reason: string): Promise<boolean>;
  /** The changes of its state, in order. */
  history(id: string): Promise<Change[]>;
  /** Ids of an app's campaigns that are not closed, in pages. */
  openCampaigns(app: string): AsyncIterable<string[]>;
  /** Null: nothing is off. */
  getSwitch(app: string): Promise<Switch | null>;
  putSwitch(app: string, it: Switch | null): Promise<void>;
  /** Keeps the earliest. */
  notePush(campaignId: string, at: number): Promise<void>;
  counts(campaignId: string): Promise<Counts>;

  /*
   * The outbox. Whatever accepts, starts, pauses or closes a campaign stores the event that tells of
   * it in the same write. It is overdue a minute later, unless it was published.
   */

  /** Not published yet, of this campaign or webhook; a campaign's course in its order. */
  unpublished(subject: string): Promise<CampaignEvent[]>;
  /** They are out. The sweep lets them be; a campaign's course can be read on. */
  published(events: CampaignEvent[]): Promise<void>;
  /** What became of a campaign after that, in order: accepted, started, paused, closed. */
  course(campaignId: string, after: number): Promise<{ seq: number; event: CampaignEvent }[]>;
  /**
   * Stores the event of a running campaign's progress, with its counts. Null when it does not run, or
   * the last one is younger than `everyMs`: of many at once, one stores it.
   */
  noteProgress(campaignId: string, now: number, everyMs: number): Promise<CampaignEvent | null>;

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

  /** Gives chunks that nobody is sending another slot. */
  moveChunks(
    chunks: { chunkId: string; notBefore: number; expiresAt: number; dueAt: number }[],
  ): Promise<void>;

  /** 'full': its key has as many as it may have, `max`. */
  addWebhook(webhook: Webhook, max: number): Promise<'added' | 'full'>;
  getWebhook(id: string): Promise<Webhook | null>;
  /** newest first */
  listWebhooks(after: string | null, limit: number): Promise<Page<Webhook>>;
  /**
   * Read, changed and written with nobody in between; `change` may be called several times. Null from
   * it leaves all as it is. Events are stored in the same write. Null: there is no such webhook.
   */
  changeWebhook(
    id: string,
    change: (it: Webhook) => { webhook: Webhook; events?: CampaignEvent[] } | null,
  ): Promise<Webhook | null>;
  deleteWebhook(id: string): Promise<boolean>;
  /** Those that are on, and for all, for this app, or for this campaign. */
  webhooksFor(app: string | null, campaignId: string): Promise<Webhook[]>;
  /** One that is there already stays as it is. */
  createDeliveries(deliveries: WebhookDelivery[]): Promise<void>;
  getDelivery(id: string): Promise<WebhookDelivery | null>;
  /** Compare and set: false, and nothing written, unless it was tried so often before. */
  putDelivery(delivery: WebhookDelivery, triedBefore: number): Promise<boolean>;
  /** newest first; kept for some weeks */
  listDeliveries(
    webhookId: string,
    after: string | null,
    limit: number,
  ): Promise<Page<WebhookDelivery>>;

  listFailures(campaignId: string, after: string | null, limit: number): Promise<Page<Failure>>;

  /**
   * At most `limit`; each is given `next` as its new time, so that two sweeps do not both get it. A
   * pending delivery is overdue `DELIVERY_LOST_AFTER_MS` after the time of its next attempt, and that
   * long after `next` again.
   */
  takeOverdue(now: number, next: number, limit: number): Promise<Overdue[]>;

  /** Creates it (`seen` null), or replaces the version that was seen; false: there is another. */
  putSchedule(schedule: Schedule, seen: number | null): Promise<boolean>;
  getSchedule(id: string): Promise<Schedule | null>;
  deleteSchedule(id: string): Promise<boolean>;
  /** in a stable order */
  listSchedules(after: string | null, limit: number): Promise<Page<Schedule>>;
  /** Those whose next run is due. */
  dueSchedules(now: number, limit: number): Promise<Schedule[]>;

  /** Creates it, or replaces all but its counts and when it was made; gives it as it is now. */
  putTrigger(trigger: Trigger): Promise<Trigger>;
  getTrigger(name: string): Promise<(Trigger & { counts: PingCounts }) | null>;
  /** by name */
  listTriggers(
    after: string | null,
    limit: number,
  ): Promise<Page<Trigger & { counts: PingCounts }>>;
  /** Its failed pings go with it. */
  deleteTrigger(name: string): Promise<boolean>;
  /** Adds to its counts; of a trigger that is gone nothing is counted. */
  countPings(name: string, more: PingCounts): Promise<void>;
  /** One that is there already stays as it is. */
  putFailedPing(ping: FailedPing): Promise<void>;
  getFailedPing(trigger: string, id: string): Promise<FailedPing | null>;
  dropFailedPing(trigger: string, id: string): Promise<void>;
  /** newest first; kept for a while */
  listFailedPings(trigger: string, after: string | null, limit: number): Promise<Page<FailedPing>>;

  /**
   * All there is of a user in every app, failures and frozen chunks included, for installations that
   * were his within the time these are kept as well. Reads much: it is asked for seldom.
   */
  readUser(userId: string): AsyncIterable<UserRecord[]>;
  /**
   * Removes all of that. Recipients of chunks that are not done are skipped, those that are being sent
   * to once the lease ends; what audiences ask for by the names of the user asks for nobody. To do it
   * again after it was interrupted does the rest.
   */
  eraseUser(userId: string, now: number): Promise<Erased>;
  /**
   * Removes some of what was kept long enough: recipients and failures of campaigns that closed before
   * then, whose an installation was, marks of imports. True: there may be more. A store that does so
   * by itself says false.
   */
  expire(before: number, now: number): Promise<boolean>;

  putKey(key: ApiKey): Promise<void>;
  findKey(hash: string): Promise<ApiKey | null>;
  /** There are few. */
  listKeys(): Promise<ApiKey[]>;
  deleteKey(hash: string): Promise<boolean>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------------------------------- queue

/** `…-now` and `plan` are short: a push to one user never waits behind a campaign of millions. */
export const queueNames = [
  'plan',
  'shard',
  'send-apns',
  'send-apns-now',
  'send-fcm',
  'send-fcm-now',
  'deliver',
] as const;
export type QueueName = (typeof queueNames)[number];

export type TaskBody =
  | { kind: 'plan'; campaignId: string }
  | { kind: 'shard'; campaignId: string; shard: number }
  | ({ kind: 'send' } & SendableChunk)
  /** puts all open work of a campaign back on its queues, now */
  | { kind: 'redrive'; campaignId: string; why: string }
  /** looks what becomes of a canary; `since`: when all of it had an outcome */
  | { kind: 'canary'; campaignId: string; since: number | null }
  /** does to all campaigns of an app what somebody asked for at that time */
  | { kind: 'app'; app: string; verb: 'pause' | 'resume' | 'cancel'; at: number; by: string }
  | { kind: 'event'; event: CampaignEvent }
  /** posts an event to a webhook, unless it was tried more often than that */
  | { kind: 'delivery'; deliveryId: string; webhookId: string; tries: number }
  /** what a trigger is to make a campaign of */
  | ({ kind: 'ping' } & Ping);

export interface Task {
  queue: QueueName;
  /** Work with the same name is queued once, as far as a queue can tell. */
  name: string;
  body: TaskBody;
  /** not before; now without it */
  at?: number;
}

export interface Delivery {
  body: TaskBody;
  /** 0 at first */
  attempt: number;
  /** the queue will not try again after this one */
  last: boolean;
  /** fires when the worker must stop: settle what is known, hand back the rest */
  signal: AbortSignal;
}

/**
 * `done`: settled, whatever became of it. `again`: the queue should slow down and deliver it
 * again. A handler that throws is delivered again as well.
 */
export type TaskAnswer = { kind: 'done' } | { kind: 'again'; afterMs: number; reason: string };

export type TaskHandler = (delivery: Delivery) => Promise<TaskAnswer>;

/** Named tasks with a time, delivered at least once, in any order. */
export interface Queue {
  create(tasks: Task[]): Promise<void>;
}

// --------------------------------------------------------------------------------------- events

export interface CampaignEvent {
  /** stable: the same event published twice has the same id. No full stop: it will be signed. */
  id: string;
  type: EventType;
  /** what it is about: a campaign's id, or a webhook's */
  subject: string;
  /** null: of a webhook that is for all apps */
  app: string | null;
  at: number;
  /** as the schema of its type says */
  data: Record<string, unknown>;
}

/** Published at least once, delivered at least once to every subscriber. */
export interface Events {
  publish(event: CampaignEvent): Promise<void>;
}

// -------------------------------------------------------------------------------------- senders

/** What became of one recipient. */
export type Outcome =
  | { kind: 'accepted' }
  /** for good; `suspect` if a wrong environment or topic of ours has the same answer */
  | { kind: 'rejected'; reason: string; suspect?: true }
  /** the device has no such app any more, since then (null: the provider does not say) */
  | { kind: 'unregistered'; reason: string; since: number | null }
  /** 'service': the provider asks everybody to wait; 'device': about this one only */
  | { kind: 'retry'; reason: string; afterMs: number | null; scope: 'device' | 'service' }
  /** sent, but no answer came */
  | { kind: 'unknown'; reason: string }
  /** our configuration is at fault, not the device */
  | { kind: 'blocked'; reason: string };

/** One message, the same for every recipient of a campaign. */
export interface Push {
  campaignId: string;
  message: Message;
  /** ms since the epoch: no use to a device after that */
  expiresAt: number;
  /**
   * Nobody gets it: the provider is asked what it would say, where it can be (FCM). 'accepted' means
   * that there is no objection.
   */
  dryRun: boolean;
  /** what the recipients' tokens are; the last two are FCM's alone */
  to: 'token' | 'topic' | 'condition';
}

export interface Batch {
  push: Push;
  /** stable for a chunk: with the index it makes the push's id */
  seed: string;
  recipients: Recipient[];
  /** indices to send to */
  open: number[];
  /** no further push is started once it fires; those under way still get their outcome */
  signal: AbortSignal;
  /** called once for each recipient that was started; must not throw */
  settle(index: number, outcome: Outcome): void;
}

/** What a provider is sent for one recipient. */
export interface Rendered {
  headers: Record<string, string | number>;
  /** JSON */
  payload: string;
  /** as the provider counts them, and how many it takes */
  bytes: number;
  mostBytes: number;
}

export interface Sender {
  /** What the provider would refuse about this message, in words for its author; [] if nothing. */
  check(push: Push): string[];
  render(push: Push, recipient: Recipient): Rendered;
  /** Resolves when every push that was started has its outcome; never rejects for a push's sake. */
  send(batch: Batch): Promise<void>;
}

export interface Senders {
  /** null: the app is unknown or has no credentials for this provider */
  get(app: string, provider: Provider, environment: Environment): Sender | null;
}

// ------------------------------------------------------------------------------------------ log

/** One function per notable event. Tokens and secrets never go in whole. */
export interface Log {
  campaignAccepted(it: { campaignId: string; app: string; name: string }): void;
  /** of a schedule: whom it is for is gone (a segment, an upload); its next run is tried again */
  runRefused(it: { scheduleId: string; at: number; faults: Fault[] }): void;
  campaignPlanned(it: { campaignId: string; shards: number; estimate: number }): void;
  campaignPaused(it: { campaignId: string; reason: string }): void;
  campaignClosed(it: { campaignId: string; state: CampaignState; counts: Counts }): void;
  /** what a commit wrote down; `ms` since the claim, `ended`: nothing follows in this attempt */
  chunkRecorded(it: {
    campaignId: string;
    chunkId: string;
    provider: Provider;
    accepted: number;
    failed: number;
    skipped: number;
    open: number;
    ms: number;
    ended: boolean;
  }): void;
  /** once for each reason of a commit */
  recipientsFailed(it: {
    campaignId: string;
    provider: Provider;
    outcome: string;
    reason: string;
    count: number;
  }): void;
  chunkFenced(it: { chunkId: string }): void;
  redriven(it: { work: string; why: string }): void;
  /** revoked, as a rule; the other of two is used from then on */
  apnsKeyRefused(it: { keyId: string; nowUsed: string }): void;
  webhookDisabled(it: { webhookId: string; host: string; reason: string }): void;
  /** no campaign could be made of it; it is kept */
  pingFailed(it: { trigger: string; faults: number }): void;
  /** somebody we do not serve, or something we cannot read: nothing was done */
  callRefused(it: { where: string; reason: string }): void;
  taskFailed(it: { task: string; attempt: number; error: unknown }): void;
  /** an instance ends; `abandoned` requests of those under way had no answer by then */
  drained(it: { requests: number; abandoned: number; ms: number }): void;
  unexpected(it: { where: string; error: unknown }): void;
}
