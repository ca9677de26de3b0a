/** brake: stops a campaign that fails more than it should. */

import type { Campaign, Counts } from './campaign.ts';

/** Without a canary that says more: half of all, and not for a handful. */
const MAX_RATE = 0.5;
const MIN_ANSWERED = 1_000;

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

/**
 * Why it should stop, by what is counted in one of its shards: a fair sample of it, which whoever
 * finishes a chunk has read anyway. Null: it should not.
 */
export function brakes({ canary, guard, dryRun }: Guarded, counts: Counts): string | null {
  // its canary is watched by `canary.ts`
  if (dryRun || guard !== undefined) return null;
  const { answered, share, text } = failureRate(counts);
  const most = canary?.maxFailureRate ?? MAX_RATE;
  return answered >= MIN_ANSWERED && share > most ? `brake: ${text}` : null;
}

/** The same of a canary; `ended`: all of it has an outcome. */
export function stopsCanary({ canary }: Guarded, counts: Counts, ended: boolean): string | null {
  const { answered, share, text } = failureRate(counts);
  if (!canary || (!ended && answered < MIN_CANARY_ANSWERED)) return null;
  return share > canary.maxFailureRate ? `canary: ${text}` : null;
}
