/**
 * How many pushes of a batch may be under way. The window is halved when the provider is overloaded,
 * and grows by ten for each window that was accepted: additive increase and multiplicative decrease, as
 * in TCP (RFC 5681, section 3.1).
 */

/**
 * The largest window: the streams that APNs allows on a connection, and FCM on ten. It limits the memory
 * of a batch, and the number of pushes in doubt when a process dies.
 */
export const MAX_WINDOW = 1000;
const LEAST = 10;
const STEP = 10;
/** Refusals within this time belong to one overload, and halve the window once. */
const ONE_OVERLOAD_MS = 1000;

interface Window {
  /** never below 10 */
  readonly size: number;
  accepted(): void;
  overloaded(): void;
}

/** `now`: milliseconds. */
export function createWindow(now: () => number = () => performance.now()): Window {
  let size = MAX_WINDOW;
  let halvedAt = Number.NEGATIVE_INFINITY;
  return {
    get size() {
      return Math.floor(size);
    },
    accepted() {
      if (size < MAX_WINDOW) size = Math.min(MAX_WINDOW, size + STEP / size);
    },
    overloaded() {
      if (now() - halvedAt < ONE_OVERLOAD_MS) return;
      halvedAt = now();
      size = Math.max(LEAST, size / 2);
    },
  };
}
