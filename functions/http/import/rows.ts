/** Rows of an import, from CSV or NDJSON, as values that the registration's schema can check. */

import type { Fault } from '../../errors.ts';
import { readRecords } from './csv.ts';
import { rowFields as fields } from './import-row.ts';
import type { Line } from './lines.ts';

export type Row =
  | { line: number; value: Record<string, unknown> }
  | { line: number; fault: string };

/** What is wrong with the file as a whole. */
export class FileFault extends Error {
  readonly faults: Fault[];
  constructor(faults: Fault[]) {
    super('the file cannot be imported');
    this.faults = faults;
  }
}

const needed = ['id', 'platform', 'token'];

/** Throws a FileFault if the header is not one. */
export async function* csvRows(lines: AsyncIterable<Line[]>): AsyncGenerator<Row[]> {
  let columns: Column[] | null = null;
  for await (const records of readRecords(lines)) {
    const rows: Row[] = [];
    for (const record of records) {
      if (columns === null) columns = readHeader(record);
      else if ('fault' in record) rows.push(record);
      else rows.push(toRow(record.line, record.cells, columns));
    }
    if (rows.length > 0) yield rows;
  }
}

export async function* ndjsonRows(lines: AsyncIterable<Line[]>): AsyncGenerator<Row[]> {
  for await (const batch of lines) {
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
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { line, value: value as Record<string, unknown> };
  } catch {
    return { line, fault: 'is not valid JSON' };
  }
  return { line, fault: 'is not a JSON object' };
}

/** Puts a cell that is not empty into a row; gives the fault, if there is one. */
type Column = (value: Record<string, unknown>, cell: string) => string | undefined;

function readHeader(record: { line: number; cells?: string[]; fault?: string }): Column[] {
  const path = `line ${record.line}`;
  if (!record.cells) throw new FileFault([{ path, message: `the header ${record.fault}` }]);
  const names = record.cells.map((it) => it.trim());
  const faults: Fault[] = [];
  const say = (message: string) => faults.push({ path, message });
  for (const name of needed) if (!names.includes(name)) say(`the column "${name}" is missing`);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) !== index) say(`the column "${brief(name)}" is there twice`);
    else if (!fields.includes(name) && !/^attributes\../.test(name))
      say(
        `the column "${brief(name)}" is unknown; known are ${fields.join(', ')}, attributes.NAME`,
      );
  }
  if (faults.length > MAX_HEADER_FAULTS)
    faults.splice(MAX_HEADER_FAULTS, Number.POSITIVE_INFINITY, { path, message: 'and more' });
  if (faults.length > 0) throw new FileFault(faults);
  return names.map(column);
}

const MAX_HEADER_FAULTS = 100;

const brief = (text: string) => (text.length > 64 ? `${text.slice(0, 64)}…` : text);

function column(name: string): Column {
  if (name === 'tags')
    return (value, cell) => {
      value.tags = cell.split('|').filter(Boolean);
      return undefined;
    };
  if (name === 'attributes')
    return (value, cell) => {
      const it = parsed(0, cell);
      if ('fault' in it) return `attributes: ${it.fault}`;
      value.attributes = { ...(value.attributes as object), ...it.value };
      return undefined;
    };
  if (name.startsWith('attributes.')) {
    const attribute = name.slice('attributes.'.length);
    return (value, cell) => {
      value.attributes = { ...(value.attributes as object), [attribute]: cell };
      return undefined;
    };
  }
  if (name === 'optedOut')
    return (value, cell) => {
      // what is neither stays text, which the schema names as a fault
      value.optedOut = truths.get(cell.trim().toLowerCase()) ?? cell;
      return undefined;
    };
  return (value, cell) => {
    value[name] = cell;
    return undefined;
  };
}

/** As databases and spreadsheets write it. */
const truths = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((it) => [it, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((it) => [it, false] as const),
]);

function toRow(line: number, cells: string[], columns: Column[]): Row {
  if (cells.length !== columns.length)
    return { line, fault: `has ${cells.length} cells where the header has ${columns.length}` };
  const value: Record<string, unknown> = {};
  const faults: string[] = [];
  for (let index = 0; index < cells.length; index++) {
    const cell = cells[index]!;
    const fault = cell === '' ? undefined : columns[index]!(value, cell);
    if (fault) faults.push(fault);
  }
  return faults.length > 0 ? { line, fault: faults.join('; ') } : { line, value };
}
