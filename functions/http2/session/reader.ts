/** What a peer's frames mean, whichever half it is: checked, and handed on to the half. */

import type { Decoder } from '../hpack/decoder.ts';
import type { Budget } from './budget.ts';
import * as F from './frames.ts';

/** A half's share of the work. Throw a ConnectionError where the peer broke the protocol. */
export interface Half {
  /** A field of the header block that is being read; `headers` follows the last one. */
  field(name: string, value: string): void;
  /** See `DecoderOptions.wants`. */
  wants?: (name: string) => boolean;
  /** `fits`: the list was within its bound, `field` saw all of it. */
  headers(id: number, endStream: boolean, fits: boolean): void;
  /** `size` counts for flow control: the payload with its padding. */
  data(
    id: number,
    buffer: Buffer,
    from: number,
    to: number,
    size: number,
    endStream: boolean,
  ): void;
  reset(id: number, code: number): void;
  /** WINDOW_UPDATE of a stream. */
  credit(id: number, increment: number): void;
  /** More may be written than before: a window grew, or the output drained. */
  writable(): void;
  /** `grown`: by how much the initial window of streams changed. */
  settings(grown: number): void;
  /** The peer has read our SETTINGS. */
  acknowledged(): void;
  goaway(lastStreamId: number, code: number): void;
  /** What was gathered is about to be written. */
  flushing(): void;
  /** The peer broke the protocol or the connection; `close` has been called. */
  failed(reason: string): void;
}

/** What concerns the connection itself. */
export interface ConnectionFrames {
  settings(buffer: Buffer, from: number, to: number): void;
  ping(flags: number, buffer: Buffer, from: number): void;
  /** of the window of the connection */
  credit(increment: number): void;
  /** Bytes of DATA came; those of every stream count together. */
  received(size: number): void;
}

export interface ReaderOptions {
  half: Half;
  connection: ConnectionFrames;
  decoder: Decoder;
  budget: Budget;
  maxListBytes: number;
}

/** A header block before it is decoded: Huffman at its worst is 30 bits for a character. */
const BLOCK_PER_LIST = 4;

