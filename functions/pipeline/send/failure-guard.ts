/** brake: stops a campaign that fails more than it should. */

import type { Campaign, Counts } from '../../model/campaign.ts';

/** Without a canary that says more: half of all, and not for a handful. */
const MAX_RATE = 0.5;
const MIN_ANSWERED = 1_000;

/**
 * A shard in which too many fail, but not a thousand yet, may be one of many like it. Then all of them
 * are summed up, by chance once in so many recipients: that is a read of each shard (500 at most), and
 * some four times in a shard's first thousand. A campaign that goes well is never summed up.
 */
const SUMMED_EVERY = 250;

/** A canary may be small: so many until it is stopped before its end. */
const MIN_CANARY_ANSWERED = 100;

/**
 * Reasons that say nothing about the campaign: an app that was uninstalled, and a time to live that
 * ran out, where a pause would only make it worse.
 */
const INNOCENT = ['Unregistered', 'ExpiredToken', 'UNREGISTERED', 'Expired'];

/** Reasons of a pause that end with it: who resumes then has seen them. */
export const OVERRULED = /^(brake|canary): /;

function failureRate({ accepted, failed, reasons }: Counts) {
  const innocent = INNOCENT.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0);
  const answered = accepted + failed - innocent;
  const share = answered > 0 ? (failed - innocent) / answered : 0;
  const text = `${(100 * share).toFixed(1)} % of ${answered.toLocaleString('en-US')} failed`;
  return { answered, share, text };
}

type Guarded = Pick<Campaign, 'canary' | 'guard' | 'dryRun'>;

const mostOf = ({ canary }: Guarded) => canary?.maxFailureRate ?? MAX_RATE;
// its canary is watched by `canary.ts`
const isOff = ({ guard, dryRun }: Guarded) => dryRun || guard !== undefined;

/** Of whoever finishes a chunk of that size: whether to sum up the campaign, by its shard's counts. */
export function isSummedUp(
  campaign: Guarded & Pick<Campaign, 'shards'>,
  shard: Counts,
  size: number,
  random: () => number,
): boolean {
  if (isOff(campaign) || campaign.shards === 1) return false;
  const { answered, share } = failureRate(shard);
  return answered < MIN_ANSWERED && share > mostOf(campaign) && random() < size / SUMMED_EVERY;
}

/**
 * Why it should stop, by what is counted in one of its shards (a fair sample of it, which whoever
 * finishes a chunk has read anyway), or in all of them. Null: it should not.
 */
export function brakes(guarded: Guarded, counts: Counts): string | null {
  if (isOff(guarded)) return null;
  const { answered, share, text } = failureRate(counts);
  return answered >= MIN_ANSWERED && share > mostOf(guarded) ? `brake: ${text}` : null;
}

/** The same of a canary; `ended`: all of it has an outcome. */
export function stopsCanary({ canary }: Guarded, counts: Counts, ended: boolean): string | null {
  const { answered, share, text } = failureRate(counts);
  if (!canary || (!ended && answered < MIN_CANARY_ANSWERED)) return null;
  return share > canary.maxFailureRate ? `canary: ${text}` : null;
}
