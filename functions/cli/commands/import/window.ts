/**
 * A window of rows, sorted by their order on disk: a page of them then touches a small part of the
 * store's table, which makes an import twice as fast. The lines are in one buffer, and sorted in
 * another: there is no object for each line, and one buffer fills while the other is sent.
 */

import { bucketOf } from '../../../model/bucket.ts';

/** Rows of a window. More would help the store, but they are in memory twice. */
const MAX_ROWS = 100_000;
const MAX_BYTES = 24 * 1024 * 1024;
/** The longest line that the API takes. */
const MAX_LINE_BYTES = 64 * 1024;
/** Bytes of one piece of a body. */
const CHUNK = 64 * 1024;

export interface Page {
  rows: number;
  body(): AsyncIterable<Uint8Array>;
  /** the number in the source of a line of this page; both count from 1 */
  at(line: number): number;
}

export type Window = ReturnType<typeof createWindow>;

export function createWindow(maxRows = MAX_ROWS) {
  // memory is used only once it is written to
  const filling = lines();
  const sending = lines();
  const keys = new Float64Array(MAX_ROWS);

  return {
    get rows() {
      return filling.rows;
    },

    /** `full`: the row was not added; take the pages first. */
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

    /** Removes the rows after the first so many. */
    cut: (rows: number) => filling.cut(rows),

    /**
     * All rows in pages of about the same size, at most `size` rows each. They are valid until the next
     * call. Rows with the same id keep their order.
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

/** The row as JSON; null if it is nested thousands of levels deep, which only JSON.parse takes. */
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
  /** Ends a line: all bytes written since the last one. */
  end(at: number): void;
  copy(from: Lines, index: number): void;
  span(index: number): [start: number, end: number];
  chunks(from: number, to: number): AsyncGenerator<Uint8Array>;
  cut(rows: number): void;
  clear(): void;
}

/** A buffer of lines, with the end of each. */
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

    cut(rows) {
      it.rows = rows;
      it.used = startOf(rows);
    },

    clear: () => it.cut(0),
  };
  return it;
}
