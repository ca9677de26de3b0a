/** The receipts of a user's devices, for their export and erasure. */

import { each } from '../../lib/concurrency.ts';
import { bucketOf } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import { isSampled, receiptKinds, receiptName } from '../../model/receipt.ts';
import type { ReceiptRecord } from '../../ports/ports.ts';
import { type Device, wasTheirs } from '../erasure.ts';
import { taken } from '../receipt-set.ts';
import { unchanged } from './client.ts';
import { type Context, isKept, packedIn, setOf } from './receipt-sets.ts';

/** Writes side by side. */
const AT_ONCE = 16;

/** The kinds that a device may have reported of a campaign. */
const kindsOf = ({ receipts }: Campaign, id: string) =>
  receiptKinds.filter((it) => it !== 'delivered' || isSampled(id, receipts!.delivered));

/** What the devices have told of these campaigns while they were the user's. A set for each kind is read. */
export async function receiptsOf(
  context: Context,
  campaigns: Campaign[],
  devices: Device[],
): Promise<{ campaign: Campaign; record: ReceiptRecord }[]> {
  const { client, schema } = context;
  const asked = campaigns
    .filter((it) => it.receipts !== undefined && isKept(it, context, client.now()))
    .flatMap((campaign) =>
      devices
        .filter((it) => it.app === campaign.app)
        .flatMap((device) =>
          kindsOf(campaign, device.id).map((kind) => ({ campaign, device, kind })),
        ),
    );
  const refs = asked.map((it) => setOf(schema, it.campaign, it.kind, bucketOf(it.device.id)));
  const found = await client.get(refs);
  const records = asked.flatMap(({ campaign, device, kind }, index) => {
    const there = taken(packedIn(client, found[index]), receiptName(device.id));
    if (!there || !wasTheirs(device, there.at)) return [];
    const record: ReceiptRecord = {
      kind: 'receipt',
      campaignId: campaign.id,
      app: campaign.app,
      installationId: device.id,
      receipt: kind,
      at: there.at,
    };
    return [{ campaign, record }];
  });
  // a device may be there more than once, with other tokens
  return [...new Map(records.map((it) => [JSON.stringify(it.record), it])).values()];
}

/** Takes them out of their sets. The sizes of the sets stay, so the counts do. */
export async function eraseReceipts(context: Context, campaigns: Campaign[], devices: Device[]) {
  const { client, schema } = context;
  const records = await receiptsOf(context, campaigns, devices);
  await each(records, AT_ONCE, ({ campaign, record: { installationId: id, receipt } }) =>
    client.write(async (writes) => {
      const [found] = await client.get([setOf(schema, campaign, receipt, bucketOf(id))]);
      const there = taken(packedIn(client, found), receiptName(id));
      if (found && there) writes.update(found.ref, { set: there.rest }, unchanged(found));
    }),
  );
}
