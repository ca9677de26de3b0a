/** The log: one function per notable event. */

import type { Fault } from '../lib/errors.ts';
import type { CampaignState, Counts } from '../model/campaign.ts';
import type { Provider } from '../model/provider/registry.ts';

/** One function per notable event. Tokens and secrets never go in whole. */
export interface Log {
  campaignAccepted(it: { campaignId: string; app: string; name: string }): void;
  appPolicyChanged(it: { app: string; by: string }): void;
  /** a run of a schedule: its audience (a segment, an upload) is gone; its next run is tried again */
  runRefused(it: { scheduleId: string; at: number; faults: Fault[] }): void;
  campaignPlanned(it: { campaignId: string; shards: number; estimate: number }): void;
  campaignPaused(it: { campaignId: string; reason: string }): void;
  campaignClosed(it: { campaignId: string; state: CampaignState; counts: Counts }): void;
  /** a campaign is completed, and `unread` of its audience were neither sent to nor left out */
  audienceUnread(it: { campaignId: string; unread: number }): void;
  /**
   * An audit found `rows` in a page of the registry that are not what the installations are: something
   * writes them without markers. The app's pages were deleted.
   */
  pagesDiffer(it: { app: string; rows: number }): void;
  /** what a commit stored; `ms` since the claim; `ended`: this attempt is over */
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
  /** APNs refused a signing key, usually a revoked one; the other of two is used from then on */
  apnsKeyRefused(it: { keyId: string; nowUsed: string }): void;
  webhookDisabled(it: { webhookId: string; host: string; reason: string }): void;
  /** an inbound webhook made no campaign of a call; the call is kept */
  pingFailed(it: { trigger: string; faults: number }): void;
  /** a caller that may not call, or a body that cannot be read: nothing was done */
  callRefused(it: { where: string; reason: string }): void;
  taskFailed(it: { task: string; attempt: number; error: unknown }): void;
  /** an instance ended; `abandoned` of the requests under way had no answer by then */
  drained(it: { requests: number; abandoned: number; ms: number }): void;
  unexpected(it: { where: string; error: unknown }): void;
}
