/**
 * Reads the objects of a list in a JSON document of any size, such as `[…]` or `{"results": […]}`, each as
 * if it were a line of NDJSON. Memory is bounded by the longest object.
 *
 * A parser such as stream-json is not used: one object that cannot be read would end it, and it rounds
 * numbers beyond 2^53.
 */

import { isUtf8 } from 'node:buffer';
import { Unreadable } from './encoding.ts';
import { type Line, MAX_LINE_BYTES } from './lines.ts';

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const BLANK = 0x20;

/** How a document with a list begins: the names that Parse, Airship and Braze give it. */
const DOCUMENT =
  /^\ufeff?\s*(?:\[|\{\s*(?:"ok"\s*:\s*true\s*,\s*)?"(?:results|channels|users)"\s*:\s*\[)/;

/** How many characters of a file tell whether it is such a document. */
export const HEAD_CHARACTERS = 1_000;

export const isDocument = (head: string) => DOCUMENT.test(head);

/**
 * Gives the objects in order, numbered from 1. What is no object, too long, or not UTF-8 is given as a
 * fault. Documents may follow each other. Throws `Unreadable` at the end of a document that is cut off.
 */
export async function* readObjects(body: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  const scanner = createScanner();
  for await (const piece of body) {
    const lines = scanner.feed(piece);
    if (lines.length > 0) yield lines;
  }
  if (scanner.isOpen())
    throw new Unreadable(
      'It ends in the middle, so the export was cut off. Export it again; some rows may be stored already.',
    );
}

function createScanner() {
  let depth = 0;
  /** the depth of the list's items; 0 outside of a list */
  let items = 0;
  /** true after the list of a document: others in it are not read */
  let listed = false;
  let quoted = false;
  let escaped = false;
  let number = 0;
  /** true within an object of the list */
  let inside = false;
  /** the pieces of that object so far; null if it is too long */
  let parts: Uint8Array[] | null = null;
  let size = 0;
  /** true until the comma after an item that is no object */
  let stray = false;
  let lines: Line[] = [];

  const keep = (piece: Uint8Array) => {
    size += piece.length;
    if (size <= MAX_LINE_BYTES) parts?.push(piece);
    else parts = null;
  };

  const finish = (last: Uint8Array) => {
    keep(last);
    number++;
    if (parts === null) lines.push({ number, fault: `is longer than ${MAX_LINE_BYTES} bytes` });
    else {
      const bytes = Buffer.concat(parts);
      lines.push(
        isUtf8(bytes) ? { number, text: bytes.toString() } : { number, fault: 'is not UTF-8' },
      );
    }
    parts = null;
    inside = false;
  };

  /** Takes a byte that is at the level of the list's items. */
  const between = (byte: number) => {
    if (byte === COMMA) stray = false;
    else if (!stray && byte > BLANK && byte !== OPEN_OBJECT && byte !== CLOSE_LIST) {
      stray = true;
      lines.push({ number: ++number, fault: 'is not a JSON object' });
    }
  };

  return {
    isOpen: () => depth > 0 || quoted,
    /** The objects that this piece completes. Its memory may be used again afterwards. */
    feed(piece: Uint8Array): Line[] {
      lines = [];
      /** where the part of an object in this piece begins */
      let from = 0;
      for (let at = 0; at < piece.length; at++) {
        const byte = piece[at]!;
        if (quoted) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) quoted = false;
          continue;
        }
        if (items > 0 && depth === items) between(byte);
        if (byte === QUOTE) quoted = true;
        else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
          depth++;
          if (byte === OPEN_LIST && depth <= 2 && !listed) {
            items = depth;
            listed = true;
          } else if (items > 0 && depth === items + 1 && byte === OPEN_OBJECT) {
            inside = true;
            parts = [];
            size = 0;
            from = at;
          }
        } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
          depth = Math.max(0, depth - 1);
          if (inside && depth === items) finish(piece.subarray(from, at + 1));
          else if (depth < items) items = 0;
          if (depth === 0) listed = false;
        }
      }
      // a copy, since the source of the piece may use its memory again
      if (inside) keep(Buffer.from(piece.subarray(from)));
      return lines;
    },
  };
}
