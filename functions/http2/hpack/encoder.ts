/**
 * Encoding of header blocks (RFC 7541), made for sending the same header list again and again.
 *
 * A list is prepared once as a template: constant fields, and varying ones whose values come with
 * every block. The first block puts the constant fields into the peer's dynamic table. From then on
 * the template is a few bytes, an index for each constant field, which are copied; only the values
 * are written anew. Indices move when anything is inserted, and entries can be evicted, so those
 * bytes hold for one version of the table and are built again when another template changed it.
 * Templates that do not fit into the table together displace one another's entries: that costs
 * bytes and time, nothing else.
 */

import { createEncoderTable, entrySize } from './encoder-table.ts';
import { forms, notAscii, writeAscii, writeInteger, writeString } from './write.ts';

/**
 * 'index'  in the dynamic table, an index from the second time on
 * 'plain'  a literal every time, for what seldom comes twice; a varying field with a name that is in
 *          no table is indexed with its first value, so that later ones have an index for the name
 * 'never'  a literal that nobody on the way may put into a table of their own (section 7.1.3)
 *
 * A provider token (`authorization`) is indexed, on purpose. The danger of compressing secrets is
 * that one who can add fields to the same connection and sees its sizes confirms guesses. Here we
 * alone choose what is sent; a guess would have to match the whole value, which is a signature or
 * random (section 7.1); and at 200 bytes and more, it is longer than all the other fields together.
 * Apple asks for "without indexing" to spare its table ("Sending notification requests to APNs");
 * there is one token in it for most of an hour, and Go's clients index it, too. 'never' remains for
 * a secret that can be guessed, or that shares the connection with strangers' fields.
 */
export type Indexing = 'index' | 'plain' | 'never';

/** A field with a `value` is constant; one without is varying. */
export interface TemplateField {
  /** lower case */
  name: string;
  value?: string;
  /** what all values of a varying field begin with, so that nobody has to join them: '/3/device/' */
  prefix?: string;
  /** default: 'index' for constant fields, 'plain' for varying ones, which cannot be indexed */
  indexing?: Indexing;
  /**
   * May be in Huffman code, if that is not longer. Default: true for constant fields, which are coded
   * once, false for varying ones: for path and id of a push it saves 32 bytes and takes 0.4 us
   * instead of 0.1.
   */
  huffman?: boolean;
}

/** A prepared header list. It belongs to its encoder. */
export interface Template {
  /** A block takes at most this many bytes and the lengths of its values. */
  readonly bound: number;
}

export interface Encoder {
  /** The peer's SETTINGS_HEADER_TABLE_SIZE changed: the next block begins with the update(s). */
  setMaxTableSize(size: number): void;
  /** @throws RangeError when a name or a constant is not latin1. */
  prepare(fields: readonly TemplateField[]): Template;
  /**
   * Writes one whole header block at `offset`, with `values` for the varying fields in their order,
   * and returns the offset behind it. The block must be sent, before any later one: from here on the
   * peer's table is taken to have what it inserts. What lies behind it in `out` may be overwritten.
   *
   * @throws RangeError when `out` has less room than `template.bound` and the lengths of the values,
   * or when a value is not ASCII. Nothing has changed then.
   */
  encode(out: Uint8Array, offset: number, template: Template, values?: readonly string[]): number;
}

interface Prepared extends Template {
  fields: readonly TemplateField[];
  varying: readonly { prefix: Uint8Array; huffman: boolean }[];
  /** the version of the table that `parts` are for; -1: there are none that can be used again */
  version: number;
  /** the bytes before, between and behind the values */
  parts: Uint8Array[];
}

/** Of the peer, until its SETTINGS say otherwise (RFC 9113, section 6.5.2). */
const INITIAL_TABLE_SIZE = 4096;
/** An integer below 2^32 takes no more; a field has three at most, and two updates may come first. */
const INTEGER_BYTES = 6;

const none: readonly string[] = [];

