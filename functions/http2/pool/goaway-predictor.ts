/**
 * Predicts the GOAWAY of a peer that closes its connections regularly, after about so many streams:
 * then the pool has the next connection ready and goes over to it in time. Requests under way at a
 * GOAWAY must be sent again, and without a next connection all of them wait for a handshake.
 */

import type { Link } from './link.ts';

export interface GoawayPredictor {
  /** GOAWAY came after the peer had taken `streams` streams of a connection. */
  closedAfter(streams: number): void;
  /** A connection was ready `ms` milliseconds after it began to connect. */
  connectTook(ms: number): void;
  /**
   * A stream was opened on `link`, one of `live`, at time `at` in milliseconds. Returns what to do:
   *
   * 'retire'   use `link` no more: it is as old as others were at their end, and another has room
   * 'prepare'  make one more connection: the streams that are left do not last until it can be ready
   */
  streamOpened(link: Link, live: readonly Link[], at: number): 'retire' | 'prepare' | null;
}

/** The next connection is due when the streams that are left last for less than so many connects. */
const LEAD_CONNECTS = 2;
/** Every so many streams the pool is checked for that. */
const CHECK_EVERY = 32;
/** Assumed time to connect until one was measured. */
const CONNECT_MS = 100;

export function createGoawayPredictor(): GoawayPredictor {
  const lifetimes = createLifetimes();
  let leadMs = LEAD_CONNECTS * CONNECT_MS;
  // streams opened in the lead time that began at `countedFrom`, and in the one before it
  let opened = 0;
  let openedBefore = 0;
  let countedFrom = 0;

  return {
    closedAfter: lifetimes.closedAfter,
    connectTook(ms) {
      leadMs = LEAD_CONNECTS * ms;
    },
    streamOpened(link, live, at) {
      const { expected } = lifetimes;
      if (expected === Number.POSITIVE_INFINITY) return null;
      if (
        link.opened >= expected &&
        live.some((other) => other !== link && other.connection.room() > 0)
      ) {
        lifetimes.retired();
        return 'retire';
      }
      if (at - countedFrom > leadMs) {
        openedBefore = opened;
        opened = 0;
        countedFrom = at;
      }
      opened += 1;
      if (opened % CHECK_EVERY !== 0) return null;
      let left = 0;
      for (const other of live) left += Math.max(0, expected - other.opened);
      return left < Math.max(opened, openedBefore) ? 'prepare' : null;
    },
  };
}

interface Lifetimes {
  /** Streams until a connection is retired; infinite while no pattern is known. */
  expected: number;
  /** GOAWAY came after `streams` streams. */
  closedAfter(streams: number): void;
  /** We went over to the next connection before a GOAWAY. */
  retired(): void;
}

/**
 * Lifetimes are regular if none is longer than this many times another. Since we expect less than the
 * shortest one, we open at most twice as many connections as the peer makes necessary. Apple treats
 * quick reconnecting as denial of service.
 */
const REGULAR = 2;
/**
 * If we always retire connections first, we never learn that the peer's limit grew. So each time the
 * estimate is raised by this share, and after a while without GOAWAY by twice as much every time.
 */
const RAISE = 0.004;
/** Connections in a row without a GOAWAY, after which the raise doubles. */
const RAISES_UNTIL_DOUBLING = 24;
/** When the estimate is so many times the last lifetime seen, the pattern is given up. */
const GIVE_UP = 3;

function createLifetimes(): Lifetimes {
  /** lifetime of the last connection that the peer closed; 0: none yet */
  let last = 0;
  /** connections in a row that the peer did not close */
  let retired = 0;
  const lifetimes: Lifetimes = {
    expected: Number.POSITIVE_INFINITY,
    closedAfter(streams) {
      const before = lifetimes.expected === Number.POSITIVE_INFINITY ? last : lifetimes.expected;
      const shortest = Math.min(streams, before);
      const regular = Math.max(streams, before) <= REGULAR * shortest;
      lifetimes.expected = regular ? shortest - 1 : Number.POSITIVE_INFINITY;
      last = streams;
      retired = 0;
    },
    retired() {
      retired += 1;
      lifetimes.expected *= 1 + RAISE * 2 ** Math.max(0, retired - RAISES_UNTIL_DOUBLING);
      if (lifetimes.expected > GIVE_UP * last) lifetimes.expected = Number.POSITIVE_INFINITY;
    },
  };
  return lifetimes;
}
