/** Parts are joined at this number, so that a body in frames of one byte costs no object for each. */
const MAX_PARTS = 64;

/** Appends a copy of bytes `from` to `to` of `buffer` to the parts of a body. */
export function addPart(parts: Buffer[], buffer: Buffer, from: number, to: number) {
  parts.push(Buffer.from(buffer.subarray(from, to)));
  if (parts.length >= MAX_PARTS) parts.splice(0, parts.length, Buffer.concat(parts));
}
