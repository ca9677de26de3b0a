/** A campaign as one push, as far as that is the same for all recipients. */

import { type Campaign, toOf } from '../../model/campaign.ts';
import { expiryOf } from '../../model/timing.ts';
import type { Push } from '../../ports/ports.ts';

/** The push that the first recipient of a campaign would get. */
export const pushOf = (campaign: Campaign): Push => ({
  campaignId: campaign.id,
  message: campaign.message,
  dryRun: campaign.dryRun,
  to: toOf(campaign),
  expiresAt: expiryOf(campaign, 0),
});
