/** The identifiers of a client's streams: odd numbers that only grow (RFC 9113, section 5.1.1). */

import {
  ConnectionError,
  MAX_STREAM_ID,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from '../session/protocol.ts';

/** Plain fields that only the functions of this file and GOAWAY change. */
export interface StreamIds {
  /** the highest one used; 0: none */
  last: number;
  /** how many were used; the client may leave some out */
  used: number;
  /** the last stream that we serve, by our GOAWAY */
  lastServed: number;
}

export const createStreamIds = (): StreamIds => ({ last: 0, used: 0, lastServed: MAX_STREAM_ID });

/** Uses an id above all before. */
export function useId(ids: StreamIds, id: number) {
  ids.last = id;
  ids.used += 1;
}

/** @throws ConnectionError for an even id, which only a server could open */
export function requireClientId(id: number) {
  if (id % 2 === 0) throw new ConnectionError(PROTOCOL_ERROR, `stream ${id} of a client`);
}

/** @throws ConnectionError for a stream that was never opened (section 5.1) */
export function requireUsed(ids: StreamIds, id: number) {
  if (id > ids.last || id % 2 === 0)
    throw new ConnectionError(PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
}

/**
 * The error for a second request on a stream. It is certain to be a request: trailers of a stream that
 * was reset may come late, but they have no method. A client that left out ids closes them by using a
 * higher one.
 */
export function reopened(ids: StreamIds, id: number): ConnectionError {
  const leftOut = ids.used !== (ids.last + 1) / 2;
  const code = leftOut ? PROTOCOL_ERROR : STREAM_CLOSED;
  return new ConnectionError(code, `a request on stream ${id}, which has ended`);
}
