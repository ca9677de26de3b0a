/**
 * Turns a file into UTF-8 with a line feed after each line: unpacks gzip, decodes UTF-16, and replaces
 * the line ends of old spreadsheets. All of it streams.
 */

import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** A file that cannot be read. The message says what the file is and what to do, in sentences. */
export class Unreadable extends Error {}

type Bytes = AsyncIterable<Uint8Array>;

/** The file as UTF-8, piece by piece. Throws `Unreadable`, and what the body throws. */
export const decoded = (body: Bytes): AsyncGenerator<Uint8Array> =>
  withoutEndMark(withLineFeeds(asUtf8(unpacked(body))));

/** The pieces of a body. The first has all that `isEnough` asks for, or is the whole body. */
async function* begun(
  body: Bytes,
  isEnough: (size: number, piece: Buffer) => boolean,
): AsyncGenerator<Buffer> {
  let head: Buffer[] | null = [];
  let size = 0;
  for await (const { buffer, byteOffset, byteLength } of body) {
    const piece = Buffer.from(buffer, byteOffset, byteLength);
    if (head === null) {
      yield piece;
      continue;
    }
    // a copy: the memory of a piece may be used again
    head.push(Buffer.from(piece));
    size += byteLength;
    if (!isEnough(size, piece)) continue;
    yield Buffer.concat(head);
    head = null;
  }
  if (size > 0 && head !== null) yield Buffer.concat(head);
}

/** How many first bytes tell the type of a file. */
const MAGIC = 8;
const GZIP = '1f8b';
const foreign: [magic: string, message: string][] = [
  ['504b0304', 'It is a ZIP archive or an Excel workbook. Unpack it, or save it as CSV (UTF-8).'],
  ['d0cf11e0', 'It is an Excel workbook. Save it as CSV (UTF-8).'],
  ['28b52ffd', 'It is compressed with zstd. Unpack it, or compress it with gzip.'],
  ['425a68', 'It is compressed with bzip2. Unpack it, or compress it with gzip.'],
  ['fd377a585a', 'It is compressed with xz. Unpack it, or compress it with gzip.'],
  ['50415231', 'It is a Parquet file. Save it as CSV or NDJSON.'],
];

async function* unpacked(body: Bytes): AsyncGenerator<Uint8Array> {
  const pieces = begun(body, (size) => size >= MAGIC);
  try {
    const { value: head, done } = await pieces.next();
    if (done) return;
    const magic = head.subarray(0, MAGIC).toString('hex');
    for (const [bytes, message] of foreign)
      if (magic.startsWith(bytes)) throw new Unreadable(message);
    const whole = async function* () {
      yield head;
      yield* pieces;
    };
    yield* magic.startsWith(GZIP) ? gunzipped(whole()) : whole();
  } finally {
    await pieces.return(undefined);
  }
}

/**
 * The largest factor by which a file may grow when it is unpacked. Real lists of devices grow 5 to 30
 * times; more is an attack. The first 64 MiB are not checked.
 */
const MAX_RATIO = 200;
const FREE_BYTES = 64 * 1024 * 1024;

async function* gunzipped(packed: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  let taken = 0;
  let given = 0;
  const counted = async function* () {
    for await (const piece of packed) {
      taken += piece.byteLength;
      yield piece;
    }
  };
  // what fails makes the loop throw
  pipeline(counted(), gunzip, () => {});
  try {
    for await (const piece of gunzip) {
      given += piece.length;
      if (given > FREE_BYTES && given > MAX_RATIO * taken)
        throw new Unreadable(
          `It unpacks to more than ${MAX_RATIO} times its size. Send it unpacked.`,
        );
      yield piece;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw new Unreadable('Its gzip is damaged or cut off. Compress it again.');
    throw error;
  }
}

async function* asUtf8(body: Bytes): AsyncGenerator<Uint8Array> {
  let decoder: ReturnType<typeof utf16> | 'none' | null = null;
  for await (const piece of begun(body, (size) => size >= 2)) {
    decoder ??= decoderOf(piece);
    yield decoder === 'none' ? piece : decoder.push(piece);
  }
  if (decoder !== null && decoder !== 'none') yield decoder.end();
}

function decoderOf([first, second]: Buffer) {
  if (first === 0xff && second === 0xfe) return utf16('little');
  if (first === 0xfe && second === 0xff) return utf16('big');
  if (first === 0 || second === 0)
    throw new Unreadable('It looks like UTF-16 without a byte order mark. Save it as UTF-8.');
  return 'none';
}

/** A byte that UTF-8 never has, so that the reader of lines refuses its line. */
const NOT_UTF8 = Buffer.from([0xff]);

/** Decodes UTF-16. Half a character becomes a byte for which its line is refused. */
function utf16(order: 'big' | 'little') {
  let carry = Buffer.alloc(0);

  const push = (piece: Uint8Array): Buffer => {
    const all = Buffer.concat([carry, piece]);
    let end = all.length - (all.length % 2);
    const last = end - (order === 'big' ? 2 : 1);
    // the first half of a pair waits for the second
    if (end > 0 && all[last]! >= 0xd8 && all[last]! <= 0xdb) end -= 2;
    carry = all.subarray(end);
    return toUtf8(all.subarray(0, end));
  };

  const toUtf8 = (units: Buffer): Buffer => {
    const text = (order === 'big' ? units.swap16() : units).toString('utf16le');
    if (text.isWellFormed()) return Buffer.from(text);
    const parts = text.split(/\p{Surrogate}/u).map((it) => Buffer.from(it));
    return Buffer.concat(parts.flatMap((it, index) => (index === 0 ? [it] : [NOT_UTF8, it])));
  };

  return { push, end: () => (carry.length > 0 ? NOT_UTF8 : Buffer.alloc(0)) };
}

const [LF, CR, END_MARK] = [10, 13, 0x1a];
/** Longer lines are refused, so a file without a line feed in so many bytes has other line ends. */
const MAX_LINE = 64 * 1024;

/** Replaces CR alone, which Mac OS 9 and Excel's "CSV (Macintosh)" write at the end of a line. */
async function* withLineFeeds(body: Bytes): AsyncGenerator<Uint8Array> {
  let onlyCr: boolean | null = null;
  const isEnough = (size: number, piece: Buffer) => size > MAX_LINE || piece.includes(LF);
  for await (const piece of begun(body, isEnough)) {
    onlyCr ??= piece.includes(CR) && !piece.includes(LF);
    yield onlyCr ? Buffer.from(piece).map((byte) => (byte === CR ? LF : byte)) : piece;
  }
}

/** Removes the Ctrl-Z that DOS writes at the end of a file. */
async function* withoutEndMark(body: Bytes): AsyncGenerator<Uint8Array> {
  let held = false;
  for await (const piece of body) {
    if (piece.length === 0) continue;
    if (held) yield Buffer.from([END_MARK]);
    held = piece.at(-1) === END_MARK;
    yield held ? piece.subarray(0, -1) : piece;
  }
}
