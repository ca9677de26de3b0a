/** A campaign: what is kept of it, and which states follow which. */

import { canonicalAudience } from './canonical/audience.ts';
import type { Provider } from './provider/registry.ts';
import type { Audience, Unregistered } from './schemas/audience.ts';
import type { CampaignRequest } from './schemas/campaign.ts';

export type { Audience } from './schemas/audience.ts';
export type { CampaignRequest } from './schemas/campaign.ts';
export type { Message } from './schemas/message.ts';
export type { ApnsPushType } from './schemas/message-apns.ts';

/**
 * accepted   stored and queued, not planned yet
 * scheduled  stored; begins at its time
 * running    cut into shards; chunks are frozen and sent
 * paused     for `reason`; nothing is sent until it is resumed
 * cancelling nothing more is sent; what is left is being counted as skipped
 * completed, cancelled   the ledger is closed
 */
export const campaignStates = [
  'accepted',
  'scheduled',
  'running',
  'paused',
  'cancelling',
  'completed',
  'cancelled',
] as const;
export type CampaignState = (typeof campaignStates)[number];

/** What may follow what. A store moves a campaign only along these, by compare and set. */
export const transitions: Record<CampaignState, readonly CampaignState[]> = {
  accepted: ['running', 'paused', 'cancelling'],
  // one that never began has no counts
  scheduled: ['running', 'paused', 'cancelled'],
  running: ['paused', 'cancelling', 'completed'],
  // to `accepted` if it was not planned before
  paused: ['accepted', 'running', 'cancelling', 'completed'],
  cancelling: ['cancelled'],
  completed: [],
  cancelled: [],
};

export const isClosed = (state: CampaignState) => transitions[state].length === 0;

/** Where every recipient is. `recipients` grows while shards are read; the rest follows it. */
export interface Counts {
  recipients: number;
  accepted: number;
  failed: number;
  skipped: number;
  /** failed, by the provider's reason */
  reasons: Record<string, number>;
  /** recipients with neither a value nor a default for a variable of the message, by its name */
  missing?: Record<string, number>;
  /** looked at while the audience was read, and no recipients: they opted out, for one */
  leftOut?: number;
  /** whose tokens were forgotten, by the provider's reason; they are among the failed */
  pruned?: Record<string, number>;
}

export const noCounts = (): Counts => ({
  recipients: 0,
  accepted: 0,
  failed: 0,
  skipped: 0,
  reasons: {},
});

/** The ledger closes when every recipient is in exactly one place. */
export const ledgerCloses = (counts: Counts) =>
  counts.recipients === counts.accepted + counts.failed + counts.skipped;

/** A change of state, as it is stored: by which key or user, and when. */
export interface Change {
  at: number;
  by: string;
  /** null: it was created; the same as `to`: its time was changed, or its canary has passed */
  from: CampaignState | null;
  to: CampaignState;
  reason: string | null;
}

/** Changes kept of a campaign: the first, and the latest. */
export const MAX_HISTORY = 100;

/** The actor of changes that Volley makes by itself. */
export const SYSTEM = 'system';

/**
 * What is known of a campaign's message at one provider: that a push was accepted, or which process
 * tries it first. Until the one is noted or the other's time is over, other processes wait.
 */
export type Trial = { acceptedAt: number } | { by: string; until: number };
export type Trials = Partial<Record<Provider, Trial>>;

/** As it is stored. Times are milliseconds since the epoch. */
export interface Campaign extends CampaignRequest {
  id: string;
  /** what its audience meant when it was accepted, where that takes more than the audience */
  meaning?: Audience;
  state: CampaignState;
  /** why it is paused */
  reason: string | null;
  createdAt: number;
  /** when it, or what waited for its canary, began, if that is later than when it was created */
  startedAt?: number;
  /**
   * 'canary': all but the first shard wait for what becomes of that one. 'off': an operator who saw the
   * failures said that it should go on. Otherwise the brake is on.
   */
  guard?: 'canary' | 'off';
  /** when the first push left */
  firstPushAt: number | null;
  /** by provider */
  trials?: Trials;
  closedAt: number | null;
  /** installations that planning has to look at, where they could be counted exactly before */
  expected?: number;
  /** number of shards; 0 until it is planned */
  shards: number;
  /** why it, or its open work, was last queued again; what begins with `held-` is its canary's */
  task?: string;
}

/** What FCM sends to in one message, or the installations that get one each. */
export type Target =
  | { kind: 'topic' | 'condition'; value: string }
  | { kind: 'installations'; audience: Audience }
  /** recipients that are named one by one, and are in the audience */
  | {
      kind: 'named';
      names: { upload: string } | { tokens: string[] };
      /** platform and provider of tokens that no installation has; null: such tokens are left out */
      unregistered: Unregistered | null;
      audience: Audience;
    };

export function targetOf({ audience, meaning }: Pick<Campaign, 'audience' | 'meaning'>): Target {
  const { topic, condition, upload, unregistered = null, ...rest } = audience;
  if (topic !== undefined) return { kind: 'topic', value: topic };
  if (condition !== undefined) return { kind: 'condition', value: condition };
  const meant = canonicalAudience(meaning ?? (rest as Audience));
  if (upload !== undefined)
    return { kind: 'named', names: { upload }, unregistered, audience: meant };
  if (!unregistered) return { kind: 'installations', audience: meant };
  const { tokens = [], ...others } = meant;
  return { kind: 'named', names: { tokens }, unregistered, audience: others };
}

/** What the tokens of its recipients are (`Push.to`). */
export function toOf(campaign: Pick<Campaign, 'audience'>): 'token' | 'topic' | 'condition' {
  const { kind } = targetOf(campaign);
  return kind === 'topic' || kind === 'condition' ? kind : 'token';
}

/** An app whose campaigns do not begin until it is resumed. */
export interface AppPause {
  at: number;
  by: string;
}
