/** Gives requests to connections: the oldest first, to the first connection that has room. */

import type { Entry } from './entry.ts';
import type { Link } from './link.ts';
import type { Links } from './links.ts';
import type { WaitingList } from './waiting-list.ts';

interface Dispatcher {
  /** Gives a request to a connection at time `at` (milliseconds). False: none has room. */
  dispatch(entry: Entry, at: number): boolean;
  /**
   * Gives away the requests that wait. `freed`: the only connection that can have room, because there
   * was a backlog until now.
   */
  flush(freed?: Link | null): void;
  /** Whether a connection takes requests immediately. Probes one that was idle for long. */
  isReady(): boolean;
}

interface DispatcherOptions {
  links: Links;
  waiting: WaitingList;
  /** A connection that was idle for longer is sent a PING before it is used. */
  idleMs: number;
  now(): number;
}

export function createDispatcher({ links, waiting, idleMs, now }: DispatcherOptions): Dispatcher {
  const { live } = links;

  /** In order of age, so that few connections are busy and each write carries much. */
  function dispatch(entry: Entry, at: number): boolean {
    for (let i = 0; i < live.length; i++) if (give(entry, live[i]!, at)) return true;
    return false;
  }

  const isStale = ({ connection, heardAt }: Link, at: number) =>
    connection.streams() === 0 && at - heardAt > idleMs;

  function give(entry: Entry, link: Link, at: number): boolean {
    const { connection } = link;
    if (connection.room() <= 0 || link.probing) return false;
    if (entry.avoid === link && live.length > 1) return false;
    const idle = connection.streams() === 0;
    if (isStale(link, at)) {
      links.probe(link);
      return false;
    }
    if (!connection.open(entry, at)) return false;
    links.streamOpened(link, at);
    // its silence counts from here; for idleness that makes no difference
    if (idle) link.heardAt = at;
    return true;
  }

  function flush(freed: Link | null = null) {
    const at = now();
    while (waiting.oldest !== null) {
      const entry = waiting.take();
      const given =
        freed === null || entry.avoid === freed ? dispatch(entry, at) : give(entry, freed, at);
      if (given) continue;
      waiting.putBack(entry);
      break;
    }
    if (waiting.oldest !== null) links.grow();
  }

  function isReady(): boolean {
    const at = now();
    const up = live.filter(({ connecting }) => !connecting);
    for (const link of up) if (isStale(link, at)) links.probe(link);
    return up.some(({ probing }) => !probing);
  }

  return { dispatch, flush, isReady };
}
