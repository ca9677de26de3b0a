/**
 * One HTTP/2 connection (RFC 9113) to a provider: the client half.
 *
 * It opens streams, says how each of them ended, and what the peer asks for (SETTINGS, GOAWAY).
 * Which connection takes a request, deadlines and reconnecting are the pool's.
 */

import { NO_ERROR } from '../session/frames.ts';
import type { Ending, Exchange } from './exchange.ts';
import { connectSocket, type TlsOptions } from './socket.ts';
import { type ClientStreams, createClientStreams } from './streams.ts';

/** `phase` and `served` are for the connection to change: a getter would give each its own shape. */
export interface Connection {
  /**
   * connecting  until the peer's first SETTINGS
   * open        takes streams
   * draining    takes none any more, the open ones may finish
   * closed      all streams have ended
   */
  phase: 'connecting' | 'open' | 'draining' | 'closed';
  /**
   * How many streams the peer has taken, by its GOAWAY; 0 without one. An end after some of them is
   * the usual one, no failure.
   */
  served: number;
  /** streams that may be opened now */
  room(): number;
  /** streams under way */
  streams(): number;
  /** False: it was not written, and never will be. */
  open(exchange: Exchange, now: number): boolean;
  /** Ends what was opened at `before` or earlier as 'no-answer'; how many those were. */
  expire(before: number): number;
  /** Calls back once: whether the peer answered in time. */
  ping(deadlineMs: number, answered: (alive: boolean) => void): void;
  drain(): void;
  /** Every stream under way ends at once. */
  destroy(reason: string): void;
}

export interface ConnectionEvents {
  /** Streams may be opened, or more of them than before. */
  room(): void;
  /** Exactly once for each exchange that was opened. Must not throw. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  /** It takes no more streams. At most once, and always before `closed`. */
  draining(reason: string): void;
  /** Once, after every exchange has ended. `reason` says why there never was, or is no longer, a connection. */
  closed(reason: string): void;
}

/** TCP, TLS and the first SETTINGS; a provider takes well under a second. */
const CONNECT_DEADLINE_MS = 10_000;
/** After GOAWAY with an error a peer closes; answers on their way have this long. */
const GOAWAY_GRACE_MS = 1000;

export function openConnection(origin: URL, tls: TlsOptions, events: ConnectionEvents): Connection {
  /** from the end of the handshake on */
  let streams: ClientStreams | null = null;
  let lastServed = Number.POSITIVE_INFINITY; // by GOAWAY
  let reasonOfEnd: string | null = null;
  let grace: NodeJS.Timeout | null = null;

  const socket = connectSocket(origin, tls, (chunk, bytes) => streams?.receive(chunk, bytes));
  // whoever waits for an answer holds the process, a connection never does
  const connecting = setTimeout(() => destroy('connect timed out'), CONNECT_DEADLINE_MS).unref();
  socket.unref();
  socket.on('error', (error) => destroy(`connection failed: ${error.message}`));
  socket.on('end', () => destroy('connection closed by the peer'));
  socket.on('close', () => destroy('connection closed by the peer'));
  socket.once('secureConnect', () => {
    if (connection.phase === 'closed') return;
    if (socket.alpnProtocol !== 'h2') return destroy('the peer does not speak HTTP/2');
    streams = createClientStreams(socket, origin.host, {
      room() {
        if (connection.phase === 'connecting') {
          connection.phase = 'open';
          clearTimeout(connecting);
        }
        if (connection.phase === 'open') events.room();
      },
      ended(exchange, ending, reason) {
        events.ended(exchange, ending, reason);
        endWhenDrained();
      },
      goaway,
      usedUp: drain,
      failed: destroy,
    });
  });

  function goaway(lastStreamId: number, code: number) {
    lastServed = Math.min(lastServed, lastStreamId);
    connection.served = Math.min(streams!.opened(), (lastServed + 1) >>> 1);
    reasonOfEnd ??= `GOAWAY (code ${code})`;
    stopOpening();
    streams!.refuseAbove(lastServed);
    endWhenDrained();
    if (code !== NO_ERROR && connection.phase !== 'closed')
      grace ??= setTimeout(() => destroy('cut after GOAWAY'), GOAWAY_GRACE_MS).unref();
  }

  const connection: Connection = {
    phase: 'connecting',
    served: 0,
    room: () => (connection.phase === 'open' ? streams!.room() : 0),
    streams: count,
    open(exchange, now) {
      if (connection.phase !== 'open') return false;
      streams!.open(exchange, now);
      return true;
    },
    expire: (before) => streams?.expire(before) ?? 0,
    ping,
    drain,
    destroy,
  };

  function ping(deadlineMs: number, answered: (alive: boolean) => void) {
    let open = true;
    const once = (alive: boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      answered(alive);
    };
    // after a freeze of the process the answer may lie unread: it is read before an immediate runs
    const timer = setTimeout(() => setImmediate(once, false), deadlineMs).unref();
    if (streams === null || connection.phase === 'closed') return once(false);
    // false: too many are under way already, so the deadline decides
    streams.ping(() => once(true));
  }

  function stopOpening() {
    if (connection.phase !== 'open' && connection.phase !== 'connecting') return;
    clearTimeout(connecting);
    connection.phase = 'draining';
    events.draining(reasonOfEnd ?? 'drained');
  }

  function count(): number {
    return streams === null ? 0 : streams.count();
  }

  function endWhenDrained() {
    if (connection.phase === 'draining' && count() === 0) destroy('drained');
  }

  function drain() {
    stopOpening();
    endWhenDrained();
  }

  function destroy(reason: string) {
    if (connection.phase === 'closed') return;
    reasonOfEnd ??= reason;
    stopOpening();
    if (connection.phase !== 'draining') return; // a callback has come here before
    connection.phase = 'closed';
    if (grace !== null) clearTimeout(grace);
    if (streams === null) socket.destroy();
    else streams.close(lastServed, reasonOfEnd);
    events.closed(reasonOfEnd);
  }

  return connection;
}
