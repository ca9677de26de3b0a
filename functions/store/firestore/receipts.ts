/**
 * Receipts: packed sets in the order of buckets, each of about 1,000 recipients, and the number of
 * installations beside each, so that a total is one aggregation. See receipt-groups.ts for how they are
 * written, and receipt-fold.ts for their end.
 */

import { chunked } from '../../lib/chunked.ts';
import type { BucketRange } from '../../model/bucket.ts';
import type { ReceiptKind } from '../../model/receipt.ts';
import type { ReceiptsPart, Store } from '../../ports/ports.ts';
import { entriesOf } from '../receipt-set.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import type { EventWriter } from './events.ts';
import { createGroups } from './receipt-groups.ts';
import { note } from './receipt-news.ts';
import { type Context, countsOf, isKept, packedIn, startsIn } from './receipt-sets.ts';
import { isId } from './schema.ts';

/** Sets that one call reads: of 12 kB each, where a thousand devices have a receipt. */
const TOGETHER = 50;

type Within = Context & { events: EventWriter; counts: Store['counts'] };

export function firestoreReceipts(context: Within) {
  const groups = createGroups(context);
  return {
    async addReceipts(added) {
      const { campaign, receipts, now } = added;
      if (!isId(campaign.id) || !isKept(campaign, context, now))
        return receipts.map(() => 'unknown' as const);
      return groups.add(added);
    },
    receiptCounts: (campaignId) => countsOf(context, campaignId),
    readReceipts: (campaignId, kind, range) => read(context, campaignId, kind, range),
    noteReceipts: (campaignId, now, everyMs) => note(context, campaignId, now, everyMs),
  } satisfies Partial<Store>;
}

async function* read(
  context: Context,
  campaignId: string,
  kind: ReceiptKind,
  range: BucketRange,
): AsyncGenerator<ReceiptsPart> {
  const { client, schema } = context;
  const found = await findCampaign(client, schema, campaignId);
  const campaign = found && toCampaign(found);
  if (!campaign || !isKept(campaign, context, client.now())) return;
  const [first, end] = [range.from, range.to].map((it) => it.toString(16).padStart(8, '0'));
  const isWithin = (name: string) => name >= first! && (end!.length > 8 || name < end!);
  for (const some of chunked(startsIn(campaign, range), TOGETHER)) {
    const sets = await client.get(some.map((it) => schema.receiptSet(campaignId, kind, it)));
    const entries = sets
      .flatMap((it) => entriesOf(packedIn(client, it)))
      .filter((it) => isWithin(it.name));
    if (entries.length === 0) continue;
    yield { names: entries.map((it) => it.name), times: entries.map((it) => it.at) };
  }
}
