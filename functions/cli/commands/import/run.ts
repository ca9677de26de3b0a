/**
 * Runs an import: reads rows from a source, maps them, and sends them to the API in pages. While one
 * window of rows is sent, the next one fills. The position is saved once the API has a whole window.
 */

import type { Converted } from '../../../import/presets/convert.ts';
import { PAGE_ROWS } from '../../../import/rows.ts';
import * as answers from '../../answers.ts';
import type { Client } from '../../client/client.ts';
import type { Position, Source, SourceRow } from './source.ts';
import { type Counts, noCounts, type StateFile } from './state.ts';
import { createWindow, type Page, type Window } from './window.ts';

export interface Fault {
  at: number;
  message: string;
}

export interface ImportJob {
  client: Client;
  source: Source;
  /** what a row of the source has: rows as the API takes them, or why there are none */
  toRows(row: SourceRow): Converted[];
  app: string | undefined;
  state: StateFile;
  /** true if rows are marked, for a prune */
  marks: boolean;
  dryRun: boolean;
  signal: AbortSignal;
  /** rows of a window; smaller ones in tests */
  windowRows?: number | undefined;
  onProgress(counts: Counts): void;
  /** called for each row that is sent */
  onRow(row: Record<string, unknown>): void;
  /** called for a row that is not stored */
  onFault(fault: Fault): void;
  /** called for a row that is stored without some cells */
  onWarning(warning: Fault): void;
}

/** After so many rows without a good one the mapping must be wrong. */
const HOPELESS = 1_000;

/** No row is good, so the import stops. */
class Hopeless extends Error {}

/**
 * Resolves when all rows are sent (`state.complete`) or the signal has fired. Throws what the source
 * and the client throw, and `Hopeless`; the saved state then says where to resume.
 */
export async function runImport(job: ImportJob): Promise<Counts> {
  const { source, state: file, signal, dryRun } = job;
  const { state } = file;
  /** counts that are not saved yet */
  const open = { filling: noCounts(), sent: noCounts() };
  const told = () => job.onProgress(sum(state.counts, open.sent));
  const failure = new AbortController();
  const stopped = AbortSignal.any([signal, failure.signal]);
  const window = createWindow(job.windowRows);
  let sending: Promise<void> = Promise.resolve();

  const send = async (pages: Page[], of: Counts, position: Position) => {
    open.sent = of;
    for (const page of pages) {
      if (stopped.aborted) return;
      add(of, await sendPage(job, page));
      told();
    }
    state.counts = sum(state.counts, of);
    state.position = position;
    open.sent = noCounts();
    if (!dryRun) file.save();
    const { read, rejected } = state.counts;
    if (rejected === read && read >= HOPELESS)
      throw new Hopeless(`not one of the first ${read} rows is good: look at the mapping`);
  };

  /** Sends the window once the one before is sent. */
  const handOn = async (position: Position) => {
    await sending;
    const of = open.filling;
    open.filling = noCounts();
    sending = send(window.take(PAGE_ROWS), of, position);
    sending.catch(() => failure.abort());
  };

  let last: Position | null = null;
  for await (const part of source.read(state.position, stopped)) {
    if (stopped.aborted) break;
    for (const it of part.faults) reject(it);
    for (const row of part.rows) {
      const made = job.toRows(row);
      let faults = fill(window, made, row.at);
      if (faults === 'full') {
        await handOn(last ?? state.position ?? BEGIN);
        if (stopped.aborted) break;
        faults = fill(window, made, row.at);
      }
      if (faults === 'full') faults = [{ at: row.at, message: 'has more devices than fit' }];
      for (const it of faults) reject(it);
      for (const it of made) {
        if ('row' in it) job.onRow(it.row);
        if ('skipped' in it) count(open.filling.skipped, it.skipped, 1);
      }
      last = source.positionOf(row);
    }
  }
  const isOpen = window.rows > 0 || open.filling.rejected > 0 || hasSkipped(open.filling);
  if (!stopped.aborted && isOpen) await handOn(last ?? state.position ?? BEGIN);
  await sending;
  if (!signal.aborted && !dryRun) {
    state.complete = true;
    file.save();
  }
  return state.counts;

  function reject(fault: Fault) {
    open.filling.read++;
    open.filling.rejected++;
    job.onFault(fault);
  }
}

/** Adds all that a row of the source has, and gives the faults of the rest; or adds nothing of it. */
function fill(window: Window, made: Converted[], at: number): Fault[] | 'full' {
  const before = window.rows;
  const faults: Fault[] = [];
  for (const it of made) {
    if ('fault' in it) faults.push({ at, message: it.fault });
    if (!('row' in it)) continue;
    const added = window.add(it.row, at);
    if (added === 'full') {
      window.cut(before);
      return 'full';
    }
    if (added === 'too long') faults.push({ at, message: 'is longer than 65536 bytes' });
    if (added === 'too deep') faults.push({ at, message: 'is nested too deep' });
  }
  return faults;
}

async function sendPage(job: ImportJob, page: Page) {
  const { client, app, state, marks, dryRun } = job;
  const query = new URLSearchParams({
    ...(app !== undefined && { app }),
    ...(marks && { run: state.state.run }),
    ...(dryRun && { dryRun: 'true' }),
  });
  const answer = await client
    .expecting(answers.imported)
    .upload(`/v1/installations:import?${query}`, 'application/x-ndjson', page.body());
  const { stored: _, faults, warnings, ...counts } = answer;
  for (const { line, message } of faults) job.onFault({ at: page.at(line), message });
  for (const { line, message } of warnings) job.onWarning({ at: page.at(line), message });
  return counts;
}

type Number = Exclude<keyof Counts, 'skipped'>;
const names = Object.keys(noCounts()).filter((it): it is Number => it !== 'skipped');

function add(to: Counts, more: Omit<Counts, 'skipped'> & Partial<Counts>) {
  for (const name of names) to[name] += more[name];
  for (const [word, n] of Object.entries(more.skipped ?? {})) count(to.skipped, word, n);
}

function count(to: Record<string, number>, word: string, more: number) {
  to[word] = (to[word] ?? 0) + more;
}

const hasSkipped = ({ skipped }: Counts) => Object.keys(skipped).length > 0;

const BEGIN: Position = { rows: 0, key: null };

function sum(a: Counts, b: Counts): Counts {
  const all = { ...a, skipped: { ...a.skipped } };
  add(all, b);
  return all;
}
