/**
 * What a pool expects of a peer that closes its connections regularly, with GOAWAY after so many
 * streams: it has the next connection ready, and goes over to it before. What is under way at a GOAWAY
 * must be sent again, and without a next connection everybody waits for a handshake.
 */

import type { Link } from './links.ts';

export interface Foresight {
  /** GOAWAY came after the peer had taken so many streams. */
  closed(streams: number): void;
  connectTook(ms: number): void;
  /**
   * A stream was given to `link`, one of `taking`.
   *
   * 'retire'   it is as old as others were at their end, and another one has room
   * 'prepare'  the streams that are left do not last until one more connection can be there
   */
  gave(link: Link, taking: readonly Link[], at: number): 'retire' | 'prepare' | null;
}

/** Streams that are left must last for so many connects. */
const LEAD = 2;
/** Looked at once for so many streams. */
const LOOK = 32;
/** Before any was measured. */
const CONNECT_MS = 100;

export function createForesight(): Foresight {
  const lifetimes = createLifetimes();
  let leadMs = LEAD * CONNECT_MS;
  /** streams given since `leadAt`, and in the time as long before it */
  let lead = 0;
  let lastLead = 0;
  let leadAt = 0;

  return {
    closed: lifetimes.closed,
    connectTook(ms) {
      leadMs = LEAD * ms;
    },
    gave(link, taking, at) {
      const { expected } = lifetimes;
      if (expected === Number.POSITIVE_INFINITY) return null;
      if (link.opened >= expected && taking.some((it) => it !== link && it.connection.room() > 0)) {
        lifetimes.retired();
        return 'retire';
      }
      if (at - leadAt > leadMs) {
        lastLead = lead;
        lead = 0;
        leadAt = at;
      }
      lead += 1;
      if (lead % LOOK !== 0) return null;
      let left = 0;
      for (const it of taking) left += Math.max(0, expected - it.opened);
      return left < Math.max(lead, lastLead) ? 'prepare' : null;
    },
  };
}

interface Lifetimes {
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
/**
 * Who never waits for the end does not see that it comes later: a little more is expected each time,
 * and twice as much more each time when there was no GOAWAY for a while.
 */
const CURIOSITY = 0.004;
const A_WHILE = 24;
/** Expecting so many times what was seen last: the peer has changed its mind. */
const FORGOTTEN = 3;

function createLifetimes(): Lifetimes {
  /** of the last connection that the peer closed; 0: none */
  let last = 0;
  /** connections in a row that the peer did not close */
  let retired = 0;
  const lifetimes: Lifetimes = {
    expected: Number.POSITIVE_INFINITY,
    closed(streams) {
      const before = lifetimes.expected === Number.POSITIVE_INFINITY ? last : lifetimes.expected;
      const shortest = Math.min(streams, before);
      const regular = Math.max(streams, before) <= REGULAR * shortest;
      lifetimes.expected = regular ? shortest - 1 : Number.POSITIVE_INFINITY;
      last = streams;
      retired = 0;
    },
    retired() {
      retired += 1;
      lifetimes.expected *= 1 + CURIOSITY * 2 ** Math.max(0, retired - A_WHILE);
      if (lifetimes.expected > FORGOTTEN * last) lifetimes.expected = Number.POSITIVE_INFINITY;
    },
  };
  return lifetimes;
}
