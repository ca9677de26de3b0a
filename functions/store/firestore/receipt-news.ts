/** Tells what receipts have counted: at most every few seconds, and once after the last one. */

import { receiptsEvent } from '../../model/campaign-events.ts';
import type { Store } from '../../ports/ports.ts';
import { toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import { type Context, countsOf } from './receipt-sets.ts';
import { dueOf, expiry, isId, type UntoldFields } from './schema.ts';

type Within = Context & { events: EventWriter; counts: Store['counts'] };

/** The sweep tells what was counted this long after it, in ms, unless it is told before. */
const TOLD_WITHIN_MS = 60_000;

/**
 * What says that receipts are to be told. A write of receipts sets it, at most every `MARKED_MS` of a process;
 * the sweep finds it later than any receipt that was written without it.
 */
export const untoldFields = (
  context: Context,
  campaignId: string,
  now: number,
): Pick<UntoldFields, 'type' | 'subject' | 'due' | 'expireAt'> => ({
  type: 'campaign.receipts',
  subject: campaignId,
  due: dueOf(context.schema.untoldReceipts(campaignId).id, now + TOLD_WITHIN_MS),
  expireAt: expiry(now, context.retentionDays),
});

export async function note(context: Within, campaignId: string, now: number, everyMs: number) {
  const { client, schema, events } = context;
  if (!isId(campaignId)) return null;
  const ref = schema.untoldReceipts(campaignId);
  return client.write(async (writes, attempt) => {
    const [mark, found] = await client.get([ref, schema.campaign(campaignId)]);
    const { toldAt = 0, told = '' } = (mark?.data() ?? {}) as UntoldFields;
    // the loser of a race finds that another process was just here
    if (!mark?.exists || (everyMs > 0 && (toldAt > now - everyMs || attempt > 3))) return null;
    const campaign = client.isLive(found) ? toCampaign(found) : null;
    const receipts = campaign && (await countsOf(context, campaignId));
    const isOld = JSON.stringify(receipts) === told;
    if (everyMs === 0) writes.delete(ref, unchanged(mark));
    if (!campaign || !receipts || isOld) return null;
    if (everyMs > 0) {
      const fields = { ...untoldFields(context, campaignId, now), toldAt: now };
      writes.update(ref, { ...fields, told: JSON.stringify(receipts) }, unchanged(mark));
    }
    const counts = campaign.sums ?? (await context.counts(campaignId));
    const event = receiptsEvent(campaign, counts, receipts, now);
    events.store(writes, [event]);
    return event;
  });
}
