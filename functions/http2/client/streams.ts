/**
 * The streams of a connection to a provider: opens them, writes their requests, and reports how each
 * of them ended. `connection.ts` decides whether any may be opened.
 *
 * A stream is an exchange in a table and nothing else: it has no object, event or timer of its own. A
 * request is two frames in a buffer that leaves once in a turn of the event loop; an answer is read in
 * place.
 */

import type { TLSSocket } from 'node:tls';
import { createBodyWriter } from '../session/body-writer.ts';
import type { SessionHandler } from '../session/handler.ts';
import * as F from '../session/protocol.ts';
import { createSession } from '../session/session.ts';
import { createAnswerReader, MAX_BODY_BYTES } from './answer-reader.ts';
import { createCapacity } from './capacity.ts';
import { endAll, expireStreams, refuseAbove } from './endings.ts';
import { begin, type Ending, type Exchange } from './exchange.ts';
import { createRequestWriter } from './request-writer.ts';
import { createStreamTable } from './stream-table.ts';

export interface ClientStreams {
  /** Returns the number of open streams. */
  count(): number;
  /** Returns the number of streams opened so far. */
  opened(): number;
  /** Returns how many streams may be opened now. After 0, `events.room` tells when there are more. */
  room(): number;
  /** Reads the first `bytes` of a chunk that came. */
  receive(chunk: Buffer, bytes: number): void;
  /** Opens a stream for an exchange; `room()` must be above 0. `now`: in milliseconds. */
  open(exchange: Exchange, now: number): void;
  /** Ends streams opened at `before` or earlier as 'no-answer', and returns how many those were. */
  expire(before: number): number;
  /** GOAWAY: ends streams with a higher id as 'refused', since the peer did not process them. */
  refuseAbove(id: number): void;
  /**
   * Sends a PING and calls back when its answer comes. False: too many are waiting, or it is
   * closed.
   */
  ping(answered: () => void): boolean;
  /** Ends the socket and every stream. `lastServed`: the last one that the peer may have processed. */
  close(lastServed: number, reason: string): void;
}

interface ClientEvents {
  /** SETTINGS of the peer came, or there is room after `room()` was 0. */
  room(): void;
  /** Called exactly once for each exchange that was opened. It must not throw. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  goaway(lastStreamId: number, code: number): void;
  /** There are no stream ids left. */
  usedUp(): void;
  /** The peer broke the protocol. */
  failed(reason: string): void;
}

/** Bytes: more than a body may have, so that no stream ever needs a WINDOW_UPDATE. */
const STREAM_WINDOW = MAX_BODY_BYTES + F.DEFAULT_FRAME_SIZE;
/** Bytes: room for the answers of all streams at the same time, about a reason each. */
const RECEIVE_WINDOW = 1024 * 1024;
/** Bytes of names and values of an answer; most servers limit themselves to 8 KiB. */
const MAX_LIST_BYTES = 16 * 1024;
/** Frames that a request entitles the peer to, mostly WINDOW_UPDATEs. */
const FRAMES_PER_REQUEST = 4;
/** A connection retires before its stream ids end at 2^31 - 1 (RFC 9113, section 5.1.1). */
const LAST_STREAM_ID = F.MAX_STREAM_ID - 10_000;

const SESSION = {
  isServer: false,
  settings: [
    [F.ENABLE_PUSH, 0],
    [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
    [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
  ],
  receiveWindow: RECEIVE_WINDOW,
  maxListBytes: MAX_LIST_BYTES,
} as const;

/** `socket` has ended its handshake. `authority`: host and port for `:authority`. */
export function createClientStreams(
  socket: TLSSocket,
  authority: string,
  events: ClientEvents,
): ClientStreams {
  const table = createStreamTable();
  let nextId = 1;
  /** the last stream whose request has left for the socket */
  let writtenUpTo = -1;

  const handler: SessionHandler = {
    ...createAnswerReader({ find, ended: end, cut, spend: () => session.spend() }),
    credit(id, increment) {
      const exchange = find(id);
      if (exchange === null) return;
      const error = bodies.credit(exchange, increment);
      if (error !== F.NO_ERROR) cut(exchange, error, 'no-answer', 'a window that is not allowed');
    },
    writable() {
      bodies.resume();
      capacity.recheck();
    },
    settings(grown) {
      if (grown > 0) bodies.windowsGrew(table);
      capacity.setLimit(session.peer.maxConcurrentStreams);
    },
    goaway: events.goaway,
    flushing() {
      writtenUpTo = nextId - 2;
    },
    failed: events.failed,
  };
  const session = createSession({ socket, handler, ...SESSION });
  const capacity = createCapacity(session, table, events.room);
  const bodies = createBodyWriter<Exchange>(session, () => {});
  const write = createRequestWriter(session, authority, bodies);

  function open(exchange: Exchange, now: number) {
    begin(exchange, nextId, now);
    const size = write.headers(exchange);
    nextId += 2;
    if (size > 0) write.body(exchange, size);
    session.earn(FRAMES_PER_REQUEST);
    table.add(exchange);
    if (nextId > LAST_STREAM_ID) events.usedUp();
  }

  /** Returns null for a stream that has ended. */
  function find(id: number): Exchange | null {
    const exchange = table.find(id);
    if (exchange !== null) return exchange;
    requireOpened(id, nextId);
    session.spend();
    return null;
  }

  function end(exchange: Exchange, ending: Ending, reason: string) {
    bodies.forget(exchange);
    table.remove(exchange);
    events.ended(exchange, ending, reason);
  }

  function cut(exchange: Exchange, code: number, ending: Ending, reason: string) {
    session.writeNumber(F.RST_STREAM, exchange.id, code);
    end(exchange, ending, reason);
  }

  return {
    count: () => table.count,
    opened: () => (nextId - 1) / 2,
    room: capacity.room,
    receive: (chunk, bytes) => session.receive(chunk, 0, bytes),
    open,
    expire: (before) => expireStreams(table, before, cut),
    refuseAbove: (id) => refuseAbove(table, id, end),
    ping: session.ping,
    close(lastServed, reason) {
      // the peer has certainly not seen what is still gathered
      const mayBeProcessed = Math.min(lastServed, writtenUpTo);
      session.output.end = 0;
      session.close(0, F.NO_ERROR, reason);
      endAll(table, mayBeProcessed, reason, end);
    },
  };
}

/** @throws ConnectionError for a frame on a stream that was never opened (RFC 9113, section 5.1) */
function requireOpened(id: number, nextId: number) {
  if (id >= nextId || id % 2 === 0)
    throw new F.ConnectionError(F.PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
}
