/** Reads the rows of an import from CSV or NDJSON: their cells by field name. */

import type { Fault } from '../lib/errors.ts';
import { parseExact } from '../lib/exact-json.ts';
import { quoted } from '../lib/redact.ts';
import { textCell } from './absent.ts';
import { type CsvRecord, readRecords } from './csv.ts';
import type { Line } from './lines.ts';
import { ATTRIBUTE, rowFields as fields } from './read-row.ts';

/**
 * Rows that are stored in one write: a client that sends no more at a time has all of them stored or
 * none. The embedded store does nothing else meanwhile, for about 0.3 s, and the rows are in memory;
 * smaller writes would give its disk more work.
 */
export const PAGE_ROWS = 15_000;

export type Row =
  | { line: number; value: Record<string, unknown> }
  | { line: number; fault: string };

/** The whole file is wrong: it has no usable header, or is in another format. */
export class FileFault extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    super('the file cannot be imported');
    this.faults = faults;
  }
}

const needed = ['id', 'platform', 'token'];

/** Throws a `FileFault` if the header has a fault. */
export async function* csvRows(lines: AsyncIterable<Line[]>): AsyncGenerator<Row[]> {
  let columns: string[] | null = null;
  for await (const records of readRecords(unlessJson(lines, ['array', 'object']))) {
    const rows: Row[] = [];
    for (const record of records) {
      if (columns === null) columns = readHeader(record);
      else if ('fault' in record) rows.push(record);
      else rows.push(toRow(record.line, record.cells, columns));
    }
    if (rows.length > 0) yield rows;
  }
}

/** The kind of JSON that a file begins with; null if it is neither an array nor an object. */
export function jsonOf(text: string): 'array' | 'object' | null {
  const first = text.trimStart()[0];
  return first === '[' ? 'array' : first === '{' ? 'object' : null;
}

const ARRAY = 'the file is a JSON array; write one object a line: jq -c ".[]"';
const OBJECT = 'the file is JSON; send it as application/x-ndjson';

/** Gives the same lines. Throws a `FileFault` if the file is JSON of a refused kind. */
async function* unlessJson(lines: AsyncIterable<Line[]>, refused: ('array' | 'object')[]) {
  let isFirst = true;
  for await (const batch of lines) {
    const line = isFirst && batch.find((it) => 'fault' in it || it.text.trim() !== '');
    if (line) {
      isFirst = false;
      const json = 'text' in line && jsonOf(line.text);
      if (json && refused.includes(json)) {
        const message = json === 'array' ? ARRAY : OBJECT;
        throw new FileFault([{ path: `line ${line.number}`, message }]);
      }
    }
    yield batch;
  }
}

export async function* ndjsonRows(lines: AsyncIterable<Line[]>): AsyncGenerator<Row[]> {
  for await (const batch of unlessJson(lines, ['array'])) {
    const rows: Row[] = [];
    for (const line of batch) {
      if ('fault' in line) rows.push({ line: line.number, fault: line.fault });
      else if (line.text.trim() !== '') rows.push(parsed(line.number, line.text));
    }
    if (rows.length > 0) yield rows;
  }
}

export function parsed(line: number, text: string): Row {
  try {
    const value = parseExact(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { line, value: value as Record<string, unknown> };
  } catch {
    return { line, fault: 'is not valid JSON' };
  }
  return { line, fault: 'is not a JSON object' };
}

/** The names of the columns. Throws a `FileFault` that names every fault. */
function readHeader(record: CsvRecord): string[] {
  const path = `line ${record.line}`;
  if ('fault' in record) throw new FileFault([{ path, message: `the header ${record.fault}` }]);
  const names = record.cells.map(headerCell);
  const faults: Fault[] = [];
  const say = (message: string) => faults.push({ path, message });
  for (const name of needed) if (!names.includes(name)) say(`the column "${name}" is missing`);
  const seen = new Set<string>();
  for (const name of names) {
    if (faults.length === MAX_HEADER_FAULTS) {
      say('and more');
      break;
    }
    if (seen.has(name)) say(`the column "${quoted(name)}" is there twice`);
    else if (!fields.includes(name) && !(name.startsWith(ATTRIBUTE) && name !== ATTRIBUTE))
      say(
        `the column "${quoted(name)}" is unknown; known are ${fields.join(', ')}, attributes.NAME`,
      );
    seen.add(name);
  }
  if (faults.length > 0) throw new FileFault(faults);
  return names;
}

const MAX_HEADER_FAULTS = 100;

/** Removes blanks around a name, and those outside of its quotes. */
export const headerCell = (cell: string) =>
  cell
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim();

/** The fault of a row with more or fewer cells than its header. */
export const otherCells = (cells: number, columns: number) =>
  `has ${cells} cells where the header has ${columns}`;

function toRow(line: number, cells: string[], columns: string[]): Row {
  if (cells.length !== columns.length)
    return { line, fault: otherCells(cells.length, columns.length) };
  const value: Record<string, unknown> = {};
  for (let index = 0; index < cells.length; index++) {
    const field = columns[index]!;
    const cell = textCell(field, cells[index]!);
    if (cell !== undefined) value[field] = cell;
  }
  return { line, value };
}
