/** One HTTP/2 connection of a client to our server (RFC 9113). */

import type { TLSSocket } from 'node:tls';
import { createBodyWriter } from '../session/body-writer.ts';
import type { SessionHandler } from '../session/handler.ts';
import * as F from '../session/protocol.ts';
import { createSession } from '../session/session.ts';
import { type AnswerWriter, createAnswerWriter } from './answer-writer.ts';
import { endIfServed, finish, forget, type Parts, reset } from './parts.ts';
import { createRequestBlockReader } from './request-block.ts';
import { onData, onHeaders, STREAM_WINDOW } from './request-frames.ts';
import type { ServerConnection, ServerEvents, Stream } from './stream.ts';
import { createStreamIds, requireUsed } from './stream-ids.ts';
import { createStreamLimit } from './stream-limit.ts';

export interface ServedConnection {
  connection: ServerConnection;
  /** Announces another limit of open streams, which holds when the client has acknowledged it. */
  limit(maxStreams: number): void;
}

/** Bytes: room for the bodies of a thousand streams, so that no client waits for a WINDOW_UPDATE. */
const RECEIVE_WINDOW = 16 * 1024 * 1024;
/** Bytes of names and values of a request. */
const MAX_LIST_BYTES = 16 * 1024;
/** Frames that an answered request entitles the client to: WINDOW_UPDATEs, a PING now and then. */
const FRAMES_PER_REQUEST = 4;

/** Serves requests on `socket`, whose handshake has ended, until either side closes it. */
export function serveConnection(
  socket: TLSSocket,
  maxStreams: number,
  events: ServerEvents,
): ServedConnection {
  const session = createSession({
    socket,
    handler: createHandler(() => parts),
    isServer: true,
    settings: [
      [F.MAX_CONCURRENT_STREAMS, maxStreams],
      [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
    ],
    receiveWindow: RECEIVE_WINDOW,
    maxListBytes: MAX_LIST_BYTES,
  });
  const connection = createConnection(() => parts, createAnswerWriter(session));
  const limit = createStreamLimit(maxStreams);
  const parts: Parts = {
    socket,
    session,
    bodies: createBodyWriter<Stream>(session, (stream) => finish(parts, stream)),
    connection,
    events,
    streams: new Map(),
    ids: createStreamIds(),
    limit,
  };
  socket.on('data', (chunk: Buffer) => session.receive(chunk, 0, chunk.length));
  socket.on('close', () => parts.streams.clear());

  return {
    connection,
    limit(count) {
      limit.announced(count);
      session.writeSettings([[F.MAX_CONCURRENT_STREAMS, count]]);
    },
  };
}

/** What the client's frames do. `parts` are made after the session that needs the handler. */
function createHandler(parts: () => Parts): SessionHandler {
  const { field, take } = createRequestBlockReader();
  return {
    field,
    headers: (id, endStream, fits) => onHeaders(parts(), id, take(), { endStream, fits }),
    data: (frame, size) => onData(parts(), frame, size),
    reset(id) {
      const { streams, ids } = parts();
      const stream = streams.get(id);
      if (stream !== undefined) forget(parts(), stream);
      else requireUsed(ids, id);
    },
    credit(id, increment) {
      const { streams, ids, bodies } = parts();
      const stream = streams.get(id);
      if (stream === undefined) return requireUsed(ids, id);
      const error = bodies.credit(stream, increment);
      if (error !== F.NO_ERROR) reset(parts(), stream, error);
    },
    writable() {
      const { socket, session, bodies } = parts();
      bodies.resume();
      if (socket.isPaused() && !session.output.isFull()) socket.resume();
    },
    settings(grown) {
      const { streams, bodies } = parts();
      if (grown > 0) bodies.windowsGrew(streams.values());
    },
    acknowledged: () => parts().limit.acknowledged(),
    failed: () => parts().streams.clear(),
  };
}

/** What the code that answers requests may do. */
function createConnection(parts: () => Parts, writeAnswer: AnswerWriter): ServerConnection {
  return {
    streams: 0,
    respond(asked, status, headers, answer) {
      const stream = asked as Stream;
      const { streams, session, bodies, socket } = parts();
      if (streams.get(stream.id) !== stream || stream.rest !== null) return;
      session.earn(FRAMES_PER_REQUEST);
      const body = typeof answer === 'string' ? Buffer.from(answer) : answer;
      if (!writeAnswer(stream.id, status, headers, body.length))
        return reset(parts(), stream, F.INTERNAL_ERROR);
      // a client that does not read is not read either
      if (session.output.isFull()) socket.pause();
      if (body.length === 0) finish(parts(), stream);
      else bodies.begin(stream, body);
    },
    reset: (stream, code) => reset(parts(), stream as Stream, code),
    goaway() {
      const { ids, session } = parts();
      if (ids.lastServed !== F.MAX_STREAM_ID) return;
      ids.lastServed = ids.last;
      session.writeGoaway(ids.lastServed, F.NO_ERROR, '');
      endIfServed(parts());
    },
    cut: () => parts().socket.destroy(),
  };
}
