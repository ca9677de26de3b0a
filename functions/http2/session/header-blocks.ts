/**
 * Header blocks: one HEADERS frame, followed by CONTINUATION frames until END_HEADERS, with no other
 * frame in between (RFC 9113, section 4.3).
 */

import type { Decoder } from '../hpack/decoder.ts';
import type { Budget } from './budget.ts';
import { protocolError, requireStream, stripPadding } from './checks.ts';
import type { Frame } from './frames.ts';
import type { SessionHandler } from './handler.ts';
import * as F from './protocol.ts';

export interface HeaderBlocksOptions {
  handler: SessionHandler;
  decoder: Decoder;
  budget: Budget;
  /** bytes of a decoded list: names, values and 32 for each field */
  maxListBytes: number;
}

/** Plain fields: they are read for every frame, of one connection after another. */
interface HeaderBlocks {
  /** the stream whose block is incomplete; 0: none */
  openId: number;
  /** the highest stream that the peer has sent HEADERS on */
  highestId: number;
  headers(frame: Frame): void;
  continuation(frame: Frame): void;
}

/** Bytes of a block for each byte of its list: Huffman code takes at most 30 bits for an octet. */
const BLOCK_PER_LIST = 4;
/** Bytes of the priority in HEADERS, which is ignored (section 5.3.2). */
const PRIORITY_BYTES = 5;

export function createHeaderBlocks({
  handler,
  decoder,
  budget,
  maxListBytes,
}: HeaderBlocksOptions): HeaderBlocks {
  const sink = handler.field;
  // the block of `openId`
  let endStream = false;
  let parts: Buffer[] = [];
  let bytes = 0;

  function keep(frame: Frame) {
    const size = frame.to - frame.from;
    bytes += size;
    if (bytes > maxListBytes * BLOCK_PER_LIST)
      throw new F.ConnectionError(F.ENHANCE_YOUR_CALM, 'a header block without end');
    if (size > 0) parts.push(Buffer.from(frame.bytes.subarray(frame.from, frame.to)));
  }

  const blocks: HeaderBlocks = {
    openId: 0,
    highestId: 0,

    headers(frame) {
      requireStream(frame);
      const { id, flags } = frame;
      if (id > blocks.highestId) blocks.highestId = id;
      stripPadding(frame);
      if ((flags & F.PRIORITIZED) !== 0) frame.from += PRIORITY_BYTES;
      if (frame.from > frame.to)
        throw protocolError('HEADERS is shorter than its padding and priority');
      const ends = (flags & F.END_STREAM) !== 0;
      if ((flags & F.END_HEADERS) !== 0) {
        const fits = decoder.decode(frame.bytes, frame.from, frame.to, sink);
        return handler.headers(id, ends, fits);
      }
      blocks.openId = id;
      endStream = ends;
      keep(frame);
    },

    continuation(frame) {
      if (blocks.openId === 0) throw protocolError('CONTINUATION without HEADERS');
      budget.spend();
      keep(frame);
      if ((frame.flags & F.END_HEADERS) === 0) return;
      const block = Buffer.concat(parts, bytes);
      parts = [];
      bytes = 0;
      blocks.openId = 0;
      handler.headers(frame.id, endStream, decoder.decode(block, 0, block.length, sink));
    },
  };
  return blocks;
}
