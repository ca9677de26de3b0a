/** The documents of receipts: where each set lies, and what they hold together. */

import { AggregateField, type DocumentSnapshot } from '@google-cloud/firestore';
import { BUCKETS, type BucketRange } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import {
  noReceipts,
  type ReceiptCounts,
  type ReceiptKind,
  receiptKinds,
} from '../../model/receipt.ts';
import { receiptSets, receiptsEnd } from '../../model/receipt-sets.ts';
import { DAY_MS } from '../../model/timing.ts';
import { mayReachUnnamed } from '../erasure.ts';
import { findCampaign } from './campaign-fields.ts';
import type { Client } from './client.ts';
import { type CampaignFields, expiry, isId, type ReceiptSetFields, type Schema } from './schema.ts';

export interface Context {
  client: Client;
  schema: Schema;
  retentionDays: number;
}

/** The first bucket of the set that has this one. */
function startOf(campaign: Campaign, bucket: number): number {
  const width = BUCKETS / receiptSets(campaign);
  return Math.floor(bucket / width) * width;
}

/** The set of a campaign for installations of that bucket. */
export const setOf = (schema: Schema, campaign: Campaign, kind: ReceiptKind, bucket: number) =>
  schema.receiptSet(campaign.id, kind, startOf(campaign, bucket));

/** The first buckets of the sets that have some of the range. */
export function startsIn(campaign: Campaign, { from, to }: BucketRange): number[] {
  const width = BUCKETS / receiptSets(campaign);
  const first = Math.floor(from / width);
  const count = Math.max(0, Math.ceil(to / width) - first);
  return Array.from({ length: count }, (_, index) => (first + index) * width);
}

/**
 * How long, in ms, a campaign that names its recipients may stay open after a receipt. A set that expired
 * before its campaign would take its part of the sums with it.
 */
const OPEN_MS = 7 * DAY_MS;

/**
 * Sets of campaigns that expire do so too: not before them, and where no receipt came after the close, some
 * days later. All others are deleted once their sums are stored.
 */
export function expiryOfSet(campaign: Campaign, now: number, retentionDays: number) {
  if (mayReachUnnamed(campaign)) return {};
  return { expireAt: expiry(campaign.closedAt ?? now + OPEN_MS, retentionDays) };
}

export const isKept = (
  campaign: Campaign,
  { retentionDays }: Pick<Context, 'retentionDays'>,
  now: number,
) => now < receiptsEnd(campaign, retentionDays);

/** The installations in all sets of a campaign: one read for each kind and 1,000 sets. */
export async function summedUp({ client, schema }: Context, campaignId: string) {
  const counts: ReceiptCounts = noReceipts();
  if (!isId(campaignId)) return counts;
  await Promise.all(
    receiptKinds.map(async (kind) => {
      const query = schema
        .receiptSets(campaignId, kind)
        .aggregate({ size: AggregateField.sum('size') });
      counts[kind] = Number((await client.read(() => query.get())).data().size);
    }),
  );
  return counts;
}

/** Sums that are stored are so before the first set is deleted, so the sets are summed up before they are read. */
export async function countsOf(context: Context, campaignId: string) {
  const counts = await summedUp(context, campaignId);
  const found = await findCampaign(context.client, context.schema, campaignId);
  return (found?.data() as CampaignFields | undefined)?.receiptSums ?? counts;
}

/** The bytes of a set; none if it is not there, or has expired. */
export function packedIn(client: Client, found: DocumentSnapshot | undefined): Buffer {
  return client.isLive(found) ? (found.data() as ReceiptSetFields).set : Buffer.alloc(0);
}