export function createSessionReader({
  half,
  connection,
  decoder,
  budget,
  maxListBytes,
}: ReaderOptions) {
  const sink = half.field;
  let greeted = false;
  let highest = 0;

  // a header block that takes more than one frame
  let blockId = 0;
  let blockEnds = false;
  let block: Buffer[] = [];
  let blockBytes = 0;

  function onFrame(
    type: number,
    flags: number,
    id: number,
    buffer: Buffer,
    from: number,
    to: number,
  ) {
    if (blockId !== 0 && (type !== F.CONTINUATION || id !== blockId))
      throw broken('a header block is interrupted');
    if (!greeted) {
      if (type !== F.SETTINGS || (flags & F.ACK) !== 0)
        throw broken('the first frame is not SETTINGS');
      greeted = true;
    }
    switch (type) {
      case F.HEADERS:
        return onHeaders(flags, id, buffer, from, to);
      case F.DATA:
        return onData(flags, id, buffer, from, to);
      case F.CONTINUATION:
        return onContinuation(flags, id, buffer, from, to);
      case F.RST_STREAM:
        onStream(id, type);
        checkSize(to - from, 4);
        budget.spend();
        return half.reset(id, buffer.readUInt32BE(from));
      case F.WINDOW_UPDATE:
        return onWindowUpdate(id, buffer, from, to);
      case F.SETTINGS:
        onConnection(id, type);
        budget.spend();
        if ((flags & F.ACK) === 0) return connection.settings(buffer, from, to);
        checkSize(to - from, 0);
        return half.acknowledged();
      case F.PING:
        onConnection(id, type);
        checkSize(to - from, 8);
        budget.spend();
        return connection.ping(flags, buffer, from);
      case F.GOAWAY:
        onConnection(id, type);
        if (to - from < 8) throw new F.ConnectionError(F.FRAME_SIZE_ERROR, 'GOAWAY cut short');
        budget.spend();
        return half.goaway(
          buffer.readUInt32BE(from) & F.MAX_STREAM_ID,
          buffer.readUInt32BE(from + 4),
        );
      case F.PRIORITY:
        onStream(id, type);
        checkSize(to - from, 5);
        return budget.spend();
      case F.PUSH_PROMISE:
        // never by a client; and a server is told not to (section 8.4)
        throw broken('PUSH_PROMISE, which is switched off');
      default:
        budget.spend();
    }
  }

  function onHeaders(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onStream(id, F.HEADERS);
    if (id > highest) highest = id;
    let start = from;
    let end = to;
    if ((flags & F.PADDED) !== 0) {
      end -= paddingOf(buffer, from, to);
      start += 1;
    }
    if ((flags & F.PRIORITIZED) !== 0) start += 5;
    if (start > end) throw broken('HEADERS is shorter than its padding and priority');
    const endStream = (flags & F.END_STREAM) !== 0;
    if ((flags & F.END_HEADERS) !== 0)
      return half.headers(id, endStream, decoder.decode(buffer, start, end, sink));
    blockId = id;
    blockEnds = endStream;
    keepBlock(buffer, start, end);
  }

  function onContinuation(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    if (blockId === 0) throw broken('CONTINUATION without HEADERS');
    budget.spend();
    keepBlock(buffer, from, to);
    if ((flags & F.END_HEADERS) === 0) return;
    const whole = Buffer.concat(block, blockBytes);
    block = [];
    blockBytes = 0;
    blockId = 0;
    half.headers(id, blockEnds, decoder.decode(whole, 0, whole.length, sink));
  }

  function keepBlock(buffer: Buffer, from: number, to: number) {
    blockBytes += to - from;
    if (blockBytes > maxListBytes * BLOCK_PER_LIST)
      throw new F.ConnectionError(F.ENHANCE_YOUR_CALM, 'a header block without end');
    if (to > from) block.push(Buffer.from(buffer.subarray(from, to)));
  }

  function onData(flags: number, id: number, buffer: Buffer, from: number, to: number) {
    onStream(id, F.DATA);
    let start = from;
    let end = to;
    if ((flags & F.PADDED) !== 0) {
      end -= paddingOf(buffer, from, to);
      start += 1;
    }
    const endStream = (flags & F.END_STREAM) !== 0;
    if (start === end && !endStream) budget.spend();
    connection.received(to - from);
    half.data(id, buffer, start, end, to - from, endStream);
  }

  function onWindowUpdate(id: number, buffer: Buffer, from: number, to: number) {
    checkSize(to - from, 4);
    budget.spend();
    const increment = buffer.readUInt32BE(from) & F.MAX_WINDOW;
    if (id !== 0) return half.credit(id, increment);
    if (increment === 0) throw broken('WINDOW_UPDATE of nothing');
    connection.credit(increment);
  }

  return {
    onFrame,
    /** the highest stream that the peer has sent HEADERS of */
    get highest() {
      return highest;
    },
  };
}

const broken = (what: string) => new F.ConnectionError(F.PROTOCOL_ERROR, what);

function paddingOf(buffer: Buffer, from: number, to: number): number {
  if (from === to) throw new F.ConnectionError(F.FRAME_SIZE_ERROR, 'padded, with no length of it');
  const padding = buffer[from]!;
  if (padding >= to - from) throw broken('more padding than there is frame');
  return padding;
}

function onStream(id: number, type: number) {
  if (id === 0) throw broken(`a frame of type ${type} on no stream`);
}

function onConnection(id: number, type: number) {
  if (id !== 0) throw broken(`a frame of type ${type} on a stream`);
}

function checkSize(size: number, expected: number) {
  if (size !== expected)
    throw new F.ConnectionError(F.FRAME_SIZE_ERROR, `a frame of ${size} bytes, not ${expected}`);
}
