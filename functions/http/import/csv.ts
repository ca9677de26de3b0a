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

/** In order. A quote within a cell that is not quoted is a character like any other. */
export async function* readRecords(lines: AsyncIterable<Line[]>): AsyncGenerator<CsvRecord[]> {
  let pending: { lines: Line[]; size: number; record: Unfinished } | null = null;
  let out: CsvRecord[] = [];

  const feed = (line: Line) => {
    if (pending) return goOn(pending, line);
    if ('fault' in line) out.push({ line: line.number, fault: line.fault });
    else if (line.text !== '') {
      const record: Unfinished = { cells: [], open: null };
      const found = line.text.includes('"') ? scan(line.text, record) : 'closed';
      if (found === 'open') pending = { lines: [line], size: line.text.length, record };
      else if (found === 'invalid') out.push({ line: line.number, fault: AFTER_QUOTE });
      else {
        const cells = record.cells.length > 0 ? record.cells : line.text.split(',');
        out.push({ line: line.number, cells });
      }
    }
  };

  const goOn = (it: NonNullable<typeof pending>, line: Line) => {
    it.lines.push(line);
    if ('fault' in line) return giveUp();
    it.size += line.text.length + 1;
    const found = it.size > MAX_RECORD_CHARACTERS ? 'invalid' : scan(line.text, it.record);
    if (found === 'invalid') return giveUp();
    if (found === 'open') return;
    out.push({ line: it.lines[0]!.number, cells: it.record.cells });
    pending = null;
  };

  const giveUp = () => {
    const [first, ...rest] = pending!.lines;
    pending = null;
    out.push({ line: first!.number, fault: 'a quoted cell is not closed' });
    for (const line of rest) feed(line);
  };

  for await (const batch of lines) {
    for (const line of batch) feed(line);
    if (out.length > 0) yield out;
    out = [];
  }
  while (pending) giveUp();
  if (out.length > 0) yield out;
}

const AFTER_QUOTE = 'a quoted cell is followed by something else than a comma';

interface Unfinished {
  cells: string[];
  /** the text so far of a quoted cell that is not closed yet */
  open: string | null;
}

/** Adds the cells of a line to the record. */
function scan(text: string, record: Unfinished): 'closed' | 'open' | 'invalid' {
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
