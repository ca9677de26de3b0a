/** The connections of a pool: when there is one more, and what is known of each. */

import { type Connection, openConnection } from '../client/connection.ts';
import type { Ending } from '../client/exchange.ts';
import type { TlsOptions } from '../client/socket.ts';
import type { Entry } from './entry.ts';
import { createForesight } from './goaway-predictor.ts';

/** A connection, and what the pool has learnt of it. */
export interface Link {
  readonly connection: Connection;
  /** when it was asked for */
  since: number;
  heardAt: number;
  usedAt: number;
  /** streams it was given */
  opened: number;
  /** it never had SETTINGS */
  connecting: boolean;
  answers: number;
  /** ended by the deadline since the last answer */
  silent: number;
  probing: boolean;
  failed: boolean;
}

export interface LinksOptions {
  url: URL;
  tls: TlsOptions;
  maxConnections: number;
  pingMs: number;
  now(): number;
  random(): number;
  /** A connection has room, or one is gone and another may be due. */
  room(): void;
  ended(entry: Entry, link: Link, ending: Ending, reason: string): void;
  /** There is no connection, and there has been none for too many tries. */
  unreachable(reason: string): void;
  /** Something waits for a stream. */
  backlog(): boolean;
}

export interface Links {
  /** Those that may take streams, and the one being connected. */
  readonly taking: Link[];
  /** It was given a stream. */
  gave(link: Link, at: number): void;
  /** One more connection, if those there are proved to work and are not enough. */
  grow(): void;
  /** Asks a connection whether it is alive; it takes nothing meanwhile. */
  probe(link: Link): void;
  /** Ends what is late, and asks connections that have fallen silent. */
  expire(at: number): void;
  /** Takes nothing any more; resolves when all have ended, after `drainMs` at the latest. */
  close(): Promise<void>;
}

/** Made at the same time, for those that will be closed; for a backlog, one after the other. */
const MOST_SUCCESSORS = 4;
/** Not needed for so long: longer than between the waves of a campaign, shorter than idle flows last. */
const UNUSED_MS = 5 * 60_000;
/** Delays of new attempts to connect: full jitter under 200 ms, 400 ms, … (quick reconnecting is denial of service to APNs). */
const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5000;
const MAX_CONNECT_TRIES = 5;
/** After that many in vain, connections that work are not joined by another for a while. */
const NO_GROWTH_MS = 30_000;
/** That many deadlines with no answer in between: a connection takes no more streams. */
const MAX_SILENT = 3;

