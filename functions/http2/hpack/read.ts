/** Reads the primitives of a header block (RFC 7541, section 5). */

import { HpackError } from './errors.ts';
import { huffmanDecode, huffmanRoom } from './huffman.ts';

/** A place in a block. Every read moves `at`. */
export interface Cursor {
  bytes: Uint8Array;
  at: number;
  /** offset after the last byte of the block */
  end: number;
  /** octets of the string that was read last, after Huffman decoding */
  stringLength: number;
}

/** The shared buffer for decoded strings grows up to this. A longer string gets a buffer of its own. */
const MAX_SCRATCH_BYTES = 16 * 1024;
/**
 * Uint8Array has no `latin1Slice`, and `toString('latin1')` spends longer on checking its
 * arguments.
 */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, from: number, to: number) => string;
};
let scratch = Buffer.alloc(256);

/**
 * Reads an integer (section 5.1) whose first bits are those of `mask` in the byte at the cursor.
 *
 * @throws HpackError when the block ends first, or when more than four bytes follow: a value of 2^28
 * or more cannot be valid in a header block
 */
export function readInteger(cursor: Cursor, mask: number): number {
  const { bytes, end } = cursor;
  let value = bytes[cursor.at++]! & mask;
  if (value < mask) return value;
  for (let shift = 0; shift < 28; shift += 7) {
    if (cursor.at >= end) throw new HpackError('truncated integer');
    const byte = bytes[cursor.at++]!;
    value += (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new HpackError('integer too large');
}

/**
 * Reads a string (section 5.2) as latin1 and stores its length in `cursor.stringLength`. With
 * `build` false the string is only checked, and the result is ''.
 *
 * @throws HpackError when the string is truncated or its Huffman code is malformed
 */
export function readString(cursor: Cursor, build: boolean): string {
  const { bytes, end } = cursor;
  if (cursor.at >= end) throw new HpackError('truncated field');
  const coded = bytes[cursor.at]! >= 0x80;
  const stored = readInteger(cursor, 0x7f);
  const from = cursor.at;
  if (stored > end - from) throw new HpackError('string longer than its block');
  const to = from + stored;
  cursor.at = to;
  if (!coded) {
    cursor.stringLength = stored;
    return build ? latin1Slice.call(bytes, from, to) : '';
  }
  const octets = scratchFor(huffmanRoom(stored));
  const length = huffmanDecode(bytes, from, to, octets);
  if (length < 0) throw new HpackError('malformed Huffman code');
  cursor.stringLength = length;
  return build ? latin1Slice.call(octets, 0, length) : '';
}

function scratchFor(bytes: number): Buffer {
  if (bytes <= scratch.length) return scratch;
  const larger = Buffer.alloc(Math.max(bytes, 2 * scratch.length));
  if (larger.length <= MAX_SCRATCH_BYTES) scratch = larger;
  return larger;
}
