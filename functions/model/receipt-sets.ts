/** Where a store keeps the receipts of a campaign, and until when. */

import { type Campaign, targetOf } from './campaign.ts';
import { DAY_MS } from './timing.ts';

/** A set of receipts has about 1,000 recipients: a shard has about 62,500 installations (sizes.ts). */
const SETS_OF_SHARD = 64;
/** Sets of a campaign whose shards do not tell its size: a topic, or a retry of failures. */
const SETS_OF_UNKNOWN_SIZE = 1024;

/**
 * The number of sets over which a store may spread the receipts of a campaign, a power of two: each has an
 * equal range of buckets. It follows from the shards, which are chosen once and stored with the campaign, so
 * it is the same while the audience grows. A campaign that sends a message itself has none before it closes,
 * and one after that: the same number.
 *
 * DANGER: receipts lie where this says, so it must stay the same for campaigns that are stored.
 */
export function receiptSets(
  campaign: Pick<Campaign, 'audience' | 'retryOf' | 'shards' | 'parts'>,
): number {
  const { kind } = targetOf(campaign);
  if (kind === 'topic' || kind === 'condition' || campaign.retryOf !== undefined)
    return SETS_OF_UNKNOWN_SIZE;
  // a canary has a shard of its own beside a power of two
  const { shards, parts = shards } = campaign;
  return SETS_OF_SHARD * 2 ** Math.floor(Math.log2(Math.max(1, parts)));
}

/** When receipts of a campaign are not counted any more, in ms since the epoch. */
export const receiptsEnd = ({ closedAt }: Pick<Campaign, 'closedAt'>, retentionDays: number) =>
  closedAt === null ? Number.POSITIVE_INFINITY : closedAt + retentionDays * DAY_MS;
