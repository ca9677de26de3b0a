/** A campaign: what is kept of it, and which states follow which. */

import type { Audience, CampaignRequest } from './campaign-request.ts';

export type { ApnsPushType, Audience, CampaignRequest, Message } from './campaign-request.ts';

/** What FCM sends to in one message, or the installations that get one each. */
export type Target =
  | { kind: 'topic' | 'condition'; value: string }
  | { kind: 'installations'; audience: Audience };

export function targetOf({ topic, condition, ...audience }: CampaignRequest['audience']): Target {
  if (topic !== undefined) return { kind: 'topic', value: topic };
  if (condition !== undefined) return { kind: 'condition', value: condition };
  return { kind: 'installations', audience };
}

/**
 * accepted   stored and queued, not planned yet
 * running    cut into shards; chunks are frozen and sent
 * paused     our configuration is at fault (`reason`); nothing is sent until it is resumed
 * cancelling nothing more is sent; what is left is being counted as skipped
 * completed, cancelled   the ledger is closed
 */
export const campaignStates = [
  'accepted',
  'running',
  'paused',
  'cancelling',
  'completed',
  'cancelled',
] as const;
export type CampaignState = (typeof campaignStates)[number];

/** What may follow what. A store moves a campaign only along these, by compare and set. */
export const transitions: Record<CampaignState, readonly CampaignState[]> = {
  accepted: ['running', 'cancelling'],
  running: ['paused', 'cancelling', 'completed'],
  paused: ['running', 'cancelling', 'completed'],
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

/** As it is stored. Times are milliseconds since the epoch. */
export interface Campaign extends CampaignRequest {
  id: string;
  state: CampaignState;
  /** why it is paused */
  reason: string | null;
  createdAt: number;
  /** when the first push left */
  firstPushAt: number | null;
  closedAt: number | null;
  /** number of shards; 0 until it is planned */
  shards: number;
}

/** What the tokens of its recipients are (`Push.to`). */
export function toOf({ audience }: Pick<Campaign, 'audience'>): 'token' | 'topic' | 'condition' {
  const { kind } = targetOf(audience);
  return kind === 'installations' ? 'token' : kind;
}
