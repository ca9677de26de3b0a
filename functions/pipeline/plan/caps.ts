/** caps: which caps of its app hold for a campaign's recipients. */

import type { Cap } from '../../model/app-policy.ts';
import { type Campaign, toOf } from '../../model/campaign.ts';
import type { Ports } from '../../ports/ports.ts';
import { appPolicy } from '../app-policy.ts';

/**
 * Whether no caps hold for a campaign, whose pushes do not count for them either. A topic or a condition is
 * one push, and FCM does not say to which devices. A retry is for devices that did not get a push which has
 * counted already.
 */
const isFree = (it: Campaign) =>
  it.dryRun || it.test || it.uncapped || it.retryOf !== undefined || toOf(it) !== 'token';

/** The caps that hold for recipients that are frozen now. [] if none do. Throws when the store fails. */
export async function capsNow(ports: Ports, campaign: Campaign): Promise<Cap[]> {
  if (isFree(campaign)) return [];
  const { caps, exempt } = await appPolicy(ports, campaign.app);
  const { category } = campaign.message;
  return category !== undefined && exempt.includes(category) ? [] : caps;
}
