/**
 * Encodes header blocks (RFC 7541) from templates, made for sending nearly the same list many times.
 *
 * Indices move when an entry is inserted, and entries can be evicted. So the prepared bytes of a
 * template hold for one version of the table, and are built again when another template changed it.
 * Templates that do not fit into the table together displace one another's entries: that costs bytes
 * and time, nothing else.
 */

import { createEncoderTable } from './encoder-table.ts';
import { INITIAL_TABLE_SIZE } from './tables.ts';
import {
  buildParts,
  type Prepared,
  prepareTemplate,
  type Template,
  type TemplateField,
} from './template.ts';
import { forms, writeAscii, writeInteger } from './write.ts';

export interface Encoder {
  /** The peer's SETTINGS_HEADER_TABLE_SIZE changed: the next block begins with the size update(s). */
  setMaxTableSize(size: number): void;
  /** @throws RangeError if a name or a constant value is not latin1 */
  prepare(fields: readonly TemplateField[]): Template;
  /**
   * Writes one whole header block into `out` at `offset`, with `values` for the varying fields in
   * their order, and returns the offset after it. It may overwrite what lies after the block in
   * `out`. The block must be sent, and before any later one: from here on the encoder takes the
   * peer's table to have what the block inserts.
   *
   * @throws RangeError if `out` has less room than `template.bound` plus the lengths of the values,
   * or if a value is not ASCII; then nothing has changed
   */
  encode(out: Uint8Array, offset: number, template: Template, values?: readonly string[]): number;
}

const none: readonly string[] = [];

/** `maxTableSize`: bytes that the table may take here and at the peer, even if the peer allows more. */
export function createEncoder({ maxTableSize }: { maxTableSize: number }): Encoder {
  const table = createEncoderTable(INITIAL_TABLE_SIZE);
  // the size that the peer was told last, and the smallest one since
  let announced = INITIAL_TABLE_SIZE;
  let smallest = INITIAL_TABLE_SIZE;
  setMaxTableSize(INITIAL_TABLE_SIZE);

  function setMaxTableSize(size: number): void {
    const capacity = Math.min(size, maxTableSize);
    if (capacity === table.capacity) return;
    smallest = Math.min(smallest, capacity);
    table.resize(capacity);
  }

  function encode(
    out: Uint8Array,
    offset: number,
    template: Template,
    values: readonly string[] = none,
  ): number {
    const prepared = template as Prepared;
    const { varying } = prepared;
    if (values.length !== varying.length) throw new RangeError('a value for each varying field');
    let room = out.length - offset - prepared.bound;
    for (let i = 0; i < values.length; i++) room -= values[i]!.length;
    if (room < 0) throw new RangeError('no room for the header block');
    if (prepared.version !== table.version) buildParts(prepared, table, values, writeUpdates);

    const { parts } = prepared;
    let at = copy(parts[0]!, out, offset);
    for (let i = 0; i < varying.length; i++) {
      const { prefix, huffman } = varying[i]!;
      at = writeAscii(out, at, prefix, values[i]!, huffman);
      at = copy(parts[i + 1]!, out, at);
    }
    return at;
  }

  /** Announces the smallest size since the last block, then the present one (section 4.2). */
  function writeUpdates(out: Uint8Array): number {
    let at = 0;
    if (smallest < announced) at = writeInteger(out, at, forms.sizeUpdate, smallest);
    if (smallest < table.capacity) at = writeInteger(out, at, forms.sizeUpdate, table.capacity);
    announced = table.capacity;
    smallest = table.capacity;
    return at;
  }

  return { setMaxTableSize, prepare: prepareTemplate, encode };
}

/** Copies byte by byte: most parts have a dozen bytes, and `set` takes longer to begin. */
function copy(part: Uint8Array, out: Uint8Array, at: number): number {
  if (part.length > 64) {
    out.set(part, at);
  } else {
    for (let i = 0; i < part.length; i++) out[at + i] = part[i]!;
  }
  return at + part.length;
}
