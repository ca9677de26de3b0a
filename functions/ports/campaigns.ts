/** Campaigns: created once, moved along the legal transitions, swept when their work is lost. */

import type { BucketRange } from '../model/bucket.ts';
import type {
  AppPause,
  Campaign,
  CampaignKind,
  CampaignState,
  CampaignTime,
  Change,
  Counts,
  WaveShards,
} from '../model/campaign.ts';
import type { Shard } from '../model/chunk.ts';
import type { Provider } from '../model/provider/registry.ts';
import type { Overdue, Work } from '../model/work.ts';
import type { Page } from './page.ts';

/** A shard that is planned a minute ahead of its wave, and is due for the sweep `LOST_AFTER_MS` after it. */
export type PlannedShard = BucketRange & Pick<Shard, 'wave'>;

/** The start of a campaign; times in ms since the epoch. */
export interface CampaignStart {
  id: string;
  /** the ranges to plan, in order; those of a wave follow each other */
  shards: PlannedShard[];
  /** left out: all begin together */
  waves?: WaveShards[] | undefined;
  /** with waves: the number of shards that it would have without */
  parts?: number | undefined;
  /** the number of its first shards that are its canary; left out: 1, if it has one */
  canaryShards?: number | undefined;
  /** when the sweep looks after it */
  dueAt: number;
  /** now */
  at?: number;
  /** the time for which it was planned: one that was moved since is not started */
  schedule?: CampaignTime | undefined;
  /** the number of installations to read, if it is known exactly */
  expected?: number | undefined;
}

/** A change of a campaign's state. */
export interface CampaignMove {
  id: string;
  /** the states that it may be in */
  from: readonly CampaignState[];
  to: CampaignState;
  /** why it is paused; null for other states */
  reason: string | null;
  /** now, in ms since the epoch */
  at?: number;
  /** the API key or the user that asks for it, for the history */
  by?: string;
  /** replaces the campaign's guard */
  guard?: Campaign['guard'];
}

/** A claim to try a message first; times in ms since the epoch. */
export interface TrialClaim {
  campaignId: string;
  provider: Provider;
  /** the process */
  by: string;
  /** when the claim ends by itself */
  until: number;
  now: number;
}

/**
 * Which campaigns a list shows; what is left out restricts nothing. Times are when campaigns were created,
 * in ms.
 */
export interface CampaignFilter {
  states?: readonly CampaignState[] | undefined;
  app?: string | undefined;
  kinds?: readonly CampaignKind[] | undefined;
  /** part of the name or of a title, in capitals or not */
  text?: string | undefined;
  /** that time or later */
  from?: number | undefined;
  /** before that time */
  to?: number | undefined;
}

export type Created = { kind: 'created' | 'exists'; campaign: Campaign } | { kind: 'conflict' };

/** An idempotency key, and a hash of the request that came with it. */
export interface Idempotency {
  key: string;
  requestHash: string;
}

export interface Campaigns {
  /**
   * Creates a campaign once per (app, idempotency key). 'exists' gives the earlier campaign; 'conflict'
   * means that the earlier request had another body (`requestHash`). A key is free again once its
   * campaign is gone, and may be once the retention time is over. `dueAt`, in ms, is when the sweep looks
   * after it; `by` is who created it.
   */
  createCampaign(
    campaign: Campaign,
    idempotency: Idempotency | null,
    dueAt: number,
    by?: string,
  ): Promise<Created>;
  /** What `createCampaign` would find under this key; null if the key is free. */
  findCampaign(
    app: string,
    idempotency: Idempotency,
  ): Promise<{ kind: 'exists'; campaign: Campaign } | { kind: 'conflict' } | null>;
  /** Null if there is no such campaign, or it has expired. */
  getCampaign(id: string): Promise<Campaign | null>;
  /**
   * Lists campaigns, newest first. It looks through at most 500 for a page, so one with a filter may be
   * short, or empty, and go on. Throws `BadCursor` for a cursor that is not from this list.
   */
  listCampaigns(
    after: string | null,
    limit: number,
    filter?: CampaignFilter,
  ): Promise<Page<Campaign>>;
  /**
   * Stores the campaign's shards, once. An accepted campaign is running from then on, a scheduled one
   * only if its time has come. A campaign with a canary is guarded from the start and stays due. False if
   * nothing was changed.
   */
  startCampaign(start: CampaignStart): Promise<boolean>;
  /**
   * Moves a campaign along `transitions`. Null, and nothing changes, if it is in another state than
   * `from`. The history is written with it. A scheduled campaign that is cancelled closes. A paused one
   * is not due. One that goes on, or is being cancelled, is due `LOST_AFTER_MS` later, and its `task`
   * says why its work has to go back on its queues.
   */
  moveCampaign(move: CampaignMove): Promise<Campaign | null>;
  /**
   * Gives a scheduled campaign another time. Null, and nothing changes, in any other state. `dueAt` and `at`
   * are in ms.
   */
  reschedule(
    id: string,
    time: CampaignTime,
    dueAt: number,
    at: number,
    by: string,
  ): Promise<Campaign | null>;
  /** Ends the canary of a running campaign: the other shards may start. False if it has none now. */
  passCanary(id: string, at: number, reason: string): Promise<boolean>;
  /** The changes of a campaign's state, oldest first; [] if there is no such campaign. */
  history(id: string): Promise<Change[]>;
  /** The ids of an app's campaigns that are not closed, in pages. */
  openCampaigns(app: string): AsyncIterable<string[]>;
  /** Null if the app is not paused. */
  getAppPause(app: string): Promise<AppPause | null>;
  /** Stores an app's pause; null ends it. */
  putAppPause(app: string, it: AppPause | null): Promise<void>;
  /**
   * Stores the time of the first push, in ms: the earliest wins. `acceptedBy` is a provider that accepted
   * a push of the campaign.
   */
  notePush(campaignId: string, at: number, acceptedBy?: Provider): Promise<void>;
  /**
   * Asks for the right of one process to try the campaign's message at a provider first. 'ours': this
   * process has it. 'other': another process has it now. 'accepted': a push was accepted already, or there
   * is no such campaign, so every process may send.
   */
  claimTrial(trial: TrialClaim): Promise<'accepted' | 'ours' | 'other'>;
  /** Adds up the counts of a campaign's shards; all 0 if it has none. */
  counts(campaignId: string): Promise<Counts>;
  /**
   * Takes at most `limit` pieces of work that were due by `now`; [] only if none is left. Each becomes
   * due at `next`, so that no other sweep takes it too. A pending delivery is overdue `LOST_AFTER_MS`
   * after the time of its next attempt.
   */
  takeOverdue(now: number, next: number, limit: number): Promise<Overdue[]>;
  /**
   * Stores the name under which work was queued again, so that its task is found. Skips work that
   * is gone.
   */
  noteTasks(work: (Work & { task: string })[]): Promise<void>;
  /**
   * Says that the open work of a campaign is back on its queues, under that `task`. The campaign is not
   * due any more, unless it has a canary. Nothing changes if its `task` is another one by now.
   */
  redriven(campaignId: string, task: string): Promise<void>;
}
