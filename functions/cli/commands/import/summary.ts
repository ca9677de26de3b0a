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

/** Two lines at most, each within a terminal's width. */
export function summary(counts: Counts, done: { pruned: number | null; dryRun: boolean }): string {
  const { read, inserted, updated, unchanged, superseded, rejected, warned, tokensMoved } = counts;
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
  return second.length > 0 ? `${first}\n${fold(second.join(', '), 0)}` : first;
}
