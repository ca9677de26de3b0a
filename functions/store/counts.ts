/** Counts of failures, and the bound of badges. */

/** How many failed for which reason. */
export function tally(failures: { reason: string }[]): Record<string, number> {
  const reasons = new Map<string, number>();
  for (const { reason } of failures) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return Object.fromEntries(reasons);
}

/** Where a badge that counts up stops. */
export const MAX_BADGE = 99_999;
