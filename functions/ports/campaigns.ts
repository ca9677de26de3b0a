/** Campaigns: made once, moved along the legal transitions, swept when their work is lost. */

import type { BucketRange } from '../model/bucket.ts';
import type { AppPause, Campaign, CampaignState, Change, Counts } from '../model/campaign.ts';
import type { Provider } from '../model/provider/registry.ts';
import type { Overdue, Work } from '../model/work.ts';
import type { FrozenPage } from './chunks.ts';
import type { Page } from './page.ts';

export interface Campaigns {
  /**
   * Creates a campaign once per (app, idempotency key). 'exists' gives the earlier one; 'conflict'
   * when the earlier one came from another body (`requestHash`). A key is free again when its campaign
   * is gone, and may be once it was kept long enough.
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
   * stays due. `expected` is kept with it.
   */
  startCampaign(
    id: string,
    shards: BucketRange[],
    dueAt: number,
    at?: number,
    expected?: number,
  ): Promise<boolean>;
  /**
   * Along `transitions` only; null when the campaign is in another state, and nothing changes. Who
   * did it is kept in the same write. A scheduled one that is cancelled is closed. One that is paused
   * is not due; one that goes on, or is being cancelled, is due `LOST_AFTER_MS` later, and its `task`
   * says why its work is to be put back on its queues.
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
  getAppPause(app: string): Promise<AppPause | null>;
  putAppPause(app: string, it: AppPause | null): Promise<void>;
  /** Keeps the earliest; `acceptedBy`: and that this provider has accepted a push of it. */
  notePush(campaignId: string, at: number, acceptedBy?: Provider): Promise<void>;
  /**
   * Asks to be the one process (`by`) that tries the campaign's message at a provider, until then.
   * 'accepted': a push was accepted, so every process may send; a campaign that is not there is, too.
   * 'other': another process tries it now.
   */
  claimTrial(
    campaignId: string,
    provider: Provider,
    by: string,
    until: number,
    now: number,
  ): Promise<'accepted' | 'ours' | 'other'>;
  counts(campaignId: string): Promise<Counts>;
  /**
   * At most `limit`, none only if none is left; each is given `next` as its new time, so that two
   * sweeps do not both get it. A pending delivery is overdue `LOST_AFTER_MS` after the time of its
   * next attempt.
   */
  takeOverdue(now: number, next: number, limit: number): Promise<Overdue[]>;
  /** Notes why work is queued again: its task is found by that name. What is gone is passed over. */
  noteTasks(work: (Work & { task: string })[]): Promise<void>;
  /**
   * The open work of a campaign is back on its queues, for that reason: it is not due any more,
   * unless it has a canary. Nothing changes if it has another `task` by now.
   */
  redriven(campaignId: string, task: string): Promise<void>;
}
