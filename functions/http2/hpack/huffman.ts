/** The Huffman code of RFC 7541, section 5.2. */

import { EOS, huffmanCodes, huffmanLengths } from './tables.ts';

/** Below this, the code of an octet and its length fit into an entry of `packed`. */
const SHORT_BITS = 16;
/** code << 4 | bits; 0 for codes that are longer. */
const packed = Uint32Array.from(huffmanCodes.subarray(0, EOS), (code, octet) => {
  const bits = huffmanLengths[octet]!;
  return bits < SHORT_BITS ? (code << 4) | bits : 0;
});

/**
 * The code as a machine that takes a byte at a time. Its states are the inner nodes of the code's
 * tree, 256 of them, the root is 0; a byte completes two octets at most, as no code is shorter than
 * 5 bits. An entry, at state << 8 | byte: the next state, how many octets << 8, the octets << 10 and
 * << 18. It takes 256 KiB and is 2.5 times as fast as looking up one code after the other.
 */
const machine = new Uint32Array(256 * 256);
/** EOS within the code is an error. */
const FAILED = 0xffffffff;
/** States that a string may end in: fewer than 8 bits behind the last octet, all of them ones. */
const accepting = new Uint8Array(256);
buildMachine();

function buildMachine(): void {
  // kids of a node at 2 * node: an inner node, or LEAF and its symbol
  const LEAF = 0x1000;
  const kids: number[] = [0, 0];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = huffmanLengths[symbol]! - 1; bit >= 0; bit--) {
      const kid = 2 * node + ((huffmanCodes[symbol]! >>> bit) & 1);
      if (bit === 0) {
        kids[kid] = LEAF | symbol;
      } else if (kids[kid] === 0) {
        kids[kid] = kids.length / 2;
        kids.push(0, 0);
      }
      node = kids[kid]!;
    }
  }

  for (let entry = 0; entry < machine.length; entry++) {
    let node = entry >>> 8;
    let octets = 0;
    let count = 0;
    for (let bit = 7; bit >= 0 && octets !== FAILED; bit--) {
      node = kids[2 * node + ((entry >>> bit) & 1)]!;
      if (node < LEAF) continue;
      const symbol = node - LEAF;
      octets = symbol === EOS ? FAILED : octets | (symbol << (10 + 8 * count++));
      node = 0;
    }
    machine[entry] = octets === FAILED ? FAILED : octets | (count << 8) | node;
  }
  for (let node = 0, bits = 0; bits < 8; bits++, node = kids[2 * node + 1]!) accepting[node] = 1;
}

/** The room that huffmanDecode needs for so many bytes. */
export const huffmanRoom = (bytes: number): number => 2 * bytes;

/**
 * Decodes bytes `from` to `to` of `block` into the beginning of `out`. How many octets they were; -1
 * for what is malformed: EOS, padding of more than 7 bits, or padding that is not all ones.
 */
export function huffmanDecode(
  block: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
): number {
  let state = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    const entry = machine[(state << 8) | block[at]!]!;
    if (entry === FAILED) return -1;
    // two are written always, the next ones go over those that are none
    out[length] = entry >>> 10;
    out[length + 1] = entry >>> 18;
    length += (entry >>> 8) & 3;
    state = entry & 255;
  }
  return accepting[state] === 1 ? length : -1;
}

/**
 * Encodes the first `length` of `octets` at `at`, and returns the offset behind it: at most 4 bytes
 * for an octet.
 */
export function huffmanEncode(
  octets: Uint8Array,
  length: number,
  out: Uint8Array,
  at: number,
): number {
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < length; i++) {
    const octet = octets[i]!;
    const entry = packed[octet]!;
    if (entry > 0) {
      pending = (pending << (entry & 15)) | (entry >>> 4);
      bits += entry & 15;
    } else {
      // 19 to 30 bits, in two pieces, as up to 15 are pending
      const rest = huffmanLengths[octet]! - 15;
      pending = (pending << rest) | (huffmanCodes[octet]! >>> 15);
      bits += rest;
      if (bits >= 16) {
        bits -= 16;
        out[at++] = pending >>> (bits + 8);
        out[at++] = pending >>> bits;
      }
      pending = (pending << 15) | (huffmanCodes[octet]! & 0x7fff);
      bits += 15;
    }
    if (bits >= 16) {
      bits -= 16;
      out[at++] = pending >>> (bits + 8);
      out[at++] = pending >>> bits;
    }
  }
  if (bits >= 8) {
    bits -= 8;
    out[at++] = pending >>> bits;
  }
  // the padding is the beginning of EOS: ones
  if (bits > 0) out[at++] = (pending << (8 - bits)) | (255 >>> bits);
  return at;
}
