/** Limits for all batches of a sender: pushes under way at the same time, and pushes a second. */

import type { Outcome } from '../../model/outcome.ts';
import { createThrottle } from './throttle.ts';
import { createWindow } from './window.ts';

export interface Flow {
  /** most pushes of a batch under way */
  readonly size: number;
  /** whether the rate is limited now, or everything waits */
  readonly isBound: boolean;
  /** Milliseconds until a push may start; 0 if it may start now. */
  delay(): number;
  /** Counts a push that starts. */
  take(): void;
  /** Milliseconds until this recipient should be tried again in the same batch; null if it should not. */
  see(outcome: Outcome): number | null;
}

/** `now`: milliseconds, monotonic. */
export function createFlow(now: () => number = () => performance.now()): Flow {
  const window = createWindow(now);
  const throttle = createThrottle(() => window.overloaded(), now);
  return {
    get size() {
      return window.size;
    },
    get isBound() {
      return throttle.isBound;
    },
    delay: throttle.delay,
    take: throttle.take,
    see(outcome) {
      if (outcome.kind === 'accepted') {
        window.accepted();
        throttle.accepted();
      } else if (outcome.kind === 'retry' && outcome.scope === 'service')
        return throttle.refused(outcome.afterMs);
      return null;
    },
  };
}
