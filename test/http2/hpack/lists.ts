/** Header lists of chance, the same for the same seed, and what tests of HPACK do with all of them. */

import { createDecoder, type Decoder } from '../../../functions/http2/hpack/decoder.ts';
import type { Indexing, TemplateField } from '../../../functions/http2/hpack/encoder.ts';
import { staticTable } from '../../../functions/http2/hpack/tables.ts';

export type Pair = [name: string, value: string];

export const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

export const decoderOf = (maxTableSize = 4096, maxListBytes = 1 << 20): Decoder =>
  createDecoder({ maxTableSize, maxListBytes });

export function decode(decoder: Decoder, block: Uint8Array): Pair[] {
  const list: Pair[] = [];
  decoder.decode(block, 0, block.length, (name, value) => list.push([name, value]));
  return list;
}

export interface Chance {
  /** 0 <= number < below, whole */
  upTo(below: number): number;
  pick<T>(from: readonly T[]): T;
  /** `length` characters of a range of codes */
  text(length: number, first: number, last: number): string;
}

/** mulberry32 */
export function chance(seed: number): Chance {
  let state = seed;
  const upTo = (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  return {
    upTo,
    pick: (from) => from[upTo(from.length)]!,
    text: (length, first, last) =>
      Array.from({ length }, () => String.fromCharCode(first + upTo(last - first + 1))).join(''),
  };
}

/** Fields that a request may have, and no implementation treats in a way of its own. */
const names = staticTable
  .map(({ name }) => name)
  .filter((name) =>
    /^(accept|age|allow|content-(?!length)|etag|if-|link|max|server|user|vary|via)/.test(name),
  );

/** A field that may have come before, in part or as a whole; `octets`: of any kind, as HPACK allows. */
export function randomPair({ upTo, pick, text }: Chance, octets: boolean): Pair {
  const name = upTo(3) > 0 ? pick(names) : `x-${upTo(40)}${'-long'.repeat(upTo(8) >> 2)}`;
  const length = upTo(20) === 0 ? upTo(3000) : upTo(60);
  if (upTo(2) === 0) return [name, `value ${upTo(5)}`];
  if (octets) return [name, text(length, 0, 255)];
  return [name, upTo(3) === 0 ? text(length, 0x80, 0xff) : text(length, 0x21, 0x7e)];
}

/** A template and the values for one block of it; what they are together. */
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
