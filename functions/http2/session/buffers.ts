/**
 * Buffers that connections use one after another. One that lies in no connection's hands costs
 * nobody memory; and fresh ones for every connection make V8, which counts what lies outside of its
 * heap, collect its whole heap again and again.
 */

/** What is gathered before it is written: 200 pushes, four TLS records. */
export const WRITE_BYTES = 64 * 1024;
/** A TLS record is at most 16 KiB, and each is read by itself. */
export const READ_BYTES = 16 * 1024;

/** Kept of each size: a process writes on a handful of connections at once. */
const MOST = 16;

const spare = new Map<number, Buffer[]>([
  [WRITE_BYTES, []],
  [READ_BYTES, []],
]);

/** Of `WRITE_BYTES` or `READ_BYTES`, with anything in it. */
export function takeBuffer(size: number): Buffer {
  return spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** Nobody may use it any more. */
export function giveBuffer(buffer: Buffer) {
  const list = spare.get(buffer.length);
  if (list !== undefined && list.length < MOST) list.push(buffer);
}