/** maxTableSize: the most that the table may take here and at the peer, whatever the peer allows. */
export function createEncoder({ maxTableSize }: { maxTableSize: number }): Encoder {
  const table = createEncoderTable(INITIAL_TABLE_SIZE);
  // what the peer knows, and the smallest size since it was told
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
    if (prepared.version !== table.version) build(prepared, values);

    const { parts } = prepared;
    let at = copy(parts[0]!, out, offset);
    for (let i = 0; i < varying.length; i++) {
      const { prefix, huffman } = varying[i]!;
      at = writeAscii(out, at, prefix, values[i]!, huffman);
      at = copy(parts[i + 1]!, out, at);
    }
    return at;
  }

  /**
   * Makes the parts for the table as it is; if they insert something, for one block only. Of fields
   * that are more than the table holds, only the first ones are indexed: all of them would evict one
   * another for ever.
   */
  function build(template: Prepared, values: readonly string[]): void {
    if (!values.every(isAscii)) throw notAscii();
    const part = new Uint8Array(template.bound);
    template.parts = [];
    let place = 0;
    let room = table.capacity;
    let at = writeUpdates(part);
    let once = at > 0;

    for (const { name, value, prefix = '', indexing, huffman = true } of template.fields) {
      const constant = value !== undefined;
      const text = constant ? value : prefix + values[place++]!;
      const index = constant && indexing !== 'never' ? table.find(name, text) : 0;
      const nameIndex = table.findName(name);
      // a varying field is inserted for its name, if there is no other entry with it
      const indexable = constant
        ? (indexing ?? 'index') === 'index'
        : indexing !== 'never' && !table.isStatic(nameIndex);
      const fits = indexable && !table.isStatic(index) && entrySize(name, text) <= room;
      if (fits) room -= entrySize(name, text);
      if (index > 0) {
        at = writeInteger(part, at, forms.indexed, index);
        continue;
      }
      const inserts = fits && (constant || nameIndex === 0);
      const form = inserts ? forms.index : indexing === 'never' ? forms.never : forms.plain;
      at = writeInteger(part, at, form, nameIndex);
      if (nameIndex === 0) at = writeString(part, at, name, huffman);
      if (constant) {
        at = writeString(part, at, value, huffman);
      } else {
        template.parts.push(part.slice(0, at));
        at = 0;
      }
      if (inserts) {
        table.insert(name, text);
        once = true;
      }
    }
    template.parts.push(part.slice(0, at));
    template.version = once ? -1 : table.version;
  }

  /** Section 4.2: the smallest size there was, then the present one. */
  function writeUpdates(out: Uint8Array): number {
    let at = 0;
    if (smallest < announced) at = writeInteger(out, at, forms.sizeUpdate, smallest);
    if (smallest < table.capacity) at = writeInteger(out, at, forms.sizeUpdate, table.capacity);
    announced = table.capacity;
    smallest = table.capacity;
    return at;
  }

  return { setMaxTableSize, prepare, encode };
}

function prepare(fields: readonly TemplateField[]): Template {
  let bound = 2 * INTEGER_BYTES;
  const varying: Prepared['varying'][number][] = [];
  for (const { name, value, prefix = '', huffman = false } of fields) {
    const text = value ?? prefix;
    if (!isLatin1(name + text)) throw new RangeError(`not latin1: field ${name}`);
    bound += 3 * INTEGER_BYTES + name.length + text.length;
    if (value === undefined) {
      varying.push({ prefix: Buffer.from(prefix, 'latin1'), huffman });
    }
  }
  const prepared: Prepared = { bound, fields, varying, version: -1, parts: [] };
  return prepared;
}

const isLatin1 = (text: string) => /^[\0-\xff]*$/.test(text);
const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text);

/** Parts are a dozen bytes as a rule; `set` takes longer to begin. */
function copy(part: Uint8Array, out: Uint8Array, at: number): number {
  if (part.length > 64) {
    out.set(part, at);
  } else {
    for (let i = 0; i < part.length; i++) out[at + i] = part[i]!;
  }
  return at + part.length;
}
