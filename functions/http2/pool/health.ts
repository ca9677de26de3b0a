/** Finds connections of a pool that are dead or not needed. */

import type { Link } from './link.ts';

interface HealthOptions {
  readonly live: readonly Link[];
  readonly draining: ReadonlySet<Link>;
  /** for the answer to a request */
  deadlineMs: number;
  /** A connection that owes answers and was silent for this long is sent a PING. */
  silenceMs: number;
  /** for the answer to a PING */
  pingMs: number;
  /** in milliseconds */
  now(): number;
  /** A connection takes streams again. */
  room(): void;
}

interface Health {
  /** Sends a PING. The connection takes no streams until the answer comes, and is destroyed without. */
  probe(link: Link): void;
  /** Ends requests and connections that are late at time `at`, and probes silent connections. */
  expire(at: number): void;
}

/** Longer than between the waves of a campaign, shorter than idle connections last on the way. */
const UNUSED_MS = 5 * 60_000;
/** After that many deadlines without an answer in between a connection takes no more streams. */
const MAX_SILENT = 3;

export function createHealth(options: HealthOptions): Health {
  const { live, draining, now } = options;

  function probe(link: Link) {
    if (link.probing) return;
    link.probing = true;
    link.connection.ping(options.pingMs, (alive) => {
      link.probing = false;
      if (!alive) {
        // Connections are lost together (a frozen instance, a NAT that forgot them), and a request
        // that was in doubt on this one must not meet another dead one.
        for (const other of live) if (other !== link) probe(other);
        return link.connection.destroy('no answer to PING');
      }
      link.heardAt = now();
      options.room();
    });
  }

  function expire(at: number) {
    dropUnused(at);
    for (const link of [...live, ...draining]) {
      const { connection } = link;
      // PING finds a lost connection before the deadline of its requests
      if (connection.streams() > 0 && at - link.heardAt > options.silenceMs) probe(link);
      const expired = connection.expire(at - options.deadlineMs);
      if (expired === 0) continue;
      link.silent += expired;
      probe(link);
      if (link.silent >= MAX_SILENT) connection.drain();
    }
  }

  /**
   * Drains connections that were not used for long. By Little's law a rate needs rate x latency
   * streams, and requests go to the first connection that has room, so those beyond the need stay
   * unused. The last one stays, warm for the next campaign.
   */
  function dropUnused(at: number) {
    for (const { connection, connecting, usedAt } of live.slice()) {
      const unused = !connecting && connection.streams() === 0 && at - usedAt > UNUSED_MS;
      if (unused && live.length > 1) connection.drain();
    }
  }

  return { probe, expire };
}