export function createLinks(
  options: LinksOptions & { deadlineMs: number; silenceMs: number; drainMs: number },
): Links {
  const { url, tls, maxConnections, now } = options;
  const taking: Link[] = [];
  /** they only finish */
  const draining = new Set<Link>();
  let connecting = 0;
  let backoff: NodeJS.Timeout | null = null;
  let failures = 0;
  let noGrowthBefore = 0;
  let drainDeadline: NodeJS.Timeout | null = null;
  const closed = Promise.withResolvers<void>();
  let stopped = false;

  const foresight = createForesight();

  function gave(link: Link, at: number) {
    link.usedAt = at;
    link.opened += 1;
    const next = foresight.gave(link, taking, at);
    if (next === null) return;
    if (next === 'retire') return link.connection.drain();
    if (link.answers === 0 || stopped || failures > 0) return;
    if (connecting < MOST_SUCCESSORS && taking.length < 2 * maxConnections) join();
  }

  function grow() {
    if (connecting > 0 || backoff !== null || stopped) return;
    if (taking.length >= maxConnections || draining.size >= 4 * maxConnections) return;
    // until the first answer a peer may allow a single stream (APNs does); more comes with it
    if (taking.some((link) => link.answers === 0 || link.probing)) return;
    if (taking.length > 0 && now() < noGrowthBefore) return;
    if (failures === 0) return join();
    const delay = options.random() * Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
    backoff = setTimeout(() => {
      backoff = null;
      if (options.backlog()) join();
    }, delay).unref();
  }

  function join() {
    const connection = openConnection(url, tls, {
      room() {
        link.heardAt = now();
        if (link.connecting) {
          connected();
          foresight.connectTook(link.heardAt - link.since);
        }
        options.room();
      },
      ended(exchange, ending, reason) {
        if (ending === 'answered') {
          link.heardAt = now();
          link.answers += 1;
          link.silent = 0;
          failures = 0;
        }
        options.ended(exchange as Entry, link, ending, reason);
      },
      draining(reason) {
        const inVain = link.connecting || (link.opened > 0 && connection.served === 0);
        if (link.connecting) connected();
        taking.splice(taking.indexOf(link), 1);
        draining.add(link);
        if (connection.served > 0) foresight.closed(connection.served);
        if (inVain && link.answers === 0) failed(link, reason);
        options.room();
      },
      closed(reason) {
        draining.delete(link);
        if (link.opened > 0 && link.answers === 0) failed(link, reason);
        options.room();
        if (stopped) endIfDrained();
      },
    });
    const link: Link = {
      connection,
      since: now(),
      heardAt: now(),
      usedAt: now(),
      opened: 0,
      connecting: true,
      answers: 0,
      silent: 0,
      probing: false,
      failed: false,
    };
    taking.push(link);
    connecting += 1;
    function connected() {
      connecting -= 1;
      link.connecting = false;
    }
  }

  /** A connection takes no more streams and has not brought one answer. */
  function failed(link: Link, reason: string) {
    if (link.failed) return;
    link.failed = true;
    failures += 1;
    if (failures < MAX_CONNECT_TRIES) return;
    failures = 0;
    noGrowthBefore = now() + NO_GROWTH_MS;
    if (taking.length === 0) options.unreachable(reason);
  }

  function probe(link: Link) {
    if (link.probing) return;
    link.probing = true;
    link.connection.ping(options.pingMs, (alive) => {
      link.probing = false;
      if (!alive) {
        // flows are dropped together (a frozen instance, a NAT that forgot them), and a request that
        // was in doubt on this one must not meet the next
        for (const other of taking) if (other !== link) probe(other);
        return link.connection.destroy('no answer to PING');
      }
      link.heardAt = now();
      options.room();
    });
  }

  function expire(at: number) {
    dropUnused(at);
    for (const link of [...taking, ...draining]) {
      // a flow that was dropped shows by PING, and its streams need not wait for their deadline
      if (link.connection.streams() > 0 && at - link.heardAt > options.silenceMs) probe(link);
      const expired = link.connection.expire(at - options.deadlineMs);
      if (expired === 0) continue;
      link.silent += expired;
      probe(link);
      if (link.silent >= MAX_SILENT) link.connection.drain();
    }
  }

  /**
   * By Little's law a rate needs rate x latency streams. Requests go to the first connection that has
   * room, so one beyond what they need is not used; the last one stays, warm for the next campaign.
   */
  function dropUnused(at: number) {
    for (const { connection, connecting, usedAt } of taking.slice())
      if (taking.length > 1 && !connecting && connection.streams() === 0 && at - usedAt > UNUSED_MS)
        connection.drain();
  }

  function close(): Promise<void> {
    if (stopped) return closed.promise;
    stopped = true;
    drainDeadline = setTimeout(() => {
      for (const link of [...taking, ...draining]) link.connection.destroy('the pool is closed');
    }, options.drainMs);
    for (const link of taking.slice()) link.connection.drain();
    endIfDrained();
    return closed.promise;
  }

  function endIfDrained() {
    if (taking.length > 0 || draining.size > 0) return;
    if (drainDeadline !== null) clearTimeout(drainDeadline);
    if (backoff !== null) clearTimeout(backoff);
    closed.resolve();
  }

  return {
    taking,
    gave,
    grow,
    probe,
    expire,
    close,
  };
}
