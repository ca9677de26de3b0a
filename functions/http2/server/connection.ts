/** One HTTP/2 connection of a client (RFC 9113): the server half. */

import type { TLSSocket } from 'node:tls';
import { addPart } from '../session/body-parts.ts';
import { createBodyWriter } from '../session/body-writer.ts';
import * as F from '../session/frames.ts';
import type { Half } from '../session/reader.ts';
import { createSession } from '../session/session.ts';
import { createAnswerWriter } from './answer-writer.ts';
import { createRequestReader, isWhole, lengthOf } from './request-reader.ts';
import type { ServerConnection, ServerEvents, Stream } from './stream.ts';

const MAX_BODY_BYTES = 64 * 1024;
const STREAM_WINDOW = 64 * 1024;
/** Room for the bodies of a thousand streams, so that nobody waits for a WINDOW_UPDATE. */
const RECEIVE_WINDOW = 16 * 1024 * 1024;
const MAX_LIST_BYTES = 16 * 1024;
/** What a client may open before it has read our SETTINGS. */
const STREAMS_UNASKED = 128;
/** Frames that an answered request earns: its WINDOW_UPDATEs, a PING now and then. */
const FRAMES_PER_REQUEST = 4;
const noBytes = Buffer.alloc(0);

export function serveConnection(
  socket: TLSSocket,
  maxStreams: number,
  { opened, request }: ServerEvents,
): { connection: ServerConnection; limit(count: number): void } {
  const streams = new Map<number, Stream>();
  const { field, take } = createRequestReader();
  let lastId = 0;
  /** those up to `lastId` that were used, for whatever */
  let ids = 0;
  /** of GOAWAY */
  let lastServed = F.MAX_STREAM_ID;
  // a limit holds from when the client has acknowledged it
  let limit = Math.max(maxStreams, STREAMS_UNASKED);
  const announced = [maxStreams];

  const half: Half = {
    field,

    headers(id, endStream, fits) {
      const block = take();
      if (id % 2 === 0) throw new F.ConnectionError(F.PROTOCOL_ERROR, `stream ${id} of a client`);
      const known = streams.get(id);
      if (known !== undefined)
        return trailers(known, endStream, block.malformed || ':method' in block.headers);
      if (id <= lastId) return ':method' in block.headers ? reopened(id) : closedStream(id);
      lastId = id;
      ids += 1;
      if (id > lastServed) return session.spend();
      if (streams.size >= limit) return refuse(id, F.REFUSED_STREAM);
      if (!isWhole(block)) return refuse(id, F.PROTOCOL_ERROR);
      const stream: Stream = {
        connection,
        headers: block.headers,
        body: noBytes,
        parts: null,
        id,
        length: lengthOf(block.headers),
        received: 0,
        taken: 0,
        complete: false,
        rest: null,
        credit: 0,
      };
      streams.set(id, stream);
      connection.streams += 1;
      opened?.(connection);
      if (!fits) {
        stream.complete = endStream;
        return connection.respond(stream, 431, {}, '');
      }
      if (endStream) complete(stream);
    },

    data(id, buffer, from, to, size, endStream) {
      const stream = streams.get(id);
      if (stream === undefined || stream.complete) return closedStream(id);
      const grown = to - from;
      stream.taken += size;
      const room = MAX_BODY_BYTES - stream.received;
      stream.received += grown;
      if (room > 0 && grown > 0) {
        const end = Math.min(to, from + room);
        // a push is nearly always one DATA frame
        if (stream.body.length === 0) stream.body = Buffer.from(buffer.subarray(from, end));
        else {
          stream.parts ??= [stream.body];
          addPart(stream.parts, buffer, from, end);
        }
      }
      if (endStream) return complete(stream);
      if (stream.taken <= STREAM_WINDOW / 2) return;
      session.writeNumber(F.WINDOW_UPDATE, id, stream.taken);
      stream.taken = 0;
    },

    reset(id) {
      const stream = streams.get(id);
      if (stream !== undefined) forget(stream);
      else checkIdle(id);
    },

    credit(id, increment) {
      const stream = streams.get(id);
      if (stream === undefined) return checkIdle(id);
      const error = bodies.credit(stream, increment);
      if (error !== F.NO_ERROR) reset(stream, error);
    },

    writable() {
      bodies.resume();
      if (socket.isPaused() && !session.output.isFull()) socket.resume();
    },

    settings(grown) {
      if (grown <= 0) return;
      bodies.checkWindows(streams.values());
      bodies.resume();
    },

    acknowledged() {
      if (announced.length === 0) return;
      announced.shift();
      limit = announced.length === 0 ? maxStreams : Math.max(maxStreams, ...announced);
    },

    goaway() {},
    flushing() {},
    failed: () => streams.clear(),
  };

  function refuse(id: number, code: number) {
    session.spend();
    session.writeNumber(F.RST_STREAM, id, code);
  }

  function checkIdle(id: number) {
    if (id > lastId || id % 2 === 0)
      throw new F.ConnectionError(F.PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
  }

  function closedStream(id: number) {
    checkIdle(id);
    session.spend();
    if (id > lastServed) return;
    const stream = streams.get(id);
    if (stream !== undefined) reset(stream, F.STREAM_CLOSED);
    else session.writeNumber(F.RST_STREAM, id, F.STREAM_CLOSED);
  }

  /** A request, so it is none of the trailers that may be late for a stream that was reset. */
  function reopened(id: number) {
    // ids that were left out are used up by the higher ones (section 5.1.1)
    const code = ids === (lastId + 1) / 2 ? F.STREAM_CLOSED : F.PROTOCOL_ERROR;
    throw new F.ConnectionError(code, `a request on stream ${id}, which has ended`);
  }

  function trailers(stream: Stream, endStream: boolean, broken: boolean) {
    if (stream.complete) return closedStream(stream.id);
    if (!endStream || broken) return reset(stream, F.PROTOCOL_ERROR);
    complete(stream);
  }

  function complete(stream: Stream) {
    if (stream.length !== -1 && stream.length !== stream.received)
      return reset(stream, F.PROTOCOL_ERROR);
    stream.complete = true;
    if (stream.parts !== null) stream.body = Buffer.concat(stream.parts);
    stream.parts = null;
    request(stream);
  }

  function reset(stream: Stream, code: number) {
    if (streams.get(stream.id) !== stream) return;
    session.writeNumber(F.RST_STREAM, stream.id, code);
    forget(stream);
  }

  function forget(stream: Stream) {
    streams.delete(stream.id);
    bodies.forget(stream);
    if (lastServed !== F.MAX_STREAM_ID) endIfServed();
  }

  function endIfServed() {
    if (streams.size === 0) session.close(lastServed, F.NO_ERROR, '');
  }

  // ------------------------------------------------------------------------------------ answers

  function finished(stream: Stream) {
    // an answer may come before the end of its request, which nobody needs then (section 8.1)
    if (!stream.complete) session.writeNumber(F.RST_STREAM, stream.id, F.NO_ERROR);
    forget(stream);
  }

  const connection: ServerConnection = {
    streams: 0,
    respond(it, status, headers, answer) {
      const stream = it as Stream;
      if (streams.get(stream.id) !== stream || stream.rest !== null) return;
      session.earn(FRAMES_PER_REQUEST);
      const body = typeof answer === 'string' ? Buffer.from(answer) : answer;
      if (!writeAnswer(stream.id, status, headers, body.length))
        return reset(stream, F.INTERNAL_ERROR);
      if (session.output.isFull()) socket.pause();
      if (body.length === 0) finished(stream);
      else bodies.begin(stream, body);
    },
    reset: (stream, code) => reset(stream as Stream, code),
    goaway() {
      if (lastServed !== F.MAX_STREAM_ID) return;
      lastServed = lastId;
      session.writeGoaway(lastServed, F.NO_ERROR, '');
      endIfServed();
    },
    cut: () => socket.destroy(),
  };

  const session = createSession({
    socket,
    half,
    isServer: true,
    settings: [
      [F.MAX_CONCURRENT_STREAMS, maxStreams],
      [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
    ],
    receiveWindow: RECEIVE_WINDOW,
    maxListBytes: MAX_LIST_BYTES,
  });
  const bodies = createBodyWriter(session, finished);
  const writeAnswer = createAnswerWriter(session);
  socket.on('data', (chunk: Buffer) => session.receive(chunk, 0, chunk.length));
  socket.on('close', () => streams.clear());

  return {
    connection,
    limit(count) {
      maxStreams = count;
      announced.push(count);
      limit = Math.max(limit, count);
      session.writeSettings([[F.MAX_CONCURRENT_STREAMS, count]]);
    },
  };
}
