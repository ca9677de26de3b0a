/** The summary of an import: faults, warnings, counts. */

import { redact } from '../../../lib/redact.ts';
import { count, fold } from '../../format.ts';
import type { Fault } from './run.ts';
import type { Counts } from './state.ts';

/** Faults that are shown, and as many warnings. */
const SHOWN = 20;

/** Keeps the first faults and warnings. `unit`: what their numbers count. */
export function tellings(unit: string) {
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  const keep = (all: Fault[]) => (it: Fault) => void (all.length < SHOWN && all.push(it));
  const lines = (all: Fault[], word: string) =>
    all.map(({ at, message }) => `${fold(`${unit} ${at}: ${word}${redact(message)}`, 2)}\n`);
  const list = (all: Fault[]) => all.map(({ at, message }) => ({ line: at, message }));
  return {
    fault: keep(faults),
    warning: keep(warnings),
    text: () => [...lines(faults, ''), ...lines(warnings, 'warning: ')].join(''),
    lists: () => ({ faults: list(faults), warnings: list(warnings) }),
  };
}

/** A line or a few, each within a terminal's width. */
export function summary(counts: Counts, done: { pruned: number | null; dryRun: boolean }): string {
  const { read, inserted, updated, unchanged, superseded, rejected, warned, tokensMoved } = counts;
  const skipped = Object.entries(counts.skipped);
  const more = [
    [superseded, 'replaced by later rows'],
    [warned, 'kept without a bad cell'],
    [tokensMoved, 'lost their token to a row'],
  ] as const;
  const first = done.dryRun
    ? `${count(read - rejected)} good, ${count(rejected)} with faults; nothing was stored`
    : `${count(inserted)} new, ${count(updated)} changed, ${count(unchanged)} unchanged` +
      `, ${count(rejected)} rejected` +
      `${done.pruned === null ? '' : `, ${count(done.pruned)} removed`}`;
  const second = more.filter(([n]) => n > 0).map(([n, words]) => `${count(n)} ${words}`);
  const third = skipped.map(([word, n]) => `${count(n)} ${word}`).join(', ');
  const total = skipped.reduce((sum, [, n]) => sum + n, 0);
  return [
    first,
    ...(second.length > 0 ? [fold(second.join(', '), 0)] : []),
    ...(total > 0 ? [fold(`${count(total)} skipped: ${third}`, 0)] : []),
  ].join('\n');
}
