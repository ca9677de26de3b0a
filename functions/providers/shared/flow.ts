/** What a provider bears, for all batches of a sender: how many pushes under way, how many a second. */

import type { Outcome } from '../../model/outcome.ts';
import { createThrottle } from './throttle.ts';
import { createWindow } from './window.ts';

export interface Flow {
  /** how many pushes of a batch may be under way */
  readonly size: number;
  /** a rate is to be kept, or everything waits */
  readonly isBound: boolean;
  /** Milliseconds until a push may start; 0: now. */
  delay(): number;
  /** A push starts. */
  take(): void;
  /** Milliseconds after which this recipient should be tried again in the same batch; null: never. */
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
