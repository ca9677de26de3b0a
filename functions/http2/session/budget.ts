/**
 * Limits the frames that cost us work and bring none (PING, SETTINGS, resets, empty DATA): floods of
 * them are denial of service (RFC 9113, section 10.5). A peer may send some for free, gets more with
 * time, and earns more with requests.
 */

import { ConnectionError, ENHANCE_YOUR_CALM } from './protocol.ts';

/** Frames in a burst; connections of providers use a few dozen in their whole life. */
const BURST_FRAMES = 4000;
/** Frames that are free in each millisecond once the burst is used up. */
const FRAMES_PER_MS = 1;
/** Bytes that a peer may make us write without reading any of them. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

export interface Budget {
  /**
   * Counts one such frame.
   *
   * @throws ConnectionError (ENHANCE_YOUR_CALM) if the budget is used up and time has not refilled
   * it, or if the peer does not read what it asked for
   */
  spend(): void;
  /** Adds `frames` for useful work. */
  earn(frames: number): void;
}

/** `output.pending()`: bytes that the peer has not taken yet. */
export function createBudget(
  output: { pending(): number },
  now: () => number = () => performance.now(),
): Budget {
  let left = BURST_FRAMES;
  let countedAt = now();
  return {
    spend() {
      left -= 1;
      if (left > 0) return;
      const at = now();
      left = Math.min(BURST_FRAMES, Math.floor((at - countedAt) * FRAMES_PER_MS));
      countedAt = at;
      if (left <= 0 || output.pending() > MAX_PENDING_BYTES)
        throw new ConnectionError(ENHANCE_YOUR_CALM, 'too many frames that bring nothing');
    },
    earn(frames) {
      if (left < BURST_FRAMES) left += frames;
    },
  };
}
