/** The part of a campaign that a store keeps as one text. */

import type { Campaign } from '../model/campaign.ts';

/** What has no field or column of its own. */
type Stored = Omit<
  Campaign,
  | 'id'
  | 'state'
  | 'reason'
  | 'createdAt'
  | 'firstPushAt'
  | 'closedAt'
  | 'shards'
  | 'trials'
  | 'sums'
>;

export function requestOf(campaign: Campaign): string {
  const { id, state, reason, createdAt, firstPushAt, closedAt, shards, trials, sums, ...request } =
    campaign;
  return JSON.stringify(request satisfies Stored);
}

export const requestIn = (text: string): Stored => JSON.parse(text);
