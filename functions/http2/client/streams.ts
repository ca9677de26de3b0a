/**
 * The streams of a connection to a provider: opened, answered, ended. Whether any may be opened is
 * the connection's part.
 *
 * A stream is an exchange in a table and nothing else: no object, event or timer of its own. A
 * request is two frames in a buffer that leaves once a turn, an answer is read where it lies.
 */

import type { TLSSocket } from 'node:tls';
import { createBodyWriter } from '../session/body-writer.ts';
import * as F from '../session/frames.ts';
import type { Half } from '../session/reader.ts';
import { createSession } from '../session/session.ts';
import { createAnswerReader, MAX_BODY_BYTES } from './answer-reader.ts';
import { begin, type Ending, type Exchange } from './exchange.ts';
import { createRequestWriter } from './request-writer.ts';
import { createStreamTable } from './stream-table.ts';

export interface ClientStreams {
  /** under way */
  count(): number;
  /** so far */
  opened(): number;
  /** that may be opened now; after 0, `events.room` tells of more */
  room(): number;
  receive(chunk: Buffer, bytes: number): void;
  open(exchange: Exchange, now: number): void;
  /** Ends what was opened at `before` or earlier as 'no-answer'; how many those were. */
  expire(before: number): number;
  /** GOAWAY: what has a higher id was not processed. */
  refuseAbove(id: number): void;
  /** Calls back when the answer comes; false: too many are under way. */
  ping(answered: () => void): boolean;
  /** Ends the socket and every stream; `lastServed`: the last one that the peer may have processed. */
  close(lastServed: number, reason: string): void;
}

export interface ClientEvents {
  /** The peer's SETTINGS came, at first and later, or there is room after there was none. */
  room(): void;
  /** Exactly once for each exchange that was opened. Must not throw. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  goaway(lastStreamId: number, code: number): void;
  /** There are no stream ids left. */
  usedUp(): void;
  /** The peer broke the protocol. */
  failed(reason: string): void;
}

/** Providers announce 100 (FCM) to 1,500 (APNs, seen); one that sets no limit gets this one. */
const MAX_STREAMS = 2000;
/** More than a body may have, so that no stream ever needs a WINDOW_UPDATE. */
const STREAM_WINDOW = MAX_BODY_BYTES + F.DEFAULT_FRAME_SIZE;
/** Answers of every stream at once, up to a reason each. */
const RECEIVE_WINDOW = 1024 * 1024;
/** Names and values of an answer; 8 KiB is what most servers allow themselves. */
const MAX_LIST_BYTES = 16 * 1024;
/** Frames that a request entitles the peer to: WINDOW_UPDATEs, mostly. */
const FRAMES_PER_REQUEST = 4;
/** Stream ids end at 2^31 - 1 (RFC 9113, section 5.1.1); a connection retires before that. */
const LAST_STREAM_ID = F.MAX_STREAM_ID - 10_000;

/** `socket` has ended its handshake. */
export function createClientStreams(
  socket: TLSSocket,
  authority: string,
  events: ClientEvents,
): ClientStreams {
  const table = createStreamTable();
  let limit = 0;
  let nextId = 1;
  let writtenUpTo = 0;
  /** `room` was said to be 0 although streams were left */
  let held = false;

  const half: Half = {
    ...createAnswerReader({ find, ended: end, cut, spend: () => session.spend() }),

    credit(id, increment) {
      const exchange = find(id);
      if (exchange === null) return;
      const error = bodies.credit(exchange, increment);
      if (error !== F.NO_ERROR) cut(exchange, error, 'no-answer', 'a window that cannot be');
    },

    writable() {
      bodies.resume();
      if (!held || room() <= 0) return;
      held = false;
      events.room();
    },

    settings(grown) {
      if (grown > 0) {
        bodies.checkWindows(table);
        bodies.resume();
      }
      limit = Math.min(session.peer.maxConcurrentStreams, MAX_STREAMS);
      events.room();
    },

    acknowledged() {},
    goaway: events.goaway,
    flushing() {
      writtenUpTo = nextId - 2;
    },
    failed: events.failed,
  };

  const session = createSession({
    socket,
    half,
    isServer: false,
    settings: [
      [F.ENABLE_PUSH, 0],
      [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
    ],
    receiveWindow: RECEIVE_WINDOW,
    maxListBytes: MAX_LIST_BYTES,
  });
  const bodies = createBodyWriter<Exchange>(session, () => {});
  const write = createRequestWriter(session, authority, bodies);

  function room(): number {
    if (session.sendWindow > 0 && !session.output.isFull()) return limit - table.count;
    held = true;
    return 0;
  }

  function open(exchange: Exchange, now: number) {
    begin(exchange, nextId, now);
    const size = write.headers(exchange);
    nextId += 2;
    if (size > 0) write.body(exchange, size);
    session.earn(FRAMES_PER_REQUEST);
    table.add(exchange);
    if (nextId > LAST_STREAM_ID) events.usedUp();
  }

  /** Null for a stream that has ended here; one that never was breaks the protocol. */
  function find(id: number): Exchange | null {
    const exchange = table.find(id);
    if (exchange !== null) return exchange;
    if (id >= nextId || id % 2 === 0)
      throw new F.ConnectionError(F.PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
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

  function refuseAbove(id: number) {
    let it = table.last;
    let above: Exchange | null = null;
    while (it !== null && it.id > id) {
      above = it;
      it = it.previous;
    }
    // oldest first; what a callback ended meanwhile has no id, and ended all that follow it
    while (above !== null && above.id !== 0) {
      const next: Exchange | null = above.next;
      end(above, 'refused', 'GOAWAY');
      above = next;
    }
  }

  return {
    count: () => table.count,
    opened: () => (nextId - 1) / 2,
    room,
    receive: (chunk, bytes) => session.receive(chunk, 0, bytes),
    open,
    expire(before) {
      let expired = 0;
      while (table.first !== null && table.first.openedAt <= before) {
        expired += 1;
        cut(table.first, F.CANCEL, 'no-answer', 'no answer within the deadline');
      }
      return expired;
    },
    refuseAbove,
    ping: session.ping,
    close(lastServed, reason) {
      // what is still in our buffer, the peer has certainly not seen
      const unwritten = writtenUpTo;
      session.output.end = 0;
      session.close(0, F.NO_ERROR, reason);
      while (table.first !== null) {
        const exchange = table.first;
        const refused = exchange.id > lastServed || exchange.id > unwritten;
        if (exchange.status === 200) end(exchange, 'answered', '');
        else end(exchange, refused ? 'refused' : 'no-answer', reason);
      }
    },
  };
}
