/** Shows the progress of a campaign or an upload: a bar on a terminal, plain lines elsewhere. */

import { SingleBar } from 'cli-progress';
import { clock, count } from './format.ts';

/** Where progress goes: `process.stderr`, or anything that writes. */
export interface Output {
  write(text: string | Uint8Array): unknown;
  once?(event: 'drain', listener: () => void): unknown;
  isTTY?: boolean;
  columns?: number;
  /** the same output for control characters of our own, if others are replaced */
  bare?: Output;
}

export interface Gauge {
  done: number;
  total: number;
  /** the total is an estimate in part: most of it comes later, so no time that is left is shown */
  isAbout?: boolean;
  /** per second */
  rate: number;
  /** shown after rate and time */
  words: string;
}

interface Progress {
  show(gauge: Gauge): void;
  /** writes a line of its own, which stays */
  note(text: string): void;
  stop(): void;
}

/** Interval of plain lines, so that a log stays short. */
const PLAIN_EVERY_MS = 2_000;
const MAX_BAR = 30;

/** One line of at most `width` columns; the bar takes what the words leave. Empty without a total. */
export function line(gauge: Gauge, width: number, unit = count): string {
  const words = text(gauge, unit);
  if (words === '') return '';
  const size = Math.min(MAX_BAR, width - words.length - 1);
  if (size < 3) return words.slice(0, width);
  const full = Math.round(shareOf(gauge) * size);
  return `${'█'.repeat(full)}${'░'.repeat(size - full)} ${words}`;
}

const shareOf = ({ done, total }: Gauge) => (total > 0 ? Math.min(1, done / total) : 0);

/** Only known values: no share without a total, no rate and no time left while nothing moves. */
function text(gauge: Gauge, unit: (n: number) => string): string {
  const { done, total, rate, words } = gauge;
  if (total === 0) return '';
  const left = total - done;
  const percent = `${Math.floor(shareOf(gauge) * 100)}%`;
  const pace = Math.round(rate) > 0 ? `${unit(rate)}/s` : '';
  const eta = pace && left > 0 && !gauge.isAbout ? `ETA ${clock(left / rate)}` : '';
  return [`${percent} of ${gauge.isAbout ? 'about ' : ''}${unit(total)}`, pace, eta, words]
    .filter(Boolean)
    .join('  ');
}

export function createProgress(
  output: Output,
  unit: (n: number) => string = count,
  now: () => number = Date.now,
): Progress {
  return output.isTTY ? bar(output, unit) : plain(output, unit, now);
}

function bar(output: Output, unit: (n: number) => string): Progress {
  // some terminals go to the next line after a full last column
  const width = () => Math.min(output.columns ?? 80, 80) - 1;
  let started = false;
  let last: Gauge | null = null;
  const single = new SingleBar({
    // cli-progress wants a stream, but uses only the methods that a terminal has
    stream: (output.bare ?? output) as NodeJS.WriteStream,
    format: (_options, _params, { gauge }: { gauge: Gauge }) => line(gauge, width(), unit),
    // a bar must not handle the signals of the process
    gracefulExit: false,
    hideCursor: false,
    // the last line is written when it stops, below what was noted meanwhile
    clearOnComplete: true,
  });
  const clear = () => {
    if (started) single.stop();
    started = false;
  };
  return {
    show(gauge) {
      last = gauge;
      if (!started) single.start(gauge.total, gauge.done, { gauge });
      started = true;
      single.setTotal(gauge.total);
      single.update(gauge.done, { gauge });
    },
    note(text) {
      clear();
      output.write(`${text}\n`);
      if (last) this.show(last);
    },
    stop() {
      clear();
      const end = last ? line(last, width(), unit) : '';
      if (end !== '') output.write(`${end}\n`);
      last = null;
    },
  };
}

function plain(output: Output, unit: (n: number) => string, now: () => number): Progress {
  let last: { text: string; at: number } | null = null;
  let held = '';
  const write = (text: string) => {
    if (text && text !== last?.text) output.write(`${text}\n`);
    last = { text, at: now() };
    held = '';
  };
  return {
    show(gauge) {
      held = text(gauge, unit);
      if (held === '') return;
      if (last === null || now() - last.at >= PLAIN_EVERY_MS) write(held);
    },
    note: (text) => void output.write(`${text}\n`),
    stop: () => write(held),
  };
}

/** The rate is an average over the last seconds, so that it follows changes. */
const WINDOW_MS = 5_000;

/** The rate per second of a count that grows. */
export function createRate(now: () => number = Date.now) {
  const samples: { at: number; done: number }[] = [];
  return (done: number): number => {
    const at = now();
    samples.push({ at, done });
    while (samples.length > 2 && at - samples[1]!.at >= WINDOW_MS) samples.shift();
    const first = samples[0]!;
    return at > first.at ? ((done - first.done) / (at - first.at)) * 1000 : 0;
  };
}

/** Writes, and waits while the reader is slow. */
export const print = (output: Output, it: string | Uint8Array) =>
  new Promise<void>((done) => {
    if (output.write(it) === false && output.once) output.once('drain', done);
    else done();
  });
