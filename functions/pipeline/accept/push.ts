/** A campaign as one push, as far as that is the same for all recipients. */

import { type Campaign, toOf } from '../../model/campaign.ts';
import { isLarge } from '../../model/sizes.ts';
import { expiryOf } from '../../model/timing.ts';
import type { Push } from '../../ports/ports.ts';

/** `expiresAt`: ms since the epoch; without it, that of the campaign's first recipient. */
export const pushOf = (campaign: Campaign, expiresAt = expiryOf(campaign, 0)): Push => ({
  campaignId: campaign.id,
  message: campaign.message,
  dryRun: campaign.dryRun,
  to: toOf(campaign),
  ...(campaign.receipts && { receipts: campaign.receipts }),
  // an app without receipts wants nothing added
  ...(campaign.receipts && isLarge(campaign) && { label: campaign.id }),
  expiresAt,
});
