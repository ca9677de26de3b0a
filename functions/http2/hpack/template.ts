/**
 * Header lists that are prepared once and encoded many times.
 *
 * A template has constant fields, and varying ones whose values come with every block. The first
 * block puts the constant fields into the peer's dynamic table. From then on they are a few bytes, an
 * index for each, which are copied; only the values are written anew.
 */

import { type EncoderTable, entrySize } from './encoder-table.ts';
import { forms, notAscii, writeInteger, writeString } from './write.ts';

/**
 * 'index'  in the dynamic table: an index from the second block on
 * 'plain'  a literal every time, for values that seldom repeat. A varying field whose name is in no
 *          table is indexed with its first value, so that later blocks have an index for the name
 * 'never'  a literal that no intermediary may put into a table either (RFC 7541, section 7.1.3)
 *
 * A provider token (`authorization`) is indexed on purpose. Compressing secrets is dangerous when an
 * attacker adds fields to the same connection and sees its sizes: that confirms guesses. Here we
 * alone choose what is sent; a guess must match the whole value, which is a signature or random
 * (section 7.1); and it takes 200 bytes and more, longer than all the other fields together. Apple
 * asks for "without indexing" to spare its table ("Sending notification requests to APNs"), but the
 * table holds one token for most of an hour, and Go's clients index it too. 'never' remains for
 * secrets that can be guessed or that share a connection with fields of third parties.
 */
export type Indexing = 'index' | 'plain' | 'never';

/** A field with a `value` is constant; one without is varying. */
export interface TemplateField {
  /** lower case */
  name: string;
  value?: string;
  /** the beginning of every value of a varying field, such as '/3/device/' */
  prefix?: string;
  /** default: 'index' for constant fields, 'plain' for varying ones, which cannot be indexed */
  indexing?: Indexing;
  /**
   * Allows Huffman code where that is not longer. Default: true for constant fields, which are coded
   * once, and false for varying ones. For path and id of a push it would save 32 bytes and take
   * 0.4 us instead of 0.1.
   */
  huffman?: boolean;
}

/** A prepared header list. It belongs to the encoder that prepared it. */
export interface Template {
  /** A block takes at most this many bytes plus the lengths of its values. */
  readonly bound: number;
}

/** A template as its encoder sees it. */
export interface Prepared extends Template {
  fields: readonly TemplateField[];
  varying: readonly { prefix: Uint8Array; huffman: boolean }[];
  /** the version of the table that `parts` hold for; -1: they hold for one block only */
  version: number;
  /** the bytes before, between and after the values */
  parts: Uint8Array[];
}

/** An integer below 2^32 takes at most this. A field has three; two size updates may come first. */
const INTEGER_BYTES = 6;

const isLatin1 = (text: string) => /^[\0-\xff]*$/.test(text);
const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text);

/** @throws RangeError if a name, a constant value or a prefix is not latin1 */
export function prepareTemplate(fields: readonly TemplateField[]): Template {
  let bound = 2 * INTEGER_BYTES;
  const varying: Prepared['varying'][number][] = [];
  for (const { name, value, prefix = '', huffman = false } of fields) {
    const text = value ?? prefix;
    if (!isLatin1(name + text)) throw new RangeError(`not latin1: field ${name}`);
    bound += 3 * INTEGER_BYTES + name.length + text.length;
    if (value === undefined) varying.push({ prefix: Buffer.from(prefix, 'latin1'), huffman });
  }
  const prepared: Prepared = { bound, fields, varying, version: -1, parts: [] };
  return prepared;
}

/**
 * Builds the parts of a template for the present state of the table, and inserts the fields that are
 * to be indexed. If it inserts any, the parts hold for one block only. When the fields are more than
 * the table holds, only the first ones are indexed: otherwise they would evict one another forever.
 *
 * `writeUpdates` writes what must come before the first field and returns its length in bytes.
 *
 * @throws RangeError if a value is not ASCII; then nothing has changed
 */
export function buildParts(
  template: Prepared,
  table: EncoderTable,
  values: readonly string[],
  writeUpdates: (out: Uint8Array) => number,
): void {
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
    // a varying field is inserted for the sake of its name, unless some entry has that name
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
