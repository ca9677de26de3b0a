/** targets: kinds of targets that are planned in ways of their own. */

import { type Campaign, targetOf } from '../../model/campaign.ts';

/** Whether the target is a topic or a condition: one push, however many devices get it. */
export const isOneMessage = (campaign: Campaign) =>
  ['topic', 'condition'].includes(targetOf(campaign).kind);

/**
 * Whether the recipients are the failures of an earlier campaign: one shard, in the order of the
 * failures.
 */
export const retriesFailures = (campaign: Campaign) =>
  campaign.retryOf !== undefined && !isOneMessage(campaign);
