/**
 * Gathers what is to be written: all frames of one turn of the event loop lie in one buffer and leave
 * with one `write`. A TLS socket takes them as few records and few system calls, and these are most of
 * what a small request costs.
 */

import type { Writable } from 'node:stream';
import { giveBuffer, takeBuffer, WRITE_BYTES } from './buffers.ts';

export interface Output {
  /** The caller writes frames at `end` and moves it. `reserve` may replace both. */
  bytes: Buffer;
  end: number;
  /** Makes room for `count` bytes from `end` on, which leave at the end of this turn. */
  reserve(count: number): void;
  /** Writes to the socket now. */
  flush(): void;
  /** Returns the bytes that the socket has not passed on yet, the gathered ones included. */
  pending(): number;
  /** Tells whether `pending` is over its bound. If so, `writable` is called when it is not any more. */
  isFull(): boolean;
  /** Drops what is gathered and writes nothing more. */
  close(): void;
}

interface OutputEvents {
  /** Everything gathered so far is about to be written. */
  flushing?(): void;
  /** There is room again after `isFull` returned true. */
  writable(): void;
}

/** Bytes that may wait for a slow peer or network. Nothing is added until half of them are gone. */
const MAX_PENDING = 1024 * 1024;
const none = Buffer.alloc(0);

export function createOutput(socket: Writable, { flushing, writable }: OutputEvents): Output {
  let inSocket = 0;
  let wasFull = false;
  let scheduled = false;
  let closed = false;

  function reserve(count: number) {
    if (!scheduled) {
      scheduled = true;
      setImmediate(onImmediate);
    }
    if (out.bytes.length - out.end >= count) return;
    flush();
    if (out.bytes.length >= count) return;
    // a larger frame is rare and gets a buffer of its own
    out.bytes = count > WRITE_BYTES ? Buffer.allocUnsafeSlow(count) : takeBuffer(WRITE_BYTES);
  }

  function onImmediate() {
    scheduled = false;
    flush();
  }

  function flush() {
    const count = out.end;
    if (count === 0) return;
    out.end = 0;
    if (closed) return;
    flushing?.();
    const full = out.bytes;
    out.bytes = none;
    inSocket += count;
    // the buffer belongs to the socket until it calls back
    socket.write(full.subarray(0, count), () => {
      inSocket -= count;
      giveBuffer(full);
      if (!wasFull || inSocket + out.end > MAX_PENDING / 2 || closed) return;
      wasFull = false;
      writable();
    });
  }

  const out: Output = {
    bytes: none,
    end: 0,
    reserve,
    flush,
    pending: () => inSocket + out.end,
    isFull() {
      if (inSocket + out.end <= MAX_PENDING) return false;
      wasFull = true;
      return true;
    },
    close() {
      closed = true;
      out.end = 0;
      giveBuffer(out.bytes);
      out.bytes = none;
    },
  };
  return out;
}
