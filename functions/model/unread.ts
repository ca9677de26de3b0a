/**
 * unread: detects an audience that was not read whole, whatever the cause.
 *
 * The count with which planning begins is stored if it is exact (`Audiences.countsExactly`). Each of these
 * installations becomes a recipient or is left out: it opted out, or does not meet a condition that no
 * index decides. The others were not read.
 */

import type { Campaign, Counts } from './campaign.ts';

/**
 * Differences that are usual, in installations and as a share. Installations come and go between the count
 * and the end of planning, which may wait for a canary: less than 0.1 % a day. A small audience may lose a
 * few.
 */
const [USUAL, USUAL_SHARE] = [10, 0.005];

/**
 * How many installations of a completed campaign were not read; 0 if so few are usual, or if it is not
 * known.
 */
export function unreadOf(
  { expected, state }: Pick<Campaign, 'expected' | 'state'>,
  { recipients, leftOut = 0 }: Counts,
): number {
  if (expected === undefined || state !== 'completed') return 0;
  const unread = expected - recipients - leftOut;
  return unread > Math.max(USUAL, USUAL_SHARE * expected) ? unread : 0;
}
