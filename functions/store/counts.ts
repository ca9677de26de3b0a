/** Sums of counts. */

import type { Counts } from '../pipeline/campaign.ts';

export function addCounts(a: Counts, b: Counts): Counts {
  const reasons = { ...a.reasons };
  for (const [reason, count] of Object.entries(b.reasons))
    reasons[reason] = (reasons[reason] ?? 0) + count;
  return {
    recipients: a.recipients + b.recipients,
    accepted: a.accepted + b.accepted,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    reasons,
  };
}

/** How many failed for which reason. */
export function tally(failures: { reason: string }[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { reason } of failures) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return reasons;
}
