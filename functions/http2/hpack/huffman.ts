/** Encodes and decodes Huffman-coded strings (RFC 7541, section 5.2). */

import { EOS, huffmanCodes, huffmanLengths } from './tables.ts';

/** A code of fewer bits fits into an entry of `packed` together with its length. */
const SHORT_BITS = 16;
/** By octet: code << 4 | bits, or 0 if the code is longer. */
const packed = Uint32Array.from(huffmanCodes.subarray(0, EOS), (code, octet) => {
  const bits = huffmanLengths[octet]!;
  return bits < SHORT_BITS ? (code << 4) | bits : 0;
});

/**
 * A state machine that reads the code byte by byte. Its states are the 256 inner nodes of the code's
 * tree; the root is 0. A byte completes two octets at most, as no code is shorter than 5 bits. The
 * entry at (state << 8 | byte) holds the next state in bits 0-7, the number of completed octets in
 * bits 8-9, and these octets in bits 10-17 and 18-25. The table takes 256 KiB and is 2.5 times as
 * fast as looking up one code after the other.
 */
const machine = new Uint32Array(256 * 256);
/** The entry for EOS within a string, which is an error. */
const FAILED = 0xffffffff;
/** 1 for states that a string may end in: fewer than 8 bits after the last octet, all of them ones. */
const accepting = new Uint8Array(256);
buildMachine();

function buildMachine(): void {
  // the children of a node are at 2 * node and 2 * node + 1: an inner node, or LEAF | symbol
  const LEAF = 0x1000;
  const children: number[] = [0, 0];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = huffmanLengths[symbol]! - 1; bit >= 0; bit--) {
      const child = 2 * node + ((huffmanCodes[symbol]! >>> bit) & 1);
      if (bit === 0) {
        children[child] = LEAF | symbol;
      } else if (children[child] === 0) {
        children[child] = children.length / 2;
        children.push(0, 0);
      }
      node = children[child]!;
    }
  }

  for (let entry = 0; entry < machine.length; entry++) {
    let node = entry >>> 8;
    let octets = 0;
    let count = 0;
    for (let bit = 7; bit >= 0 && octets !== FAILED; bit--) {
      node = children[2 * node + ((entry >>> bit) & 1)]!;
      if (node < LEAF) continue;
      const symbol = node - LEAF;
      octets = symbol === EOS ? FAILED : octets | (symbol << (10 + 8 * count++));
      node = 0;
    }
    machine[entry] = octets === FAILED ? FAILED : octets | (count << 8) | node;
  }
  for (let node = 0, bits = 0; bits < 8; bits++, node = children[2 * node + 1]!)
    accepting[node] = 1;
}

/** The length of the output buffer that `huffmanDecode` needs for `bytes` of code. */
export const huffmanRoom = (bytes: number): number => 2 * bytes;

/**
 * Decodes bytes `from` to `to` of `block` into the beginning of `out`. Returns the number of octets,
 * or -1 for malformed code: EOS, padding of more than 7 bits, or padding that is not all ones.
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
    // always write two octets; the next ones overwrite those that do not count
    out[length] = entry >>> 10;
    out[length + 1] = entry >>> 18;
    length += (entry >>> 8) & 3;
    state = entry & 255;
  }
  return accepting[state] === 1 ? length : -1;
}

/**
 * Encodes the first `length` of `octets` into `out` at `at`, at most 4 bytes for each, and returns
 * the offset after the code.
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
      // 19 to 30 bits go out in two pieces, since up to 15 bits are pending
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
  // the padding is the beginning of EOS, which is all ones
  if (bits > 0) out[at++] = (pending << (8 - bits)) | (255 >>> bits);
  return at;
}
