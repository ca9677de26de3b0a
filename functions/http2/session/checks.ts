/** Checks of a frame's form (RFC 9113, section 6). Each throws a ConnectionError. */

import type { Frame } from './frames.ts';
import { ConnectionError, FRAME_SIZE_ERROR, PADDED, PROTOCOL_ERROR } from './protocol.ts';

export const protocolError = (what: string) => new ConnectionError(PROTOCOL_ERROR, what);
const sizeError = (what: string) => new ConnectionError(FRAME_SIZE_ERROR, what);

/** The frame must be on a stream. */
export function requireStream({ id, type }: Frame) {
  if (id === 0) throw protocolError(`a frame of type ${type} on no stream`);
}

/** The frame must be on the connection itself, stream 0. */
export function requireConnection({ id, type }: Frame) {
  if (id !== 0) throw protocolError(`a frame of type ${type} on a stream`);
}

/** The payload must have exactly `expected` bytes. */
export function requireSize({ from, to }: Frame, expected: number) {
  if (to - from !== expected)
    throw sizeError(`a frame of ${to - from} bytes instead of ${expected}`);
}

/** The payload must have at least `least` bytes. */
export function requireLength({ from, to }: Frame, least: number) {
  if (to - from < least) throw sizeError(`a frame of ${to - from} bytes, fewer than ${least}`);
}

/** Moves `from` and `to` of a padded frame to what lies between its padding (section 6.1). */
export function stripPadding(frame: Frame) {
  if ((frame.flags & PADDED) === 0) return;
  const size = frame.to - frame.from;
  if (size === 0) throw sizeError('a padded frame without the length of its padding');
  const padding = frame.bytes[frame.from]!;
  if (padding >= size) throw protocolError('more padding than payload');
  frame.from += 1;
  frame.to -= padding;
}
