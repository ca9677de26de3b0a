/** Turns HEADERS and DATA of a client into requests (RFC 9113, section 8.1). */

import { addPart } from '../session/body-parts.ts';
import type { Frame } from '../session/frames.ts';
import * as F from '../session/protocol.ts';
import { onClosedStream, type Parts, refuse, reset } from './parts.ts';
import { isRequest, lengthOf, type RequestBlock } from './request-block.ts';
import { openStream, type Stream } from './stream.ts';
import { reopened, requireClientId, useId } from './stream-ids.ts';

/** Bytes that are kept of a request's body. */
const MAX_BODY_BYTES = 64 * 1024;
/** SETTINGS_INITIAL_WINDOW_SIZE in bytes: what a client may send on a stream before a WINDOW_UPDATE. */
export const STREAM_WINDOW = 64 * 1024;

/** A header block of stream `id`; `fits`: all of it is in `block`. */
export function onHeaders(
  parts: Parts,
  id: number,
  block: RequestBlock,
  { endStream, fits }: { endStream: boolean; fits: boolean },
) {
  const { session, streams, ids, limit } = parts;
  requireClientId(id);
  const known = streams.get(id);
  const hasMethod = ':method' in block.headers;
  if (known !== undefined)
    return onTrailers(parts, known, endStream && !block.malformed && !hasMethod);
  if (id <= ids.last) {
    if (hasMethod) throw reopened(ids, id);
    return onClosedStream(parts, id);
  }
  useId(ids, id);
  if (id > ids.lastServed) return session.spend();
  if (!limit.allows(streams.size)) return refuse(parts, id, F.REFUSED_STREAM);
  if (!isRequest(block)) return refuse(parts, id, F.PROTOCOL_ERROR);
  const stream = openStream(parts.connection, id, block.headers, lengthOf(block.headers));
  streams.set(id, stream);
  parts.connection.streams += 1;
  parts.events.opened?.(parts.connection);
  if (!fits) {
    stream.complete = endStream;
    return parts.connection.respond(stream, 431, {}, '');
  }
  if (endStream) complete(parts, stream);
}

/** Trailers end a request. `allowed`: they are well-formed and carry END_STREAM. */
function onTrailers(parts: Parts, stream: Stream, allowed: boolean) {
  if (stream.complete) return onClosedStream(parts, stream.id);
  if (!allowed) return reset(parts, stream, F.PROTOCOL_ERROR);
  complete(parts, stream);
}

/** DATA without its padding; `size`: bytes of the payload with padding, which flow control counts. */
export function onData(parts: Parts, { id, flags, bytes, from, to }: Frame, size: number) {
  const stream = parts.streams.get(id);
  if (stream === undefined || stream.complete) return onClosedStream(parts, id);
  stream.taken += size;
  const room = MAX_BODY_BYTES - stream.received;
  stream.received += to - from;
  if (room > 0 && to > from) addBody(stream, bytes, from, Math.min(to, from + room));
  if ((flags & F.END_STREAM) !== 0) return complete(parts, stream);
  if (stream.taken <= STREAM_WINDOW / 2) return;
  parts.session.writeNumber(F.WINDOW_UPDATE, id, stream.taken);
  stream.taken = 0;
}

/** The body of a push is nearly always one DATA frame, so only a longer one has parts. */
function addBody(stream: Stream, bytes: Buffer, from: number, to: number) {
  if (stream.body.length === 0) {
    stream.body = Buffer.from(bytes.subarray(from, to));
    return;
  }
  stream.parts ??= [stream.body];
  addPart(stream.parts, bytes, from, to);
}

function complete(parts: Parts, stream: Stream) {
  // a body that differs from its content-length is malformed (section 8.1.1)
  if (stream.length !== -1 && stream.length !== stream.received)
    return reset(parts, stream, F.PROTOCOL_ERROR);
  stream.complete = true;
  if (stream.parts !== null) stream.body = Buffer.concat(stream.parts);
  stream.parts = null;
  parts.events.request(stream);
}
