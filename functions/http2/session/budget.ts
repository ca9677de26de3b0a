/** Frames that only cost us: a peer has some of them free, and earns more with work. */

import { ConnectionError, ENHANCE_YOUR_CALM } from './frames.ts';

/** Frames that ask for work and bring none: a burst of them, and then so many a second. */
const FREE_FRAMES = 4000;
const FREE_PER_MS = 1;
/** A peer that makes us write this much and reads nothing is not waited for. */
const MOST_PENDING = 8 * 1024 * 1024;

export interface Budget {
  /** @throws ConnectionError when nothing is left, or the peer does not read what it asked for */
  spend(): void;
  earn(frames: number): void;
}

export function createBudget(output: { pending(): number }): Budget {
  let left = FREE_FRAMES;
  let countedAt = performance.now();
  return {
    spend() {
      left -= 1;
      if (left > 0) return;
      const now = performance.now();
      left = Math.min(FREE_FRAMES, Math.floor((now - countedAt) * FREE_PER_MS));
      countedAt = now;
      if (left <= 0 || output.pending() > MOST_PENDING)
        throw new ConnectionError(ENHANCE_YOUR_CALM, 'too many frames that bring nothing');
    },
    earn(frames) {
      if (left < FREE_FRAMES) left += frames;
    },
  };
}
