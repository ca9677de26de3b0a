/** Sums of counts. */

import type { Counts } from '../pipeline/campaign.ts';

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    recipients: a.recipients + b.recipients,
    accepted: a.accepted + b.accepted,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    reasons: sum(a.reasons, b.reasons),
    ...((a.missing || b.missing) && { missing: sum(a.missing ?? {}, b.missing ?? {}) }),
    ...((a.pruned || b.pruned) && { pruned: sum(a.pruned ?? {}, b.pruned ?? {}) }),
  };
}

/** By name. */
export function sum(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const all = { ...a };
  for (const [name, count] of Object.entries(b)) all[name] = (all[name] ?? 0) + count;
  return all;
}

/** How many failed for which reason. */
export function tally(failures: { reason: string }[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { reason } of failures) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return reasons;
}

/** Where a badge that counts up stops. */
export const MAX_BADGE = 99_999;
