/** caps: which caps of its app hold for a campaign's recipients, and pages that are too wide for them. */

import type { Cap } from '../../model/app-policy.ts';
import { bucketOf } from '../../model/bucket.ts';
import { type Campaign, targetOf, toOf } from '../../model/campaign.ts';
import type { Reached } from '../../model/installation.ts';
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

/**
 * A page in two parts, of which the second begins with the bucket. Throws for names, which are in no order of
 * buckets: if the app has caps only since they were read, they are read again, in pages that need no cut.
 */
export function cutAt(bucket: number, page: Reached[], campaign: Campaign): [Reached[], Reached[]] {
  if (targetOf(campaign).kind === 'named')
    throw new Error('the app has caps since a page of names was read: the rest is planned again');
  const at = page.findIndex((it) => bucketOf(it.id) >= bucket);
  return [page.slice(0, at), page.slice(at)];
}
