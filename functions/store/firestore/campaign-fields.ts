/** A campaign as its document stores it. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Campaign, Change } from '../../model/campaign.ts';
import { requestIn, requestOf } from '../campaign-request.ts';
import { mayReachUnnamed, namesIn } from '../erasure.ts';
import type { Outcome } from '../messages.ts';
import { noted } from '../timeline.ts';
import type { Client } from './client.ts';
import { findDocument } from './documents.ts';
import {
  type CampaignFields,
  closedKey,
  dueOf,
  expiry,
  listedAt,
  nameKey,
  type Schema,
  UNNAMED,
} from './schema.ts';

export const historyOf = ({ history = '[]' }: Pick<CampaignFields, 'history'>): Change[] =>
  JSON.parse(history);

/** The history with one more change, as the campaign's document stores it. */
export const historyWith = (fields: Pick<CampaignFields, 'history'>, change: Change) => ({
  history: JSON.stringify(noted(historyOf(fields), change)),
});

export function fromCampaign(campaign: Campaign, dueAt: number): CampaignFields {
  const { id, state, reason, createdAt, firstPushAt, closedAt, shards } = campaign;
  const named = namesIn([campaign.audience, campaign.meaning]).map(nameKey);
  return {
    app: campaign.app,
    request: requestOf(campaign),
    names: mayReachUnnamed(campaign) ? [UNNAMED, ...named] : named,
    state,
    reason,
    createdAt,
    firstPushAt,
    closedAt,
    shards,
    shardsDone: 0,
    listed: listedAt(campaign),
    open: true,
    due: dueOf(id, dueAt),
  };
}

/**
 * Campaigns that name all of their recipients expire, since single pushes would fill the database. The
 * reports of all others are kept.
 */
export const expiryOf = ({ names }: Pick<CampaignFields, 'names'>, at: number, days: number) =>
  names?.includes(UNNAMED) === false ? { expireAt: expiry(at, days) } : {};

/**
 * What the close changes in the names by which an erasure finds a campaign: one that may have recipients
 * that it does not name is found by the day, so that those of past years need not be read.
 */
export const namesAtClose = ({ names = [] }: Pick<CampaignFields, 'names'>, at: number) =>
  names.includes(UNNAMED)
    ? { names: [...names.filter((it) => it !== UNNAMED), closedKey(at)] }
    : {};

/** What `toCampaign` reads, beside what lists need. The outcome of a message is far larger. */
export const LISTED_FIELDS: (keyof CampaignFields)[] = [
  'request',
  'state',
  'reason',
  'createdAt',
  'firstPushAt',
  'closedAt',
  'shards',
  'trials',
  'sums',
  'listed',
  'expireAt',
];

export function toCampaign(found: DocumentSnapshot): Campaign {
  const { request, state, reason, createdAt, firstPushAt, closedAt, shards, trials, sums } =
    found.data() as CampaignFields;
  return {
    id: found.id,
    ...requestIn(request),
    state,
    reason,
    createdAt,
    firstPushAt,
    closedAt,
    shards,
    ...(sums && { sums }),
    ...(trials && { trials }),
  };
}

/** The document of a campaign that is there and has not expired. */
export async function findCampaign(client: Client, { campaigns }: Schema, id: string) {
  const found = await findDocument(client, campaigns, id);
  return found && isCampaign(found) ? found : null;
}

/** False for `KeyUsedFields`. */
export const isCampaign = (found: DocumentSnapshot) => found.get('request') !== undefined;

/** The outcome of a message that was sent in one attempt; null for any other campaign. */
export function outcomeIn({ outcome }: Pick<CampaignFields, 'outcome'>): Outcome | null {
  return outcome === undefined ? null : JSON.parse(outcome);
}
