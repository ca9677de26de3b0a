/**
 * Buffers that connections use one after another. Connections without data in hand share a few spare
 * ones. With fresh buffers for every connection V8, which counts memory outside of its heap, would
 * collect its whole heap again and again.
 */

/** Bytes gathered before a write: about 200 pushes, four TLS records. */
export const WRITE_BYTES = 64 * 1024;
/** Bytes read at a time: a TLS record has at most 16 KiB, and each is read by itself. */
export const READ_BYTES = 16 * 1024;

/** Spare buffers kept of each size; a process writes on a handful of connections at a time. */
const MAX_SPARE = 16;

const spare = new Map<number, Buffer[]>([
  [WRITE_BYTES, []],
  [READ_BYTES, []],
]);

/** Returns a buffer of `WRITE_BYTES` or `READ_BYTES`. Its contents are undefined. */
export function takeBuffer(size: number): Buffer {
  return spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** Returns a buffer to the spare ones. The caller must not use it afterwards. */
export function giveBuffer(buffer: Buffer) {
  const list = spare.get(buffer.length);
  if (list !== undefined && list.length < MAX_SPARE) list.push(buffer);
}
