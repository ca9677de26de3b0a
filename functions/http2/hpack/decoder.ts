/** Decodes header blocks (RFC 7541). */

import { createDecoderTable, type Field } from './decoder-table.ts';
import { HpackError } from './errors.ts';
import { type Cursor, readInteger, readString } from './read.ts';
import { ENTRY_OVERHEAD, INITIAL_TABLE_SIZE, staticTable } from './tables.ts';

/**
 * Gets each field in the order of the block, octets as latin1. It must not throw. Names come as the
 * peer wrote them: the caller refuses upper case and whatever else RFC 9113, section 8.2 forbids.
 */
type HeaderSink = (name: string, value: string) => void;

interface DecoderOptions {
  /** SETTINGS_HEADER_TABLE_SIZE in our first SETTINGS, in bytes */
  maxTableSize: number;
  /** SETTINGS_MAX_HEADER_LIST_SIZE: bytes of names and values, plus 32 for each field */
  maxListBytes: number;
  /**
   * False for a name whose fields the caller ignores: they are checked and counted, but their values
   * are not built and do not reach the sink. Default: every field is wanted.
   */
  wants?: (name: string) => boolean;
}

export interface Decoder {
  /**
   * Decodes one whole header block: bytes `from` to `to` of `block`. Returns false if the list is
   * longer than `maxListBytes`. Then `sink` saw only its beginning, but the table is in step with
   * the peer's, so it is enough to refuse the stream.
   *
   * @throws HpackError if the block is malformed; the decoder must not be used afterwards
   */
  decode(block: Uint8Array, from: number, to: number, sink: HeaderSink): boolean;
  /**
   * The peer has acknowledged SETTINGS with this header table size. From now on a larger table is an
   * error, and a peer whose table is larger must begin its next block with an update (section 4.2).
   */
  setMaxTableSize(size: number): void;
}

const nothing = Buffer.alloc(0);
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
  const table = createDecoderTable(constant, INITIAL_TABLE_SIZE);
  // before the peer has acknowledged our first SETTINGS, it may still use the protocol's own size
  let limit = Math.max(maxTableSize, INITIAL_TABLE_SIZE);
  let mustUpdate = false;
  const cursor: Cursor = { bytes: nothing, at: 0, end: 0, stringLength: 0 };

  function decode(block: Uint8Array, from: number, to: number, sink: HeaderSink): boolean {
    cursor.bytes = block;
    cursor.at = from;
    cursor.end = to;
    let listBytes = 0;
    let mayUpdate = true;
    while (cursor.at < to) {
      const first = block[cursor.at]!;
      if (first >= 0x20 && first < 0x40) {
        if (!mayUpdate) throw new HpackError('table size update after a field');
        updateSize(readInteger(cursor, 0x1f));
        continue;
      }
      const field = readField(first, listBytes <= maxListBytes);
      if (mayUpdate) {
        if (mustUpdate) throw new HpackError('table size update missing');
        mayUpdate = false;
      }
      listBytes += field.size;
      if (field.wanted && listBytes <= maxListBytes) sink(field.name, field.value);
    }
    cursor.bytes = nothing;
    return listBytes <= maxListBytes;
  }

  /** Reads a field (section 6); `fits`: the list so far is within its limit, so values are needed. */
  function readField(first: number, fits: boolean): Field {
    if (first >= 0x80) return table.entryAt(readInteger(cursor, 0x7f));
    // "never indexed" (0x10) and "without indexing" differ only for those who forward the field
    if (first < 0x40) return readLiteral(0x0f, fits);
    // the value of an indexed field may be needed by a later block
    const field = readLiteral(0x3f, true);
    table.insert(field);
    return field;
  }

  function readLiteral(mask: number, needed: boolean): Field {
    const index = readInteger(cursor, mask);
    let name: string;
    let wanted: boolean;
    if (index === 0) {
      name = readString(cursor, true);
      wanted = wants(name);
    } else {
      ({ name, wanted } = table.entryAt(index));
    }
    const value = readString(cursor, needed && wanted);
    return { name, value, size: name.length + cursor.stringLength + ENTRY_OVERHEAD, wanted };
  }

  /** A dynamic table size update (section 6.3). */
  function updateSize(size: number): void {
    if (size > limit) throw new HpackError('table size update above the limit');
    table.resize(size);
    mustUpdate = false;
  }

  return {
    decode,
    setMaxTableSize(size) {
      limit = size;
      mustUpdate = table.capacity > size;
    },
  };
}
