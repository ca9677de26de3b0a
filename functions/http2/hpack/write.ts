/**
 * Writes the primitives of a header block (RFC 7541, section 5). Each function writes at `at`, where
 * the caller has made room, and returns the offset after the last byte it wrote.
 */

import { huffmanEncode } from './huffman.ts';

/** How an integer begins: the pattern in its first byte, and a mask of the bits left for the value. */
interface Form {
  readonly first: number;
  readonly mask: number;
}

/** Section 6 for fields and table size updates, section 5.2 for the lengths of strings. */
export const forms = {
  indexed: { first: 0x80, mask: 0x7f },
  sizeUpdate: { first: 0x20, mask: 0x1f },
  /** literals: with incremental indexing, without, never indexed */
  index: { first: 0x40, mask: 0x3f },
  plain: { first: 0x00, mask: 0x0f },
  never: { first: 0x10, mask: 0x0f },
  /** lengths of strings */
  octets: { first: 0x00, mask: 0x7f },
  huffman: { first: 0x80, mask: 0x7f },
} satisfies Record<string, Form>;

/** Buffer's `write` takes twice as long, as it checks its arguments first. */
const { latin1Write, utf8Write } = Buffer.prototype as unknown as {
  latin1Write: (this: Uint8Array, text: string, at: number, bytes: number) => number;
  utf8Write: (this: Uint8Array, text: string, at: number, bytes: number) => number;
};

/** Bytes of extra room, in which text that is not ASCII shows by taking more bytes than characters. */
const SLACK = 4;
const scratch = Buffer.alloc(1024);

/** Writes an integer below 2^32 (section 5.1). */
export function writeInteger(
  out: Uint8Array,
  at: number,
  { first, mask }: Form,
  value: number,
): number {
  if (value < mask) {
    out[at++] = first | value;
    return at;
  }
  out[at++] = first | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = (rest % 0x80) | 0x80;
  out[at++] = rest;
  return at;
}

/** Writes latin1 text (section 5.2); with `huffman`, in Huffman code unless that is longer. */
export function writeString(out: Uint8Array, at: number, text: string, huffman: boolean): number {
  if (huffman) return writeShorter(out, at, Buffer.from(text, 'latin1'), text.length);
  const from = writeInteger(out, at, forms.octets, text.length);
  return from + latin1Write.call(out, text, from, text.length);
}

/**
 * Writes the string `prefix` + `text` (section 5.2); with `huffman`, in Huffman code unless that is
 * longer.
 *
 * @throws RangeError if `text` is not ASCII
 */
export function writeAscii(
  out: Uint8Array,
  at: number,
  prefix: Uint8Array,
  text: string,
  huffman: boolean,
): number {
  const length = prefix.length + text.length;
  if (huffman) {
    const octets = length + SLACK <= scratch.length ? scratch : Buffer.alloc(length + SLACK);
    putAscii(octets, 0, prefix, text);
    return writeShorter(out, at, octets, length);
  }
  const from = writeInteger(out, at, forms.octets, length);
  putAscii(out, from, prefix, text);
  return from + length;
}

/**
 * Not latin1Write: it takes half the time, but truncates characters silently (U+010A to a line
 * feed).
 */
function putAscii(out: Uint8Array, at: number, prefix: Uint8Array, text: string): void {
  for (let i = 0; i < prefix.length; i++) out[at++] = prefix[i]!;
  if (utf8Write.call(out, text, at, text.length + SLACK) !== text.length) throw notAscii();
}

/** Writes the first `length` of `octets` in Huffman code, or as they are if that is shorter. */
function writeShorter(out: Uint8Array, at: number, octets: Uint8Array, length: number): number {
  const from = writeInteger(out, at, forms.octets, length);
  const bytes = huffmanEncode(octets, length, out, from) - from;
  if (bytes > length) {
    for (let i = 0; i < length; i++) out[from + i] = octets[i]!;
    return from + length;
  }
  const start = writeInteger(out, at, forms.huffman, bytes);
  if (start < from) out.copyWithin(start, from, from + bytes);
  return start + bytes;
}

export const notAscii = () => new RangeError('the value of a varying field is not ASCII');
