/** Reads the lines of a body of any size, with bounded memory. */

import { isUtf8 } from 'node:buffer';

/** The longest line, in bytes. The largest registration is much shorter. */
export const MAX_LINE_BYTES = 64 * 1024;

/** One line without its end, or its fault. Numbers begin at 1. */
export type Line = { number: number; text: string } | { number: number; fault: string };

/** Bytes that are searched in one step. */
const PIECE = 64 * 1024;

const LF = 10;

/**
 * Gives the lines of a UTF-8 body, in batches: those that each piece of the body completes. A line that
 * is too long, is not UTF-8 or has a NUL byte is given as a fault; the lines after it are not affected.
 * Throws what the body throws.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let carry: Buffer[] = [];
  let carried = 0;
  let number = 1;
  /** true inside of a line that is already too long */
  let dropping = false;

  const complete = (block: Buffer): Line[] => {
    if (isUtf8(block) && !block.includes(0)) {
      const texts = block.toString('utf8').split('\n');
      return texts.map((text) => whole(text, number++));
    }
    const lines: Line[] = [];
    for (let from = 0, end = 0; end !== -1; from = end + 1) {
      end = block.indexOf(LF, from);
      const bytes = block.subarray(from, end === -1 ? undefined : end);
      if (!isUtf8(bytes)) lines.push({ number: number++, fault: 'is not UTF-8' });
      else if (bytes.includes(0)) lines.push({ number: number++, fault: 'has a NUL byte' });
      else lines.push(whole(bytes.toString('utf8'), number++));
    }
    return lines;
  };

  const feed = (piece: Buffer): Line[] => {
    let rest = piece;
    let lines: Line[] = [];
    if (dropping) {
      const end = rest.indexOf(LF);
      if (end === -1) return lines;
      lines.push(tooLong(number++));
      dropping = false;
      rest = rest.subarray(end + 1);
    }
    const end = rest.lastIndexOf(LF);
    if (end !== -1) {
      const head = rest.subarray(0, end);
      lines = lines.concat(complete(carried > 0 ? Buffer.concat([...carry, head]) : head));
      carry = [];
      carried = 0;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) {
      // a copy, since the source of the piece may use its memory again
      carry.push(Buffer.from(rest));
      carried += rest.length;
    }
    if (carried > MAX_LINE_BYTES) {
      carry = [];
      carried = 0;
      dropping = true;
    }
    return lines;
  };

  for await (const { buffer, byteOffset, byteLength } of body) {
    // a body may come in one piece of any size
    for (let at = 0; at < byteLength; at += PIECE) {
      const lines = feed(Buffer.from(buffer, byteOffset + at, Math.min(PIECE, byteLength - at)));
      if (lines.length > 0) yield lines;
    }
  }
  if (dropping) yield [tooLong(number)];
  else if (carried > 0) yield complete(Buffer.concat(carry));
}

const tooLong = (number: number): Line => ({
  number,
  fault: `is longer than ${MAX_LINE_BYTES} bytes`,
});

function whole(text: string, number: number): Line {
  if (text.length > MAX_LINE_BYTES) return tooLong(number);
  const from = number === 1 && text.startsWith('\ufeff') ? 1 : 0;
  return { number, text: text.slice(from, text.endsWith('\r') ? -1 : undefined) };
}
