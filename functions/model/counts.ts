/**
 * Sums of counts. What counts are of was named outside (a provider's reason, an author's variable),
 * so it may be `constructor` or `__proto__`: they are added up in maps, and each record made of one
 * has those names as its own.
 */

import type { Counts } from './campaign.ts';

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    recipients: a.recipients + b.recipients,
    accepted: a.accepted + b.accepted,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    ...((a.skippedBy || b.skippedBy) && {
      skippedBy: sum({ ...a.skippedBy }, { ...b.skippedBy }),
    }),
    ...((a.held || b.held) && {
      held: (a.held ?? 0) + (b.held ?? 0),
      heldUntil: Math.max(a.heldUntil ?? 0, b.heldUntil ?? 0),
    }),
    reasons: sum(a.reasons, b.reasons),
    ...((a.leftOut || b.leftOut) && { leftOut: (a.leftOut ?? 0) + (b.leftOut ?? 0) }),
    ...((a.denied || b.denied) && { denied: (a.denied ?? 0) + (b.denied ?? 0) }),
    ...((a.missing || b.missing) && { missing: sum(a.missing ?? {}, b.missing ?? {}) }),
    ...((a.pruned || b.pruned) && { pruned: sum(a.pruned ?? {}, b.pruned ?? {}) }),
  };
}

/** By name. */
type Named = Record<string, number | undefined>;
export function sum(a: Named, b: Named): Record<string, number> {
  const all = new Map<string, number>();
  for (const [name, count = 0] of [...Object.entries(a), ...Object.entries(b)])
    all.set(name, (all.get(name) ?? 0) + count);
  return Object.fromEntries(all);
}
