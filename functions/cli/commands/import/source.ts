/** A source of installations: a file or a database. */

export interface Column {
  name: string;
  /** the type's name in PostgreSQL; null for a file, where all is text */
  type: string | null;
}

/** Where to resume: how many rows (of a database) or lines (of a file) are done. */
export interface Position {
  rows: number;
  /** the last row's value of the column that orders the rows */
  key: string | null;
}

export interface SourceRow {
  /** the number of the row, or of its line; from 1 */
  at: number;
  cells: unknown[];
  /** fields that no column was found for */
  more?: Record<string, unknown>;
}

export interface Part {
  rows: SourceRow[];
  /** lines that are no rows */
  faults: { at: number; message: string }[];
}

export interface Source {
  /** for people; without secrets */
  name: string;
  /** what its numbers count */
  unit: 'line' | 'row';
  columns: Column[];
  /** true if all cells are text, so that a text such as `NULL` stands for no value */
  isText: boolean;
  /** changes when the source changes: resuming in another source would lose rows */
  identity: string;
  /** Reads the rows after a position, in order. Ends early once the signal fires. */
  read(after: Position | null, signal: AbortSignal): AsyncIterable<Part>;
  /** the first rows, apart from `read` */
  first(rows: number): AsyncIterable<SourceRow>;
  /** the position after this row */
  positionOf(row: SourceRow): Position;
  /** an estimate of the number of all rows, after so many were read */
  total(read: number): number;
  close(): Promise<void>;
}

/** The source cannot be read; `message` says why, and what to do. */
export class SourceFailed extends Error {}
