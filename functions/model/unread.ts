/**
 * unread: an audience that was not read whole, whatever the cause, does not go unnoticed.
 *
 * The count with which planning begins is kept, where it counts exactly what the planner then looks at
 * (`Audiences.countsExactly`). Each of those becomes a recipient or is left out: it opted out, or does
 * not meet a condition that no index decides. What is neither was not read.
 */

import type { Campaign, Counts } from './campaign.ts';

/**
 * Installations come and go between the count and the end of planning, which may wait for a canary:
 * less than 0.1 % a day, as apps are uninstalled. An audience of a few may lose a few.
 */
const [USUAL, USUAL_SHARE] = [10, 0.005];

/** How many were not read of a campaign that is completed; 0 where that is usual, or not known. */
export function unreadOf(
  { expected, state }: Pick<Campaign, 'expected' | 'state'>,
  { recipients, leftOut = 0 }: Counts,
): number {
  if (expected === undefined || state !== 'completed') return 0;
  const unread = expected - recipients - leftOut;
  return unread > Math.max(USUAL, USUAL_SHARE * expected) ? unread : 0;
}
