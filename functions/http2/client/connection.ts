/**
 * One HTTP/2 connection to a provider (RFC 9113): connects, opens streams, and reports how each of
 * them ended and what the peer asks for (SETTINGS, GOAWAY).
 *
 * The pool decides which connection takes a request; deadlines and reconnecting are the pool's, too.
 */

import { NO_ERROR } from '../session/protocol.ts';
import type { Ending, Exchange } from './exchange.ts';
import { pingWithin } from './ping-deadline.ts';
import { connectSocket, type TlsOptions } from './socket.ts';
import { type ClientStreams, createClientStreams } from './streams.ts';

/**
 * `phase` and `served` are plain fields that only the connection changes: getters would give each
 * connection a hidden class of its own.
 */
export interface Connection {
  /**
   * connecting  until the first SETTINGS of the peer
   * open        takes streams
   * draining    takes no more streams; the open ones may finish
   * closed      all streams have ended
   */
  phase: 'connecting' | 'open' | 'draining' | 'closed';
  /**
   * How many streams the peer has taken, by its GOAWAY; 0 without a GOAWAY. If it took some, the end
   * of the connection is no failure.
   */
  served: number;
  /** Returns how many streams may be opened now, 0 or less if none may. */
  room(): number;
  /** Returns the number of open streams. */
  streams(): number;
  /** Opens a stream. False: the request was not written and never will be. `now`: in milliseconds. */
  open(exchange: Exchange, now: number): boolean;
  /** Ends streams opened at `before` or earlier as 'no-answer', and returns how many those were. */
  expire(before: number): number;
  /** Sends a PING and calls back once: whether its answer came within `deadlineMs`. */
  ping(deadlineMs: number, answered: (alive: boolean) => void): void;
  /** Takes no more streams, and closes when the open ones have ended. */
  drain(): void;
  /** Ends every open stream and closes the socket. */
  destroy(reason: string): void;
}

interface ConnectionEvents {
  /** Streams may be opened, or more of them than before. */
  room(): void;
  /** Called exactly once for each exchange that was opened. It must not throw. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  /** The connection takes no more streams. Called at most once, and always before `closed`. */
  draining(reason: string): void;
  /** Called once, after every exchange has ended. `reason`: why the connection ended or never began. */
  closed(reason: string): void;
}

/** For TCP, TLS and the first SETTINGS; a provider takes well under a second. */
const CONNECT_DEADLINE_MS = 10_000;
/** For answers on their way after GOAWAY with an error, when a peer is about to close. */
const GOAWAY_GRACE_MS = 1000;

export function openConnection(origin: URL, tls: TlsOptions, events: ConnectionEvents): Connection {
  /** null until the handshake has ended */
  let streams: ClientStreams | null = null;
  /** the last stream that the peer has or may have processed, by its GOAWAY */
  let lastServed = Number.POSITIVE_INFINITY;
  let reasonOfEnd: string | null = null;
  let grace: NodeJS.Timeout | null = null;

  const socket = connect(origin, tls, {
    received: (chunk, bytes) => streams?.receive(chunk, bytes),
    ready() {
      if (connection.phase === 'closed') return;
      const streamEvents = { room: opened, ended, goaway, usedUp: drain, failed: destroy };
      streams = createClientStreams(socket, origin.host, streamEvents);
    },
    failed: destroy,
  });
  const connecting = setTimeout(() => destroy('connect timed out'), CONNECT_DEADLINE_MS).unref();

  function opened() {
    if (connection.phase === 'connecting') {
      connection.phase = 'open';
      clearTimeout(connecting);
    }
    if (connection.phase === 'open') events.room();
  }

  function ended(exchange: Exchange, ending: Ending, reason: string) {
    events.ended(exchange, ending, reason);
    endIfDrained();
  }

  /** A peer may send GOAWAY twice, the second time with a lower id (section 6.8). */
  function goaway(lastStreamId: number, code: number) {
    lastServed = Math.min(lastServed, lastStreamId);
    connection.served = Math.min(streams!.opened(), (lastServed + 1) >>> 1);
    reasonOfEnd ??= `GOAWAY (code ${code})`;
    stopOpening();
    streams!.refuseAbove(lastServed);
    endIfDrained();
    if (code !== NO_ERROR && connection.phase !== 'closed')
      grace ??= setTimeout(() => destroy('cut after GOAWAY'), GOAWAY_GRACE_MS).unref();
  }

  function stopOpening() {
    if (connection.phase !== 'open' && connection.phase !== 'connecting') return;
    clearTimeout(connecting);
    connection.phase = 'draining';
    events.draining(reasonOfEnd ?? 'drained');
  }

  function drain() {
    stopOpening();
    endIfDrained();
  }

  function endIfDrained() {
    if (connection.phase === 'draining' && connection.streams() === 0) destroy('drained');
  }

  function destroy(reason: string) {
    if (connection.phase === 'closed') return;
    reasonOfEnd ??= reason;
    stopOpening();
    if (connection.phase !== 'draining') return; // the callback has destroyed it already
    connection.phase = 'closed';
    if (grace !== null) clearTimeout(grace);
    if (streams === null) socket.destroy();
    else streams.close(lastServed, reasonOfEnd);
    events.closed(reasonOfEnd);
  }

  const connection: Connection = {
    phase: 'connecting',
    served: 0,
    room: () => (connection.phase === 'open' ? streams!.room() : 0),
    streams: () => (streams === null ? 0 : streams.count()),
    open(exchange, now) {
      if (connection.phase !== 'open') return false;
      streams!.open(exchange, now);
      return true;
    },
    expire: (before) => streams?.expire(before) ?? 0,
    ping(deadlineMs, answered) {
      if (streams === null || connection.phase === 'closed') return answered(false);
      pingWithin(streams.ping, deadlineMs, answered);
    },
    drain,
    destroy,
  };
  return connection;
}

interface SocketEvents {
  /** See `connectSocket`. */
  received(chunk: Buffer, bytes: number): void;
  /** The handshake has ended, and the peer speaks HTTP/2. */
  ready(): void;
  /** The socket could not be connected, or it has ended. May be called several times. */
  failed(reason: string): void;
}

function connect(origin: URL, tls: TlsOptions, { received, ready, failed }: SocketEvents) {
  const socket = connectSocket(origin, tls, received);
  // a request that waits for its answer keeps the process alive; a connection alone does not
  socket.unref();
  socket.on('error', (error) => failed(`connection failed: ${error.message}`));
  socket.on('end', () => failed('connection closed by the peer'));
  socket.on('close', () => failed('connection closed by the peer'));
  socket.once('secureConnect', () => {
    if (socket.alpnProtocol === 'h2') ready();
    else failed('the peer does not speak HTTP/2');
  });
  return socket;
}
