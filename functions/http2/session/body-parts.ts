/** A body in frames of a byte each would cost an object for every byte, so many parts become one. */
const MOST_PARTS = 64;

/** Adds a copy of bytes `from` to `to` to the parts of a body. */
export function addPart(parts: Buffer[], buffer: Buffer, from: number, to: number) {
  parts.push(Buffer.from(buffer.subarray(from, to)));
  if (parts.length >= MOST_PARTS) parts.splice(0, parts.length, Buffer.concat(parts));
}
