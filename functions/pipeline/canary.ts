/** The canary of a campaign: its first shards, which are sent first. The others wait for their result. */

import { type Campaign, type Counts, isClosed, noCounts } from '../model/campaign.ts';
import type { Shard } from '../model/chunk.ts';
import { addCounts } from '../model/counts.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * Fewer answers than this say little: of 20 pushes of which a tenth fails, one canary in eight has no failure.
 */
export const FEW = 20;

/** Whether the canary has not passed yet. A campaign that is being cancelled waits for nothing. */
export const isWatched = ({ guard, state }: Pick<Campaign, 'guard' | 'state'>) =>
  guard === 'canary' && state !== 'cancelling';

/** Whether a shard, by its place in the campaign, waits for the canary. */
export const waitsForCanary = (
  campaign: Pick<Campaign, 'guard' | 'state' | 'canaryShards'>,
  shard: number,
) => isWatched(campaign) && shard >= (campaign.canaryShards ?? 1);

/** The shards of the canary: a read for each. */
export async function canaryOf(
  store: Pick<Ports['store'], 'getShard'>,
  { id, canaryShards = 1 }: Pick<Campaign, 'id' | 'canaryShards'>,
): Promise<Shard[]> {
  const indexes = Array.from({ length: canaryShards }, (_, index) => index);
  const found = await Promise.all(indexes.map((index) => store.getShard(id, index)));
  return found.filter((it) => it !== null);
}

/** What has become of it so far. */
export const countsOfCanary = (shards: readonly Shard[]): Counts =>
  shards.map((it) => it.counts).reduce(addCounts, noCounts());

/**
 * waiting  the others wait for it
 * passed   the others were sent, or may be
 * overruled  an operator resumed the campaign in spite of its result
 * stopped  its campaign is closed, and the others were not sent
 */
export const canaryStates = ['waiting', 'passed', 'overruled', 'stopped'] as const;

export interface CanaryResult extends Pick<Counts, 'recipients' | 'accepted' | 'failed'> {
  state: (typeof canaryStates)[number];
  /** too few have an answer to say much */
  isSmall: boolean;
}

/** The result of a campaign's canary so far; null: it has none, it has not begun, or its shards are deleted. */
export async function canaryResult(
  store: Pick<Ports['store'], 'getShard'>,
  campaign: Campaign,
): Promise<CanaryResult | null> {
  const { canary, shards, guard, state } = campaign;
  if (!canary || shards === 0) return null;
  const found = await canaryOf(store, campaign);
  if (found.length === 0) return null;
  const { recipients, accepted, failed } = countsOfCanary(found);
  return {
    recipients,
    accepted,
    failed,
    state:
      guard === 'off'
        ? 'overruled'
        : guard === undefined
          ? 'passed'
          : isClosed(state)
            ? 'stopped'
            : 'waiting',
    isSmall: found.every((it) => it.planned) && recipients < FEW,
  };
}
