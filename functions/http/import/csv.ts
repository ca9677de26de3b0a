/**
 * CSV records (RFC 4180) out of lines, such that a broken record costs only itself.
 *
 * Not csv-parse: after a quote that is never closed, or a line over its bound, version 7 drops every
 * record that follows, each with the same line number.
 */

import type { Line } from './lines.ts';

export type CsvRecord = { line: number; cells: string[] } | { line: number; fault: string };

/**
 * How far a quoted cell may go on over further lines. What does not close by then is taken for a
 * quote that was forgotten: its line is a fault, and the lines after it are read afresh.
 */
const MAX_RECORD_CHARACTERS = 64 * 1024;

/**
 * In order. A quote within a cell that is not quoted is a character like any other.
 *
 * Linear in the text however many lines are read afresh: how a line ends that begins within a quoted
 * cell does not depend on where that cell was opened, so each line is asked once.
 */
export async function* readRecords(lines: AsyncIterable<Line[]>): AsyncGenerator<CsvRecord[]> {
  let out: CsvRecord[] = [];
  /** The lines of a record whose quote is open, from `start` on; those before it are done. */
  let waiting: Line[] = [];
  let start = 0;
  /** characters from `start` on */
  let size = 0;

  const feed = (line: Line) => {
    if (start === waiting.length) {
      if (begin(line) !== 'open') return;
      waiting = [];
      start = 0;
    }
    waiting.push(line);
    size += sizeOf(line);
    if (waiting.length - start > 1) settle(endOf(line));
  };

  /** Told, unless its quote is open. */
  const begin = (line: Line): End => {
    if ('fault' in line) {
      out.push({ line: line.number, fault: line.fault });
      return 'invalid';
    }
    if (line.text === '') return 'closed';
    const record: Unfinished = { cells: [], open: null };
    const end = line.text.includes('"') ? scan(line.text, record) : 'closed';
    if (end === 'invalid') out.push({ line: line.number, fault: AFTER_QUOTE });
    if (end === 'closed') {
      const cells = record.cells.length > 0 ? record.cells : line.text.split(',');
      out.push({ line: line.number, cells });
    }
    return end;
  };

  /** `end` is of the last line; those between it and the first leave the quote open. */
  const settle = (end: End) => {
    while (waiting.length - start > 1) {
      if (end === 'invalid' || size > MAX_RECORD_CHARACTERS) giveUp();
      else return end === 'closed' ? finish() : undefined;
    }
  };

  /** The first line is a fault; the next one that opens a quote has the same lines after it. */
  const giveUp = () => {
    out.push({ line: waiting[start]!.number, fault: NOT_CLOSED });
    do size -= sizeOf(waiting[start++]!);
    while (start < waiting.length && begin(waiting[start]!) !== 'open');
    if (start < waiting.length / 2) return;
    waiting = waiting.slice(start);
    start = 0;
  };

  const finish = () => {
    const record: Unfinished = { cells: [], open: null };
    for (let i = start; i < waiting.length; i++) scan(textOf(waiting[i]!), record);
    out.push({ line: waiting[start]!.number, cells: record.cells });
    start = waiting.length;
    size = 0;
  };

  for await (const batch of lines) {
    for (const line of batch) feed(line);
    if (out.length > 0) yield out;
    out = [];
  }
  settle('invalid');
  if (start < waiting.length) giveUp();
  if (out.length > 0) yield out;
}

const NOT_CLOSED = 'a quoted cell is not closed';
const AFTER_QUOTE = 'a quoted cell is followed by something else than a comma';

interface Unfinished {
  cells: string[];
  /** the text so far of a quoted cell that is not closed yet */
  open: string | null;
}

const textOf = (line: Line) => ('fault' in line ? '' : line.text);

/** With its end. */
const sizeOf = (line: Line) => textOf(line).length + 1;

/** How a line leaves a record. */
type End = 'closed' | 'open' | 'invalid';

/** Of a line that begins within a quoted cell. */
const endOf = (line: Line): End =>
  'fault' in line ? 'invalid' : scan(line.text, { cells: [], open: '' });

/** Adds the cells of a line to the record. */
function scan(text: string, record: Unfinished): End {
  const { cells } = record;
  let at = 0;
  for (;;) {
    if (record.open === null && text[at] === '"') {
      record.open = '';
      at++;
    }
    if (record.open === null) {
      const comma = text.indexOf(',', at);
      cells.push(comma === -1 ? text.slice(at) : text.slice(at, comma));
      if (comma === -1) return 'closed';
      at = comma + 1;
      continue;
    }
    const quote = text.indexOf('"', at);
    if (quote === -1) {
      record.open += `${text.slice(at)}\n`;
      return 'open';
    }
    record.open += text.slice(at, quote);
    at = quote + 1;
    if (text[at] === '"') {
      record.open += '"';
      at++;
      continue;
    }
    cells.push(record.open);
    record.open = null;
    if (at === text.length) return 'closed';
    if (text[at] !== ',') return 'invalid';
    at++;
  }
}
