/** Random header lists, and how tests of HPACK decode them. */

import { createDecoder, type Decoder } from '../../../functions/http2/hpack/decoder.ts';
import { staticTable } from '../../../functions/http2/hpack/tables.ts';
import type { Indexing, TemplateField } from '../../../functions/http2/hpack/template.ts';
import type { Chance } from '../chance.ts';

export type Pair = [name: string, value: string];

/** Spaces are ignored. */
export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

export const decoderOf = (maxTableSize = 4096, maxListBytes = 1 << 20): Decoder =>
  createDecoder({ maxTableSize, maxListBytes });

export function decode(decoder: Decoder, block: Uint8Array): Pair[] {
  const list: Pair[] = [];
  decoder.decode(block, 0, block.length, (name, value) => list.push([name, value]));
  return list;
}

/** Names that a request may have and that no implementation treats specially. */
const names = staticTable
  .map(({ name }) => name)
  .filter((name) =>
    /^(accept|age|allow|content-(?!length)|etag|if-|link|max|server|user|vary|via)/.test(name),
  );

/**
 * Returns a field that may have come before, in part or as a whole. `octets`: its value may have any
 * octets, as HPACK allows, also those that HTTP does not.
 */
export function randomPair({ upTo, pick, text }: Chance, octets: boolean): Pair {
  const name = upTo(3) > 0 ? pick(names) : `x-${upTo(40)}${'-long'.repeat(upTo(8) >> 2)}`;
  const length = upTo(20) === 0 ? upTo(3000) : upTo(60);
  if (upTo(2) === 0) return [name, `value ${upTo(5)}`];
  if (octets) return [name, text(length, 0, 255)];
  return [name, upTo(3) === 0 ? text(length, 0x80, 0xff) : text(length, 0x21, 0x7e)];
}

/** Returns the fields of a template, the values for one block of it, and the list that they make. */
export function randomTemplate(
  c: Chance,
  octets: boolean,
): { fields: TemplateField[]; values: string[]; list: Pair[] } {
  const values: string[] = [];
  const list: Pair[] = [];
  const fields = Array.from({ length: c.upTo(12) }, (): TemplateField => {
    const [name, value] = randomPair(c, octets);
    const huffman = c.upTo(2) === 0;
    if (c.upTo(4) > 0) {
      list.push([name, value]);
      return {
        name,
        value,
        huffman,
        indexing: c.pick<Indexing>(['index', 'index', 'plain', 'never']),
      };
    }
    const prefix = c.upTo(2) === 0 ? '/3/device/' : '';
    const varying = c.text(c.upTo(200), 0x21, 0x7e);
    values.push(varying);
    list.push([name, prefix + varying]);
    return { name, prefix, huffman, indexing: c.pick<Indexing>(['plain', 'never']) };
  });
  return { fields, values, list };
}
