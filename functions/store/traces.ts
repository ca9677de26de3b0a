/** What both engines give of one recipient of a chunk. */

import { bucketOf } from '../model/bucket.ts';
import { type Campaign, targetOf } from '../model/campaign.ts';
import type { Recipient } from '../model/chunk.ts';
import { unregisteredId } from '../model/installation.ts';
import type { FoundRecipient, SoughtDevice } from '../ports/ports.ts';
import { openIn, outcomeAt } from './outcomes.ts';

/** How a device is looked for in what a campaign has frozen. */
export interface Sought {
  /** buckets that it may lie in: of its id, or in ranges of names those of all its names */
  buckets: number[];
  /** each bucket of a shard is in the order of its pages; false: any page may have it */
  isOrdered: boolean;
  isSought(it: Recipient): boolean;
}

/** Whether a campaign's shards are ranges of names, and not of installations: an upload, a list of tokens. */
export const hasNamedShards = (campaign: Campaign) => targetOf(campaign).kind === 'named';

/** Whether a shard's recipients are in the order of their buckets. A retry's are in that of the failures. */
export const isInOrder = (campaign: Campaign) => !hasNamedShards(campaign) && !campaign.retryOf;

export function soughtIn(
  campaign: Campaign,
  { installationId, token, userId }: SoughtDevice,
): Sought & { ids: string[] } {
  const ids = [installationId, ...(token === null ? [] : [unregisteredId(token)])];
  const names = [installationId, token, userId].flatMap((it) => it ?? []);
  const isOrdered = isInOrder(campaign);
  return {
    buckets: [...new Set((hasNamedShards(campaign) ? names : [installationId]).map(bucketOf))],
    isOrdered,
    ids,
    isSought: (it) => ids.includes(it.installationId),
  };
}

/** What is known of a recipient from its chunk's outcomes. */
export function stateAt(outcomes: string, index: number): FoundRecipient['state'] {
  const settled = outcomeAt(outcomes, index);
  if (settled !== null) return settled;
  const { open, inDoubt } = openIn(outcomes);
  if (inDoubt.includes(index)) return 'in-doubt';
  return open.includes(index) ? 'open' : 'untold';
}
