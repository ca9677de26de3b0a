/** Reads a file of installations: CSV with a header, NDJSON, or a JSON document with a list. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type CsvRecord, readRecords } from '../../../import/csv.ts';
import { decoded } from '../../../import/encoding.ts';
import { HEAD_CHARACTERS, isDocument, readObjects } from '../../../import/json-objects.ts';
import { type Line, readLines } from '../../../import/lines.ts';
import { headerCell, jsonOf, otherCells, parsed } from '../../../import/rows.ts';
import { type Column, type Part, type Source, SourceFailed, type SourceRow } from './source.ts';

/** Rows of an NDJSON file that are read to find its columns. */
const SAMPLE = 1_000;

/** A JSON document or NDJSON if the name or the beginning of the file says so; otherwise CSV. */
async function formatOf(path: string, body: AsyncIterable<Uint8Array>): Promise<Format> {
  const head = await headOf(body);
  if (head.trim() === '') throw new SourceFailed('the file is empty');
  if (isDocument(head)) return document;
  return jsonOf(head) === 'object' || /\.(ndjson|jsonl)(\.gz)?$/i.test(path) ? ndjson : csv;
}

/** The first characters after blank lines. */
async function headOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let head = '';
  for await (const piece of body) {
    head = (head + decoder.decode(piece, { stream: true })).trimStart();
    if (head.length >= HEAD_CHARACTERS) break;
  }
  return head.slice(0, HEAD_CHARACTERS);
}

/** Throws `SourceFailed`, `Unreadable`, and what the file system throws. */
export async function openFile(path: string): Promise<Source> {
  const { size, mtimeMs } = await stat(path);
  const read = { bytes: 0, rows: 0 };
  const bytes = (signal?: AbortSignal) => decoded(counted(path, read, signal));
  const parts = await formatOf(path, bytes());
  const lines = (signal?: AbortSignal) => parts.lines(bytes(signal));
  const columns = await parts.columns(lines());
  return {
    name: path,
    unit: parts.unit,
    columns,
    isText: parts === csv,
    identity: `${resolve(path)} ${size} ${mtimeMs}`,
    async *read(after, signal) {
      read.bytes = 0;
      read.rows = 0;
      const from = after?.rows ?? 0;
      try {
        for await (const { rows, faults } of parts.read(lines(signal), columns)) {
          read.rows += rows.length + faults.length;
          const part = {
            rows: from === 0 ? rows : rows.filter((it) => it.at > from),
            faults: from === 0 ? faults : faults.filter((it) => it.at > from),
          };
          if (part.rows.length + part.faults.length > 0) yield part;
          if (signal.aborted) return;
        }
      } catch (error) {
        // a gzip that is not read to its end looks cut off
        if (!signal.aborted) throw error;
      }
    },
    async *first(limit) {
      let left = limit;
      for await (const { rows } of parts.read(lines(), columns))
        for (const row of rows) {
          if (left-- === 0) return;
          yield row;
        }
    },
    positionOf: (row) => ({ rows: row.at, key: null }),
    total: () => (read.bytes < size ? (read.rows / read.bytes) * size : read.rows),
    close: async () => {},
  };
}

async function* counted(path: string, read: { bytes: number }, signal?: AbortSignal) {
  const stream = createReadStream(path);
  try {
    for await (const chunk of stream) {
      read.bytes += chunk.length;
      yield chunk as Uint8Array;
      if (signal?.aborted) return;
    }
  } finally {
    stream.destroy();
  }
}

interface Format {
  unit: Source['unit'];
  lines(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Line[]>;
  columns(lines: AsyncIterable<Line[]>): Promise<Column[]>;
  read(lines: AsyncIterable<Line[]>, columns: Column[]): AsyncIterable<Part>;
}

const csv: Format = {
  unit: 'line',
  lines: readLines,
  async columns(lines) {
    for await (const records of readRecords(lines))
      for (const record of records) return header(record);
    throw new SourceFailed('the file is empty');
  },
  async *read(lines, columns) {
    let isHeader = true;
    for await (const records of readRecords(lines)) {
      const part: Part = { rows: [], faults: [] };
      for (const record of records) {
        if (isHeader) isHeader = false;
        else if ('fault' in record) part.faults.push({ at: record.line, message: record.fault });
        else if (record.cells.length === columns.length)
          part.rows.push({ at: record.line, cells: record.cells });
        else
          part.faults.push({
            at: record.line,
            message: otherCells(record.cells.length, columns.length),
          });
      }
      yield part;
    }
  },
};

function header(record: CsvRecord): Column[] {
  if ('fault' in record) throw new SourceFailed(`line ${record.line}: the header ${record.fault}`);
  return record.cells.map((it) => ({ name: headerCell(it), type: null }));
}

const ndjson: Format = {
  unit: 'line',
  lines: readLines,
  async columns(lines) {
    const names = new Set<string>();
    let rows = 0;
    sample: for await (const batch of lines)
      for (const line of batch) {
        if ('fault' in line || line.text.trim() === '') continue;
        const row = parsed(line.number, line.text);
        if ('value' in row) for (const name of Object.keys(row.value)) names.add(name);
        if (++rows === SAMPLE) break sample;
      }
    // pretty-printed JSON, for one
    if (names.size === 0)
      throw new SourceFailed('no line is a JSON object; NDJSON has one object a line: jq -c .');
    return [...names].map((name) => ({ name, type: null }));
  },
  async *read(lines, columns) {
    const index = new Map(columns.map((it, i) => [it.name, i]));
    for await (const batch of lines) {
      const part: Part = { rows: [], faults: [] };
      for (const line of batch) {
        if (!('fault' in line) && line.text.trim() === '') continue;
        const row =
          'fault' in line
            ? { line: line.number, fault: line.fault }
            : parsed(line.number, line.text);
        if ('fault' in row) part.faults.push({ at: row.line, message: row.fault });
        else part.rows.push(inColumns(row.line, row.value, index));
      }
      yield part;
    }
  },
};

/** The objects of a document are read as if each were a line. */
const document: Format = { ...ndjson, unit: 'row', lines: readObjects };

function inColumns(at: number, value: Record<string, unknown>, index: Map<string, number>) {
  const row: SourceRow = { at, cells: new Array(index.size) };
  for (const name of Object.keys(value)) {
    const i = index.get(name);
    if (i !== undefined) row.cells[i] = value[name];
    else row.more = { ...row.more, [name]: value[name] };
  }
  return row;
}
