/** Finds frames in the bytes of a socket, and writes their headers (RFC 9113, section 4). */

import { ConnectionError, FRAME_HEADER, FRAME_SIZE_ERROR } from './protocol.ts';

/**
 * A frame in a buffer. A reader has one object for all its frames: it is good until the handler
 * returns.
 */
export interface Frame {
  type: number;
  flags: number;
  /** stream identifier; 0 stands for the connection */
  id: number;
  bytes: Buffer;
  /** where the payload begins and ends in `bytes` */
  from: number;
  to: number;
}

interface FrameReader {
  /**
   * Hands on every frame that is complete, from bytes `from` to `to` of `chunk`. A frame within one
   * chunk is read in place; only one that spans chunks is copied.
   *
   * @throws ConnectionError for a frame larger than `maxFrameSize`, before it is buffered, and
   * whatever the handler throws
   */
  read(chunk: Buffer, from: number, to: number): void;
  /** Hands on nothing more, not even the rest of the present chunk. */
  stop(): void;
}

const none = Buffer.alloc(0);

/** `maxFrameSize`: bytes of a payload; memory is bounded by it. */
export function createFrameReader(
  maxFrameSize: number,
  onFrame: (frame: Frame) => void,
): FrameReader {
  /** the beginning of a frame that spans chunks, header included, `held` bytes of it */
  let kept: Buffer = none;
  let held = 0;
  let stopped = false;
  const frame: Frame = { type: 0, flags: 0, id: 0, bytes: none, from: 0, to: 0 };

  function lengthAt(buffer: Buffer, at: number): number {
    const length = (buffer[at]! << 16) | (buffer[at + 1]! << 8) | buffer[at + 2]!;
    if (length > maxFrameSize)
      throw new ConnectionError(FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
    return length;
  }

  function handOn(buffer: Buffer, at: number, end: number) {
    frame.type = buffer[at + 3]!;
    frame.flags = buffer[at + 4]!;
    // the highest bit of the stream identifier is reserved and ignored (section 4.1)
    frame.id =
      ((buffer[at + 5]! & 0x7f) << 24) |
      (buffer[at + 6]! << 16) |
      (buffer[at + 7]! << 8) |
      buffer[at + 8]!;
    frame.bytes = buffer;
    frame.from = at + FRAME_HEADER;
    frame.to = end;
    onFrame(frame);
  }

  /** Copies until `held` is `wanted` or the chunk ends; returns the offset after what it copied. */
  function fill(wanted: number, chunk: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + wanted - held);
    chunk.copy(kept, held, from, end);
    held += end - from;
    return end;
  }

  function read(chunk: Buffer, from: number, to: number) {
    let at = from;
    if (held > 0 && !stopped) {
      if (held < FRAME_HEADER) at = fill(FRAME_HEADER, chunk, at, to);
      if (held < FRAME_HEADER) return;
      const wanted = FRAME_HEADER + lengthAt(kept, 0);
      at = fill(wanted, chunk, at, to);
      if (held < wanted) return;
      held = 0;
      handOn(kept, 0, wanted);
    }
    while (!stopped && to - at >= FRAME_HEADER) {
      const end = at + FRAME_HEADER + lengthAt(chunk, at);
      if (end > to) break;
      handOn(chunk, at, end);
      at = end;
    }
    if (stopped || at >= to) return;
    if (kept === none) kept = Buffer.allocUnsafeSlow(FRAME_HEADER + maxFrameSize);
    held = chunk.copy(kept, 0, at, to);
  }

  return {
    read,
    stop() {
      stopped = true;
    },
  };
}

/** A frame's header to be written; `length`: bytes of its payload. */
export interface FrameHead {
  length: number;
  type: number;
  flags: number;
  id: number;
}

/**
 * Writes a frame's header into `out` at `at`, where there must be room; returns the offset after
 * it.
 */
export function writeFrameHeader(
  out: Buffer,
  at: number,
  { length, type, flags, id }: FrameHead,
): number {
  out[at] = length >>> 16;
  out[at + 1] = length >>> 8;
  out[at + 2] = length;
  out[at + 3] = type;
  out[at + 4] = flags;
  out[at + 5] = id >>> 24;
  out[at + 6] = id >>> 16;
  out[at + 7] = id >>> 8;
  out[at + 8] = id;
  return at + FRAME_HEADER;
}
