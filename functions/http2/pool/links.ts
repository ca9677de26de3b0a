/** The connections of a pool: makes them, watches them, and closes them. */

import { openConnection } from '../client/connection.ts';
import type { Ending } from '../client/exchange.ts';
import type { TlsOptions } from '../client/socket.ts';
import type { Entry } from './entry.ts';
import { createGoawayPredictor } from './goaway-predictor.ts';
import { createGrowth } from './growth.ts';
import { createHealth } from './health.ts';
import { type Link, newLink } from './link.ts';

interface LinksOptions {
  url: URL;
  tls: TlsOptions;
  maxConnections: number;
  /** for the answer to a request */
  deadlineMs: number;
  /** See `HealthOptions`. */
  silenceMs: number;
  pingMs: number;
  /** for open streams when the pool closes */
  drainMs: number;
  /** milliseconds, monotonic */
  now(): number;
  random(): number;
  /** A connection has room, or one is gone and another may be due. */
  room(): void;
  /** Called exactly once for each entry that was given to a connection. */
  ended(entry: Entry, link: Link, ending: Ending, reason: string): void;
  /** There is no connection, and too many tries in a row have failed. */
  unreachable(reason: string): void;
  /** Tells whether requests wait for a stream. */
  backlog(): boolean;
}

export interface Links {
  /** Connections that take streams or are being connected, the oldest first. */
  readonly live: Link[];
  /** `link` was given a stream at time `at`. */
  streamOpened(link: Link, at: number): void;
  /** Makes one more connection if all of them work and requests wait nevertheless. */
  grow(): void;
  /** Sends a PING. The connection takes no streams until the answer comes, and is destroyed without. */
  probe(link: Link): void;
  /** Ends requests and connections that are late at time `at`, and probes silent connections. */
  expire(at: number): void;
  /** Takes no more requests. Resolves when all streams have ended, after `drainMs` at the latest. */
  close(): Promise<void>;
}

export function createLinks(options: LinksOptions): Links {
  const { url, tls, now } = options;
  const live: Link[] = [];
  /** connections that only finish their streams */
  const draining = new Set<Link>();
  const predictor = createGoawayPredictor();
  const growth = createGrowth({ ...options, live, draining, connect });
  const health = createHealth({ ...options, live, draining });
  const closed = Promise.withResolvers<void>();
  let drainDeadline: NodeJS.Timeout | null = null;

  function connect() {
    const connection = openConnection(url, tls, {
      room() {
        link.heardAt = now();
        if (link.connecting) predictor.connectTook(link.heardAt - link.since);
        link.connecting = false;
        options.room();
      },
      ended(exchange, ending, reason) {
        if (ending === 'answered') {
          link.heardAt = now();
          link.answers += 1;
          link.silent = 0;
          growth.worked();
        }
        options.ended(exchange as Entry, link, ending, reason);
      },
      draining(reason) {
        const { served } = connection;
        live.splice(live.indexOf(link), 1);
        draining.add(link);
        if (served > 0) predictor.closedAfter(served);
        const inVain = link.connecting || (link.opened > 0 && served === 0);
        link.connecting = false;
        if (inVain && link.answers === 0) growth.failed(link, reason);
        options.room();
      },
      closed(reason) {
        draining.delete(link);
        if (link.opened > 0 && link.answers === 0) growth.failed(link, reason);
        options.room();
        endIfDrained();
      },
    });
    const link = newLink(connection, now());
    live.push(link);
  }

  function streamOpened(link: Link, at: number) {
    link.usedAt = at;
    link.opened += 1;
    const next = predictor.streamOpened(link, live, at);
    if (next === 'retire') link.connection.drain();
    else if (next === 'prepare') growth.prepare(link);
  }

  function close(): Promise<void> {
    if (drainDeadline !== null) return closed.promise;
    growth.stop();
    drainDeadline = setTimeout(() => {
      for (const link of [...live, ...draining]) link.connection.destroy('the pool is closed');
    }, options.drainMs);
    for (const link of live.slice()) link.connection.drain();
    endIfDrained();
    return closed.promise;
  }

  /** After `close`: resolves when the last connection has ended. */
  function endIfDrained() {
    if (drainDeadline === null || live.length > 0 || draining.size > 0) return;
    clearTimeout(drainDeadline);
    closed.resolve();
  }

  return { live, streamOpened, grow: growth.grow, ...health, close };
}
