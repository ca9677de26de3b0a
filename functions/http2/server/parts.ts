/** The parts of a server's connection, and how its streams end. */

import type { TLSSocket } from 'node:tls';
import type { BodyWriter } from '../session/body-writer.ts';
import * as F from '../session/protocol.ts';
import type { Session } from '../session/session.ts';
import type { ServerConnection, ServerEvents, Stream } from './stream.ts';
import { requireUsed, type StreamIds } from './stream-ids.ts';
import type { StreamLimit } from './stream-limit.ts';

export interface Parts {
  readonly socket: TLSSocket;
  readonly session: Session;
  readonly bodies: BodyWriter<Stream>;
  readonly connection: ServerConnection;
  readonly events: ServerEvents;
  /** the open streams by id */
  readonly streams: Map<number, Stream>;
  readonly ids: StreamIds;
  readonly limit: StreamLimit;
}

/** Refuses a stream that is not opened, with this error code. */
export function refuse({ session }: Parts, id: number, code: number) {
  session.spend();
  session.writeNumber(F.RST_STREAM, id, code);
}

/** Ends an open stream by RST_STREAM. */
export function reset(parts: Parts, stream: Stream, code: number) {
  if (parts.streams.get(stream.id) !== stream) return;
  parts.session.writeNumber(F.RST_STREAM, stream.id, code);
  forget(parts, stream);
}

/**
 * A frame came on a stream that has ended or whose request is complete (section 5.1).
 *
 * @throws ConnectionError if the stream was never opened
 */
export function onClosedStream(parts: Parts, id: number) {
  const { session, streams, ids } = parts;
  requireUsed(ids, id);
  session.spend();
  if (id > ids.lastServed) return;
  const stream = streams.get(id);
  if (stream !== undefined) reset(parts, stream, F.STREAM_CLOSED);
  else session.writeNumber(F.RST_STREAM, id, F.STREAM_CLOSED);
}

/** The whole answer of a stream has been written. */
export function finish(parts: Parts, stream: Stream) {
  // an answer may come before the end of its request, which is not needed then (section 8.1)
  if (!stream.complete) parts.session.writeNumber(F.RST_STREAM, stream.id, F.NO_ERROR);
  forget(parts, stream);
}

/** The stream has ended for both sides. */
export function forget(parts: Parts, stream: Stream) {
  parts.streams.delete(stream.id);
  parts.bodies.forget(stream);
  if (parts.ids.lastServed !== F.MAX_STREAM_ID) endIfServed(parts);
}

/** After our GOAWAY: ends the connection when all its streams have ended. */
export function endIfServed({ streams, session, ids }: Parts) {
  if (streams.size === 0) session.close(ids.lastServed, F.NO_ERROR, '');
}
