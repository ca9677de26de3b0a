/** Decoding of header blocks (RFC 7541). */

import { huffmanDecode, huffmanRoom } from './huffman.ts';
import { ENTRY_OVERHEAD, staticTable } from './tables.ts';

/** The block cannot be decoded and the table is out of step: COMPRESSION_ERROR, the connection ends. */
export class HpackError extends Error {
  override name = 'HpackError';
}

/**
 * Octets as latin1, each a field as it comes; must not throw. Names are as the peer wrote them: to
 * refuse upper case and what else RFC 9113, section 8.2 forbids is the caller's part.
 */
export type HeaderSink = (name: string, value: string) => void;

export interface DecoderOptions {
  /** the SETTINGS_HEADER_TABLE_SIZE that we announce first */
  maxTableSize: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: names and values, and 32 bytes for each field */
  maxListBytes: number;
  /**
   * False for a name whose fields nobody reads: they are checked and counted, but their values are
   * never built and never given to the sink. Default: every field is wanted.
   */
  wants?: (name: string) => boolean;
}

export interface Decoder {
  /**
   * Decodes one whole header block, bytes `from` to `to` of `block`. False: the list is longer than
   * maxListBytes and `sink` saw only its beginning; the table is in step, so only the stream is
   * refused.
   *
   * @throws HpackError on anything malformed; the decoder must not be used again.
   */
  decode(block: Uint8Array, from: number, to: number, sink: HeaderSink): boolean;
  /**
   * The peer has acknowledged SETTINGS with this header table size: more is an error from here on,
   * and if its table is larger, its next block must begin with an update (section 4.2).
   */
  setMaxTableSize(size: number): void;
}

interface Field {
  readonly name: string;
  /** '' when it is not wanted */
  readonly value: string;
  readonly size: number;
  readonly wanted: boolean;
}

/** Of either side, until its peer says otherwise (RFC 9113, section 6.5.2). */
const INITIAL_TABLE_SIZE = 4096;
/** Scratch space for Huffman code is kept up to this; a longer string takes its own and drops it. */
const SCRATCH_BYTES = 16 * 1024;
/** A Uint8Array has no such method of its own, and `toString('latin1')` looks at its arguments longer. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, from: number, to: number) => string;
};
const nothing = Buffer.alloc(0);
let scratch = Buffer.alloc(256);

const always = () => true;

export function createDecoder({
  maxTableSize,
  maxListBytes,
  wants = always,
}: DecoderOptions): Decoder {
  const constant: readonly Field[] = staticTable.map(({ name, value }) => {
    const size = name.length + value.length + ENTRY_OVERHEAD;
    return { name, value, size, wanted: wants(name) };
  });

  // the dynamic table: a ring, `newest` the place of index 62; grows as far as its size allows
  let ring: (Field | undefined)[] = new Array(16);
  let newest = 0;
  let count = 0;
  let size = 0;
  let capacity = INITIAL_TABLE_SIZE;
  // until the peer has acknowledged our first SETTINGS, the protocol's own value is in force, too
  let limit = Math.max(maxTableSize, INITIAL_TABLE_SIZE);
  let mustUpdate = false;

  // the block that is being decoded
  let bytes: Uint8Array = nothing;
  let at = 0;
  let end = 0;
  /** octets of the last string */
  let length = 0;

  function decode(block: Uint8Array, from: number, to: number, sink: HeaderSink): boolean {
    bytes = block;
    at = from;
    end = to;
    let listBytes = 0;
    let mayUpdate = true;
    while (at < end) {
      const first = bytes[at]!;
      let field: Field;
      if (first >= 0x80) {
        field = entryAt(integer(0x7f));
      } else if (first >= 0x40) {
        field = literal(0x3f, true);
        insert(field);
      } else if (first >= 0x20) {
        if (!mayUpdate) throw new HpackError('table size update behind a field');
        update(integer(0x1f));
        continue;
      } else {
        // never indexed (0x10) differs from not indexed for those who forward it only
        field = literal(0x0f, listBytes <= maxListBytes);
      }
      if (mayUpdate) {
        if (mustUpdate) throw new HpackError('table size update missing');
        mayUpdate = false;
      }
      listBytes += field.size;
      if (field.wanted && listBytes <= maxListBytes) sink(field.name, field.value);
    }
    bytes = nothing;
    return listBytes <= maxListBytes;
  }

  /**
   * An integer (section 5.1) with the bits of `mask` in its first byte. Four bytes may follow:
   * nothing that is as large as 2^28 can be valid here.
   */
  function integer(mask: number): number {
    let value = bytes[at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= end) throw new HpackError('truncated integer');
      const byte = bytes[at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError('integer too large');
  }

  function entryAt(index: number): Field {
    if (index < constant.length && index > 0) return constant[index]!;
    const place = index - constant.length;
    if (index === 0 || place >= count) throw new HpackError('index out of range');
    return ring[(newest - place) & (ring.length - 1)]!;
  }

  /** Not `kept`: its value is of no use to anybody. */
  function literal(mask: number, kept: boolean): Field {
    const index = integer(mask);
    let name: string;
    let wanted: boolean;
    if (index === 0) {
      name = string(true);
      wanted = wants(name);
    } else {
      ({ name, wanted } = entryAt(index));
    }
    const value = string(kept && wanted);
    return { name, value, size: name.length + length + ENTRY_OVERHEAD, wanted };
  }

  /** A string (section 5.2), its octets counted in `length`; '' unless it is to be built. */
  function string(built: boolean): string {
    if (at >= end) throw new HpackError('truncated field');
    const coded = bytes[at]! >= 0x80;
    const stored = integer(0x7f);
    const from = at;
    if (stored > end - from) throw new HpackError('string longer than its block');
    at += stored;
    if (!coded) {
      length = stored;
      return built ? latin1Slice.call(bytes, from, at) : '';
    }
    const octets = scratchFor(huffmanRoom(stored));
    length = huffmanDecode(bytes, from, at, octets);
    if (length < 0) throw new HpackError('malformed Huffman code');
    return built ? latin1Slice.call(octets, 0, length) : '';
  }

  function insert(field: Field): void {
    evict(capacity - field.size);
    // one that is larger than the table empties it, and that is no error (section 4.4)
    if (field.size > capacity) return;
    if (count === ring.length) grow();
    newest = (newest + 1) & (ring.length - 1);
    ring[newest] = field;
    count++;
    size += field.size;
  }

  function evict(room: number): void {
    while (count > 0 && size > room) {
      const oldest = (newest - count + 1) & (ring.length - 1);
      size -= ring[oldest]!.size;
      ring[oldest] = undefined;
      count--;
    }
  }

  function grow(): void {
    const larger: (Field | undefined)[] = new Array(ring.length * 2);
    for (let i = 0; i < count; i++) {
      larger[count - 1 - i] = ring[(newest - i) & (ring.length - 1)];
    }
    newest = count - 1;
    ring = larger;
  }

  function update(to: number): void {
    if (to > limit) throw new HpackError('table size update above the limit');
    capacity = to;
    evict(capacity);
    mustUpdate = false;
  }

  return {
    decode,
    setMaxTableSize(to) {
      limit = to;
      mustUpdate = capacity > limit;
    },
  };
}

function scratchFor(bytes: number): Buffer {
  if (bytes <= scratch.length) return scratch;
  const larger = Buffer.alloc(Math.max(bytes, 2 * scratch.length));
  if (larger.length <= SCRATCH_BYTES) scratch = larger;
  return larger;
}
