/** The preface that every client begins with (RFC 9113, section 3.4). */

import { ConnectionError, PREFACE, PROTOCOL_ERROR } from './protocol.ts';

/**
 * Returns a function that checks and skips the preface at the beginning of a connection, however its
 * bytes are cut: it returns the offset in `chunk` where frames begin.
 *
 * The function throws a ConnectionError as soon as a byte differs.
 */
export function createPrefaceReader(): (chunk: Buffer, from: number, to: number) => number {
  let read = 0;
  return (chunk, from, to) => {
    const count = Math.min(PREFACE.length - read, to - from);
    if (count === 0) return from;
    if (PREFACE.compare(chunk, from, from + count, read, read + count) !== 0)
      throw new ConnectionError(PROTOCOL_ERROR, 'the connection does not begin with the preface');
    read += count;
    return from + count;
  };
}
