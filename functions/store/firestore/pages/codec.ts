/**
 * The rows of a page: a line of JSON for each column, all lines compressed together. Values that recur
 * are listed once, with an index for each row, so a column that is read is few objects.
 *
 * Rejected: a document of Firestore with arrays, which is three times as large and read five times
 * slower; Protocol Buffers or Arrow, a dependency for what zstd of JSON does within 10 % in size.
 */

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import type { InstallationFields } from '../registry-fields.ts';

/** A page that another version has packed is absent: it is read from documents, and packed again. */
export const FORMAT = 4;
/** Bytes of the rows of a page. A document holds 1 MiB. */
export const MOST_BYTES = 700_000;
/** Bytes that a page may have unpacked: some twenty times of what is usual. */
const MOST_UNPACKED = 32 * 1024 * 1024;

type Column =
  | 'id'
  | 'version'
  | Exclude<keyof InstallationFields, 'spoken' | 'optedOut' | 'changed'>;

/**
 * What `matches` looks at, what a message and its recipient need, and the version of the document, by which
 * it can be deleted without being read. A new field is a new `FORMAT`.
 */
const columns: Record<Column, true> = {
  id: true,
  platform: true,
  provider: true,
  environment: true,
  token: true,
  language: true,
  timeZone: true,
  country: true,
  appVersion: true,
  userId: true,
  permission: true,
  optedOutOf: true,
  tags: true,
  attributes: true,
  refreshedAt: true,
  version: true,
};
const COLUMNS = Object.keys(columns) as Column[];

/** An installation in a page: the fields of its document, without what only indexes need. */
export type PageRow = { id: string; version?: number } & Pick<
  InstallationFields,
  Exclude<Column, 'id' | 'version'>
>;

/** The time of its last change, in µs; undefined if that is more exact, which Firestore does not promise. */
export function versionOf({ updateTime }: DocumentSnapshot): number | undefined {
  const { seconds = 0, nanoseconds = 1 } = updateTime ?? {};
  return nanoseconds % 1_000 === 0 ? seconds * 1_000_000 + nanoseconds / 1_000 : undefined;
}

export const updateTimeOf = (version: number) =>
  new Timestamp(Math.floor(version / 1_000_000), (version % 1_000_000) * 1_000);

/** There in each row that is read. */
const ALWAYS: ReadonlySet<string> = new Set<Column>(['id', 'provider', 'environment', 'token']);

export function toPageRow(id: string, fields: InstallationFields, version?: number): PageRow {
  const row: Record<string, unknown> = { id, ...(version !== undefined && { version }) };
  for (const name of COLUMNS) {
    const value = (fields as unknown as Record<string, unknown>)[name];
    if (value !== undefined) row[name] = value;
  }
  return row as unknown as PageRow;
}

export const packed = (rows: readonly PageRow[]): Buffer =>
  zstdCompressSync(
    COLUMNS.map((name) => JSON.stringify(columnOf(rows.map((it) => it[name] ?? null)))).join('\n'),
  );

/** Values of a column, one for each row, or an index for each row; without indices all are the first. */
type Stored = unknown[] | { values: unknown[]; at?: number[] };

function columnOf(all: unknown[]): Stored {
  const indices = new Map<unknown, number>();
  const values: unknown[] = [];
  const at: number[] = [];
  for (const it of all) {
    // null stays itself: a user's id may be "null"
    const key = Array.isArray(it) ? JSON.stringify(it) : it;
    let index = indices.get(key);
    if (index === undefined) {
      index = values.push(it) - 1;
      indices.set(key, index);
    }
    at.push(index);
  }
  if (values.length === 1) return { values };
  return values.length * 2 > all.length ? all : { values, at };
}

/**
 * The `n` rows of a page, with the named fields (undefined: all) and what a recipient needs. Null if
 * these bytes are no such page.
 */
export function unpacked(
  bytes: Uint8Array,
  n: number,
  fields?: ReadonlySet<string>,
): PageRow[] | null {
  try {
    const text = zstdDecompressSync(bytes, { maxOutputLength: MOST_UNPACKED }).toString();
    const lines = text.split('\n');
    if (lines.length !== COLUMNS.length) return null;
    const rows = Array.from({ length: n }, () => ({}) as Record<Column, unknown>);
    for (const [i, name] of COLUMNS.entries())
      if ((!fields || fields.has(name) || ALWAYS.has(name)) && !fill(rows, name, lines[i]!))
        return null;
    return rows as unknown as PageRow[];
  } catch {
    return null;
  }
}

/** Puts a column into the rows. False if it has not a value for each of them. */
function fill(rows: Record<Column, unknown>[], name: Column, line: string): boolean {
  const stored = JSON.parse(line) as Stored;
  const values = Array.isArray(stored) ? stored : stored.values;
  const at = Array.isArray(stored) ? null : stored.at;
  if ((at ?? (at === null ? values : rows)).length !== rows.length) return false;
  for (let i = 0; i < rows.length; i++) {
    const value = at === null ? values[i] : values[at === undefined ? 0 : at[i]!];
    if (value !== null && value !== undefined) rows[i]![name] = value;
  }
  return true;
}
