/**
 * How many pushes of a batch may be under way, by what the provider bears: halved when it is
 * overloaded, ten more for each window that was accepted (additive increase, multiplicative decrease, as
 * TCP does: RFC 5681, section 3.1).
 */

/**
 * As many as APNs has been seen to allow on a connection, and ten connections of FCM. It bounds
 * what a batch holds in memory, and what is in doubt when a process dies.
 */
const MOST = 1000;
const LEAST = 10;
const STEP = 10;
/** The answers of one overload come together: they are one reason to halve, not many. */
const ONE_OVERLOAD_MS = 1000;

export interface Window {
  /** never below 10 */
  readonly size: number;
  accepted(): void;
  overloaded(): void;
}

/** `now`: milliseconds. */
export function createWindow(now: () => number = () => performance.now()): Window {
  let size = MOST;
  let halvedAt = Number.NEGATIVE_INFINITY;
  return {
    get size() {
      return Math.floor(size);
    },
    accepted() {
      if (size < MOST) size = Math.min(MOST, size + STEP / size);
    },
    overloaded() {
      if (now() - halvedAt < ONE_OVERLOAD_MS) return;
      halvedAt = now();
      size = Math.max(LEAST, size / 2);
    },
  };
}
