/**
 * Some rows of a source, put in the order they lie on disk: a page of them then touches a small part
 * of the store's table, which makes an import twice as fast. Lines lie in one buffer and, in order,
 * in another: no object for each of them, and while the other is sent the one fills again.
 */

import { bucketOf } from '../../../model/bucket.ts';

/** The more the better for the store, but they are held in memory, twice. */
const MAX_ROWS = 100_000;
const MAX_BYTES = 24 * 1024 * 1024;
/** The API takes no longer line. */
const MAX_LINE_BYTES = 64 * 1024;
/** Bytes handed on at once. */
const CHUNK = 64 * 1024;

export interface Page {
  rows: number;
  body(): AsyncIterable<Uint8Array>;
  /** the source's number of a line of this page, which are counted from 1 */
  at(line: number): number;
}

export function createWindow(maxRows = MAX_ROWS) {
  // memory that nobody has written to is none
  const filling = lines();
  const sending = lines();
  const keys = new Float64Array(MAX_ROWS);

  return {
    get rows() {
      return filling.rows;
    },

    /** `full`: not taken, take what is there first. */
    add(row: Record<string, unknown>, at: number): 'added' | 'full' | 'too deep' | 'too long' {
      const line = inOneLine(row);
      if (line === null) return 'too deep';
      if (line.length > MAX_LINE_BYTES) return 'too long';
      // a character is three bytes at most
      const most = line.length * 3 + 1;
      if (filling.rows >= Math.min(maxRows, MAX_ROWS) || filling.used + most > MAX_BYTES)
        return 'full';
      const bucket = typeof row.id === 'string' ? bucketOf(row.id) : 0;
      // 32 bits and 17 fit into the 53 of a double
      keys[filling.rows] = bucket * MAX_ROWS + filling.rows;
      filling.used += filling.bytes.write(line, filling.used);
      filling.bytes[filling.used++] = 10;
      filling.end(at);
      return 'added';
    },

    /**
     * All rows in pages of about the same size, none larger than `size`, good until the next time; of
     * one id the later row comes later.
     */
    take(size: number): Page[] {
      const { rows } = filling;
      sending.clear();
      for (const key of keys.subarray(0, rows).sort()) sending.copy(filling, key % MAX_ROWS);
      filling.clear();
      const pages = Math.ceil(rows / size);
      return Array.from({ length: pages }, (_, page) => {
        const from = Math.floor((rows * page) / pages);
        const to = Math.floor((rows * (page + 1)) / pages);
        return {
          rows: to - from,
          at: (line) => sending.positions[from + line - 1] ?? 0,
          body: () => sending.chunks(from, to),
        };
      });
    },
  };
}

/** Null if it is nested thousands of levels deep, which JSON.parse takes and this does not. */
function inOneLine(row: Record<string, unknown>): string | null {
  try {
    return JSON.stringify(row);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

interface Lines {
  bytes: Buffer;
  positions: Float64Array;
  used: number;
  rows: number;
  /** What was written since is a line. */
  end(at: number): void;
  copy(from: Lines, index: number): void;
  span(index: number): [start: number, end: number];
  chunks(from: number, to: number): AsyncGenerator<Uint8Array>;
  clear(): void;
}

/** Lines and where each of them ends. */
function lines(): Lines {
  const bytes = Buffer.allocUnsafeSlow(MAX_BYTES);
  const ends = new Uint32Array(MAX_ROWS);
  const positions = new Float64Array(MAX_ROWS);
  const startOf = (index: number) => (index === 0 ? 0 : ends[index - 1]!);
  const it: Lines = {
    bytes,
    positions,
    used: 0,
    rows: 0,

    end(at) {
      ends[it.rows] = it.used;
      positions[it.rows++] = at;
    },

    copy(from, index) {
      const [start, end] = from.span(index);
      it.used += from.bytes.copy(bytes, it.used, start, end);
      it.end(from.positions[index]!);
    },

    span: (index) => [startOf(index), ends[index]!],

    async *chunks(from, to) {
      const end = startOf(to);
      for (let at = startOf(from); at < end; at += CHUNK)
        yield bytes.subarray(at, Math.min(at + CHUNK, end));
    },

    clear() {
      it.used = 0;
      it.rows = 0;
    },
  };
  return it;
}
