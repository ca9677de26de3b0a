/** The failure guard: pauses a campaign that fails more than it should. */

import type { Campaign, Counts } from '../../model/campaign.ts';

/**
 * Share of answers that may fail, unless the canary sets another; it counts from `MIN_ANSWERED` answers
 * on.
 */
const MAX_RATE = 0.5;
const MIN_ANSWERED = 1_000;

/**
 * A shard in which too many fail, but not a thousand yet, may be one of many like it. Then all shards
 * are summed up, by chance once in this many recipients: a read of each shard (500 at most), about four
 * times in a shard's first thousand. A campaign that goes well is never summed up.
 */
const SUMMED_EVERY = 250;

/** Answers from which on a canary may be stopped before its end; a canary may be small. */
const MIN_CANARY_ANSWERED = 100;

/**
 * Reasons that say nothing about the campaign: an app that was uninstalled, and a time to live that
 * ran out, where a pause would only make it worse.
 */
const INNOCENT = ['Unregistered', 'ExpiredToken', 'UNREGISTERED', 'Expired'];

/** Reasons of a pause that a resume overrules: the operator has seen them. `brake` is an older word. */
export const OVERRULED = /^(failure guard|brake|canary): /;

type Answered = Pick<Counts, 'accepted' | 'failed' | 'reasons'>;

function failureRate({ accepted, failed, reasons }: Answered) {
  const innocent = INNOCENT.reduce((sum, reason) => sum + (reasons[reason] ?? 0), 0);
  const answered = accepted + failed - innocent;
  const share = answered > 0 ? (failed - innocent) / answered : 0;
  const text = `${(100 * share).toFixed(1)} % of ${answered.toLocaleString('en-US')} failed`;
  return { answered, share, text };
}

type Guarded = Pick<Campaign, 'canary' | 'guard' | 'dryRun'>;

const mostOf = ({ canary }: Guarded) => canary?.maxFailureRate ?? MAX_RATE;
// canary.ts watches a canary
const isOff = ({ guard, dryRun }: Guarded) => dryRun || guard !== undefined;

/**
 * Whether too many failed of what one chunk has answered. Only then its shard is looked at: if too many of a
 * shard fail, so do they in one of its chunks.
 */
export function isSuspect(guarded: Guarded, answered: Answered): boolean {
  return !isOff(guarded) && failureRate(answered).share > mostOf(guarded);
}

/** Whether to sum up the whole campaign after a chunk of `size` recipients, by its shard's counts. */
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
 * Why a campaign should pause, by the counts of one of its shards, which is a fair sample, or of all. Null:
 * it should not.
 */
export function guardReason(guarded: Guarded, counts: Counts): string | null {
  if (isOff(guarded)) return null;
  const { answered, share, text } = failureRate(counts);
  return answered >= MIN_ANSWERED && share > mostOf(guarded) ? `failure guard: ${text}` : null;
}

/** The same for a canary; `ended`: every recipient of it has an outcome. */
export function stopsCanary({ canary }: Guarded, counts: Counts, ended: boolean): string | null {
  const { answered, share, text } = failureRate(counts);
  if (!canary || (!ended && answered < MIN_CANARY_ANSWERED)) return null;
  return share > canary.maxFailureRate ? `canary: ${text}` : null;
}
