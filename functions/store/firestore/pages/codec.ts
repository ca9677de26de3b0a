/**
 * The rows of a page: a line of JSON for each column. Values that recur are listed once, with an index for
 * each row, so a column that is read is few objects. The columns by which rows are picked are compressed
 * together, and behind them all others: a wave of a campaign reads all pages and needs few of their rows, so
 * it looks at the first part, a hundredth of a page, and mostly at no more.
 *
 * Rejected: a document of Firestore with arrays, which is three times as large and read five times
 * slower; Protocol Buffers or Arrow, a dependency for what zstd of JSON does within 10 % in size.
 */

import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type DocumentSnapshot, Timestamp } from '@google-cloud/firestore';
import type { InstallationFields } from '../registry-fields.ts';

/** A page that another version has packed is absent: it is read from documents, and packed again. */
export const FORMAT = 5;
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
  movedAt: true,
  version: true,
};
const COLUMNS = Object.keys(columns) as Column[];

/** Columns by which rows can be picked: small ones, with few values. */
const PICKING = [
  'platform',
  'timeZone',
  'country',
  'permission',
  'movedAt',
] as const satisfies Column[];
export type Picking = (typeof PICKING)[number];
const OTHERS = COLUMNS.filter((it) => !(PICKING as readonly Column[]).includes(it));

/** Of the length of the first part, in front of it. */
const LENGTH_BYTES = 4;

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

export function packed(rows: readonly PageRow[]): Buffer {
  const part = (names: readonly Column[]) =>
    zstdCompressSync(
      names.map((name) => JSON.stringify(columnOf(rows.map((it) => it[name] ?? null)))).join('\n'),
    );
  const first = part(PICKING);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(first.length);
  return Buffer.concat([length, first, part(OTHERS)]);
}

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

/** Of a column: whether a row with that value, null for none, is wanted. */
export type Picks = ReadonlyMap<Picking, (value: unknown) => boolean>;

/**
 * The `n` rows of a page, or those that are wanted by all of `picks`, with the named fields (undefined: all)
 * and what a recipient needs. Null if these bytes are no such page.
 */
export function unpacked(
  bytes: Uint8Array,
  n: number,
  fields?: ReadonlySet<string>,
  picks: Picks = new Map(),
): PageRow[] | null {
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = LENGTH_BYTES + buffer.readUInt32BE(0);
    const first = linesOf(buffer.subarray(LENGTH_BYTES, end), PICKING);
    const picked = pickedIn(first, n, picks);
    // a wave of a campaign needs no row of many pages
    if (picked.length === 0 && n > 0) return [];
    const rows = picked.map(() => ({}) as Record<Column, unknown>);
    const wanted = (name: Column) => !fields || fields.has(name) || ALWAYS.has(name);
    const lines = new Map([...first, ...linesOf(buffer.subarray(end), OTHERS)]);
    for (const name of COLUMNS) {
      if (!wanted(name)) continue;
      const { values, at } = columnIn(lines.get(name)!, n);
      // without an iterator, which makes garbage of each row in each column
      for (let i = 0; i < picked.length; i++) {
        const row = picked[i]!;
        const value = values[at === null ? row : at === undefined ? 0 : at[row]!];
        if (value !== null && value !== undefined) rows[i]![name] = value;
      }
    }
    return rows as unknown as PageRow[];
  } catch {
    return null;
  }
}

/** The lines of a part of a page, by column. Throws if it is no such part. */
function linesOf<T extends Column>(part: Buffer, names: readonly T[]): [T, string][] {
  const lines = zstdDecompressSync(part, { maxOutputLength: MOST_UNPACKED }).toString().split('\n');
  if (lines.length !== names.length) throw new Error('of other columns');
  return names.map((name, i) => [name, lines[i]!]);
}

/** The values of a column: of each row its own (`at` null), by its index, or of all the first (undefined). */
interface Values {
  values: unknown[];
  at: number[] | null | undefined;
}

/** Throws if it has not a value for each of `n` rows. */
function columnIn(line: string, n: number): Values {
  const stored = JSON.parse(line) as Stored;
  const { values, at }: Values = Array.isArray(stored)
    ? { values: stored, at: null }
    : { values: stored.values, at: stored.at };
  const length = at === null ? values.length : at === undefined ? n : at.length;
  if (length !== n) throw new Error('of other rows');
  return { values, at };
}

/** The places of the rows that are wanted, in their order. */
function pickedIn(lines: [Picking, string][], n: number, picks: Picks): number[] {
  let picked = Array.from({ length: n }, (_, row) => row);
  for (const [name, line] of lines) {
    const isWanted = picks.get(name);
    if (!isWanted) continue;
    const { values, at } = columnIn(line, n);
    // a value that recurs is looked at one time
    const are = values.map((it) => isWanted(it ?? null));
    picked = picked.filter((row) => are[at === null ? row : at === undefined ? 0 : at[row]!]);
  }
  return picked;
}
