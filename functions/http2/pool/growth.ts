/** Decides when a pool makes another connection. */

import { type Backoff, fullJitter } from '../../lib/backoff.ts';
import type { Link } from './link.ts';

interface GrowthOptions {
  readonly live: readonly Link[];
  readonly draining: ReadonlySet<Link>;
  maxConnections: number;
  /** in milliseconds */
  now(): number;
  random(): number;
  /** Tells whether requests wait for a stream. */
  backlog(): boolean;
  /** Makes a connection. */
  connect(): void;
  /** There is no connection, and too many tries in a row have failed. */
  unreachable(reason: string): void;
}

interface Growth {
  /** Makes one more connection if all of them work and requests wait nevertheless. */
  grow(): void;
  /** Makes a successor of `link`, whose GOAWAY is near. */
  prepare(link: Link): void;
  /** An answer came, so the peer works. */
  worked(): void;
  /** A connection takes no more streams and has not brought one answer. */
  failed(link: Link, reason: string): void;
  /** Makes no more connections. */
  stop(): void;
}

/** Successors being connected at a time; for a backlog connections are made one after the other. */
const MAX_SUCCESSORS = 4;
/** Draining connections, in multiples of the maximum, that allow another one. */
const MAX_DRAINING = 4;
/**
 * Delays of new attempts to connect: full jitter under 200 ms, 400 ms and so on. Apple treats quick
 * reconnecting as denial of service.
 */
const BACKOFF: Backoff = { baseMs: 200, capMs: 5000 };
/** Failed connects in a row, after which waiting requests are refused. */
const MAX_FAILURES = 5;
/** After that many failures connections that work are not joined by another for this long. */
const NO_GROWTH_MS = 30_000;

export function createGrowth(options: GrowthOptions): Growth {
  const { live, draining, maxConnections, now, connect } = options;
  let backoff: NodeJS.Timeout | null = null;
  let failures = 0;
  let noGrowthBefore = 0;
  let stopped = false;

  return {
    grow() {
      if (backoff !== null || stopped) return;
      if (live.length >= maxConnections || draining.size >= MAX_DRAINING * maxConnections) return;
      // until its first answer a peer may allow a single stream (APNs does); more come with it
      if (live.some((link) => link.answers === 0 || link.probing)) return;
      if (live.length > 0 && now() < noGrowthBefore) return;
      if (failures === 0) return connect();
      const delay = fullJitter(BACKOFF, failures - 1, options.random);
      backoff = setTimeout(() => {
        backoff = null;
        if (options.backlog()) connect();
      }, delay).unref();
    },

    prepare(link) {
      if (link.answers === 0 || stopped || failures > 0) return;
      const connecting = live.filter((other) => other.connecting).length;
      if (connecting < MAX_SUCCESSORS && live.length < 2 * maxConnections) connect();
    },

    worked() {
      failures = 0;
    },

    failed(link, reason) {
      if (link.failed) return;
      link.failed = true;
      failures += 1;
      if (failures < MAX_FAILURES) return;
      failures = 0;
      noGrowthBefore = now() + NO_GROWTH_MS;
      if (live.length === 0) options.unreachable(reason);
    },

    stop() {
      stopped = true;
      if (backoff !== null) clearTimeout(backoff);
    },
  };
}
