/**
 * After how many streams a peer says GOAWAY, if it does so regularly. A pool that expects it has the
 * next connection ready, and goes over to it before: what is under way at a GOAWAY must be sent again.
 */

export interface Lifetimes {
  /** A connection is given so many streams, and then retired; infinite while nothing is known. */
  expected: number;
  /** GOAWAY came after so many. */
  closed(streams: number): void;
  /** We went over to the next one before any GOAWAY. */
  retired(): void;
}

/**
 * Regular: no lifetime is longer than twice another. Whoever expects less than the shortest opens at
 * most twice as many connections as the peer makes necessary; quick reconnecting is denial of
 * service to APNs.
 */
const REGULAR = 2;
/** Who never waits for the end does not see that it comes later: a little more each time. */
const CURIOSITY = 1.01;
/** Expecting so many times what was seen last: the peer has changed its mind. */
const FORGOTTEN = 3;

export function createLifetimes(): Lifetimes {
  /** of the last connection that the peer closed; 0: none */
  let last = 0;
  const lifetimes: Lifetimes = {
    expected: Number.POSITIVE_INFINITY,
    closed(streams) {
      const before = lifetimes.expected === Number.POSITIVE_INFINITY ? last : lifetimes.expected;
      const shortest = Math.min(streams, before);
      const regular = Math.max(streams, before) <= REGULAR * shortest;
      lifetimes.expected = regular ? shortest : Number.POSITIVE_INFINITY;
      last = streams;
    },
    retired() {
      lifetimes.expected *= CURIOSITY;
      if (lifetimes.expected > FORGOTTEN * last) lifetimes.expected = Number.POSITIVE_INFINITY;
    },
  };
  return lifetimes;
}
