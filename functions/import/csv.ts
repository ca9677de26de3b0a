/**
 * Reads CSV records (RFC 4180) from lines. A broken record does not affect the records after it.
 *
 * The library csv-parse is not used: after a quote that is never closed, or a line that is too long,
 * its version 7 drops every record that follows, and gives all of them the same line number.
 */

import type { Line } from './lines.ts';

export type CsvRecord = { line: number; cells: string[] } | { line: number; fault: string };

/**
 * The longest record that goes over several lines, in characters. If its quote is still open then, the
 * closing quote was forgotten: its first line is a fault, and the lines after it are read again.
 */
const MAX_RECORD_CHARACTERS = 64 * 1024;

/**
 * Gives the records in order. A quote inside of a cell without quotes is a plain character. The first
 * line decides the separator: by `sep=;`, which Excel writes, or by what the header has most of.
 *
 * Takes time linear in the text, even if many lines are read again: how a line that begins inside of a
 * quoted cell ends does not depend on where the cell was opened, so each line is scanned for it once.
 */
export async function* readRecords(lines: AsyncIterable<Line[]>): AsyncGenerator<CsvRecord[]> {
  let out: CsvRecord[] = [];
  /** The lines of a record whose quote is open begin at `start`; the lines before are done. */
  let waiting: Line[] = [];
  let start = 0;
  /** characters from `start` on */
  let size = 0;
  let separator: string | null = null;
  const fresh = (open: string | null): Unfinished => ({ cells: [], open, separator: separator! });

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

  /** Reads the first line of a record, and puts it out unless its quote is open. */
  const begin = (line: Line): End => {
    if ('fault' in line) {
      out.push({ line: line.number, fault: line.fault });
      return 'invalid';
    }
    if (line.text === '') return 'closed';
    if (separator === null) {
      const said = /^"?sep=([^"\w])"?$/i.exec(line.text)?.[1];
      separator = said ?? separatorOf(line.text);
      if (said !== undefined) return 'closed';
    }
    const record = fresh(null);
    const end = line.text.includes('"') ? scan(line.text, record) : 'closed';
    if (end === 'invalid') out.push({ line: line.number, fault: AFTER_QUOTE });
    if (end === 'closed') {
      const cells = record.cells.length > 0 ? record.cells : line.text.split(separator);
      out.push({ line: line.number, cells });
    }
    return end;
  };

  /** `end` says how the last line ends; the lines between it and the first leave the quote open. */
  const settle = (end: End) => {
    while (waiting.length - start > 1) {
      if (end === 'invalid' || size > MAX_RECORD_CHARACTERS) giveUp();
      else return end === 'closed' ? finish() : undefined;
    }
  };

  /** Makes the first line a fault, and begins again at the next line that opens a quote. */
  const giveUp = () => {
    out.push({ line: waiting[start]!.number, fault: NOT_CLOSED });
    do size -= sizeOf(waiting[start++]!);
    while (start < waiting.length && begin(waiting[start]!) !== 'open');
    if (start < waiting.length / 2) return;
    waiting = waiting.slice(start);
    start = 0;
  };

  /** How a line ends that begins inside of a quoted cell. */
  const endOf = (line: Line): End => ('fault' in line ? 'invalid' : scan(line.text, fresh('')));

  const finish = () => {
    const record = fresh(null);
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
const AFTER_QUOTE = 'a quoted cell is followed by something else than a separator';

interface Unfinished {
  cells: string[];
  /** the text so far of a quoted cell that is not closed yet */
  open: string | null;
  separator: string;
}

const SEPARATORS = [',', ';', '\t'];

/** The separator that a header has most of, outside of its quotes. */
function separatorOf(header: string): string {
  const counts = SEPARATORS.map(() => 0);
  let isQuoted = false;
  for (const it of header) {
    if (it === '"') isQuoted = !isQuoted;
    const index = isQuoted ? -1 : SEPARATORS.indexOf(it);
    if (index >= 0) counts[index]!++;
  }
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

const textOf = (line: Line) => ('fault' in line ? '' : line.text);

/** In characters, with the line's end. */
const sizeOf = (line: Line) => textOf(line).length + 1;

/** The state of a record at the end of a line. */
type End = 'closed' | 'open' | 'invalid';

/** Adds the cells of a line to the record. */
function scan(text: string, record: Unfinished): End {
  const { cells, separator } = record;
  let at = 0;
  for (;;) {
    if (record.open === null && text[at] === '"') {
      record.open = '';
      at++;
    }
    if (record.open === null) {
      const end = text.indexOf(separator, at);
      cells.push(end === -1 ? text.slice(at) : text.slice(at, end));
      if (end === -1) return 'closed';
      at = end + 1;
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
    if (text[at] !== separator) return 'invalid';
    at++;
  }
}
