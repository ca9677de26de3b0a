/**
 * What is to be written, gathered: all frames of one turn of the event loop lie in one buffer and
 * leave with one `write`. A TLS socket takes them as few records and few system calls, which is
 * most of what a small request costs.
 */

import type { Writable } from 'node:stream';

export interface Output {
  /** Frames are written at `end`, which is then moved. `reserve` may replace both. */
  bytes: Buffer;
  end: number;
  /** Makes room for `count` bytes from `end` on; they leave at the end of this turn. */
  reserve(count: number): void;
  /** Writes what is gathered, now. */
  flush(): void;
  /** bytes that the socket has not passed on yet, the gathered ones included */
  readonly pending: number;
  /** `pending` is over its bound; `drained` will tell when it is not any more */
  readonly full: boolean;
  close(): void;
}

export interface OutputEvents {
  /** Everything gathered so far is about to be written. */
  flushing(): void;
  drained(): void;
}

const FIRST_BYTES = 32 * 1024;
/** A buffer grows up to that and is written early when it is full. */
const MOST_BYTES = 512 * 1024;
/** A peer or a network that takes less than is made: nothing is added until half of it is gone. */
const MAX_PENDING = 1024 * 1024;
/** Buffers kept for the next turns; one is being written while another is filled. */
const SPARE = 2;

export function createOutput(socket: Writable, { flushing, drained }: OutputEvents): Output {
  const spare: Buffer[] = [];
  let size = FIRST_BYTES;
  let inSocket = 0;
  let wasFull = false;
  let scheduled = false;
  let closed = false;

  function reserve(count: number) {
    if (!scheduled) {
      scheduled = true;
      setImmediate(onImmediate);
    }
    if (out.bytes.length - out.end < count) makeRoom(count);
  }

  function makeRoom(count: number) {
    if (out.end > 0 && out.end + count > MOST_BYTES) flush();
    if (out.bytes.length - out.end >= count) return;
    while (size < out.end + count) size *= 2;
    const larger = Buffer.allocUnsafeSlow(size);
    out.bytes.copy(larger, 0, 0, out.end);
    out.bytes = larger;
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
    flushing();
    const full = out.bytes;
    out.bytes = spare.pop() ?? Buffer.allocUnsafeSlow(size);
    inSocket += count;
    // the buffer is the socket's until it calls back
    socket.write(full.subarray(0, count), () => {
      inSocket -= count;
      if (spare.length < SPARE && full.length >= size) spare.push(full);
      if (!wasFull || inSocket + out.end > MAX_PENDING / 2 || closed) return;
      wasFull = false;
      drained();
    });
  }

  const out: Output = {
    bytes: Buffer.allocUnsafeSlow(size),
    end: 0,
    reserve,
    flush,
    get pending() {
      return inSocket + out.end;
    },
    get full() {
      if (inSocket + out.end <= MAX_PENDING) return false;
      wasFull = true;
      return true;
    },
    close() {
      closed = true;
      out.end = 0;
    },
  };
  return out;
}
