/** How long it is known what an import run has seen. */

import { DAY_MS } from '../model/timing.ts';

/**
 * From the beginning of a run. Later nothing is pruned after it: what it has seen may be forgotten, and
 * would look as if it had not been seen.
 */
const PRUNED_WITHIN_MS = 7 * DAY_MS;

/** Longer than anything is pruned by it: clocks differ, and a call that prunes takes its time. */
export const MARKS_KEPT_MS = PRUNED_WITHIN_MS + DAY_MS;

/**
 * By the age of a run alone, whatever is still there of it. When it began is kept for good (some 100
 * bytes a run): were that forgotten, a run that goes on for weeks would seem to begin anew, with
 * nothing seen.
 */
export const mayPrune = (run: { beganAt: number }, now: number) =>
  now - run.beganAt <= PRUNED_WITHIN_MS;
