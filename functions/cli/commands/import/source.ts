/** Where installations come from, whatever it is. */

export interface Column {
  name: string;
  /** as PostgreSQL calls it; null: a file's, which are all text */
  type: string | null;
}

/** Where to go on: how many rows (of a database) or lines (of a file) are behind. */
export interface Position {
  rows: number;
  /** of the last row: the value of the column they are in order of */
  key: string | null;
}

export interface SourceRow {
  /** its number, or that of its line; from 1 */
  at: number;
  cells: unknown[];
  /** what the first rows had no column for */
  more?: Record<string, unknown>;
}

export interface Part {
  rows: SourceRow[];
  /** what is no row at all */
  faults: { at: number; message: string }[];
}

export interface Source {
  /** for people; without secrets */
  name: string;
  /** `line` or `row`: what a number of it means */
  unit: 'line' | 'row';
  columns: Column[];
  /** its cells are text, so that one such as `NULL` says that there is no value */
  isText: boolean;
  /** the same for as long as it is the same source: to go on in another one would lose rows */
  identity: string;
  /** In order, after a position. Ends early once the signal fires. */
  read(after: Position | null, signal: AbortSignal): AsyncIterable<Part>;
  /** the first few, apart from what is read */
  first(rows: number): AsyncIterable<SourceRow>;
  /** behind this row */
  positionOf(row: SourceRow): Position;
  /** how many rows there are in all, as far as can be told after so many */
  total(read: number): number;
  close(): Promise<void>;
}

/** It cannot be read: `message` says why, and what to do. */
export class SourceFailed extends Error {}
