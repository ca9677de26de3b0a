/**
 * What became of each recipient of a chunk, as one text: a letter for each, in their order. It is kept
 * as long as the failures of the campaign.
 */

import type { ChunkCommit, Delivered } from '../model/chunk.ts';

const [OPEN, IN_DOUBT] = ['.', '?'];
/** Settled by a version that kept only what was open. */
const UNTOLD = '-';

const letters: Record<Delivered, string> = {
  accepted: 'a',
  skipped: 's',
  capped: 'c',
  late: 'l',
  rejected: 'r',
  unregistered: 'u',
  retry: 't',
  unknown: 'n',
  blocked: 'b',
};
const byLetter = new Map(Object.entries(letters).map(([it, letter]) => [letter, it as Delivered]));

/** From the lists of indices that older versions stored; `open` null: all of them. */
export function fromLists(size: number, open: number[] | null, inDoubt: number[]): string {
  const settled = Array<string>(size).fill(open === null ? OPEN : UNTOLD);
  for (const index of open ?? []) settled[index] = OPEN;
  for (const index of inDoubt) settled[index] = IN_DOUBT;
  return settled.join('');
}

/** The indices of open recipients, and of those among them that are in doubt. */
export function openIn(outcomes: string): { open: number[]; inDoubt: number[] } {
  const open: number[] = [];
  const inDoubt: number[] = [];
  for (let index = 0; index < outcomes.length; index++) {
    const letter = outcomes[index];
    if (letter === OPEN || letter === IN_DOUBT) open.push(index);
    if (letter === IN_DOUBT) inDoubt.push(index);
  }
  return { open, inDoubt };
}

/** Null: the recipient is open, or was settled by an older version. */
export const outcomeAt = (outcomes: string, index: number): Delivered | null =>
  byLetter.get(outcomes[index] ?? '') ?? null;

type Learnt = Pick<ChunkCommit, 'open' | 'inDoubt' | 'skipped'> & {
  failed: Pick<ChunkCommit['failures'][number], 'index' | 'outcome'>[];
};

/** The outcomes after a commit. What it settled, and neither failed nor was skipped, was accepted. */
export function withCommit(before: string, { open, inDoubt, skipped, failed }: Learnt): string {
  const after = Array.from(before, (it) =>
    it === OPEN || it === IN_DOUBT ? letters.accepted : it,
  );
  for (const index of skipped) after[index] = letters.skipped;
  for (const { index, outcome } of failed) after[index] = letters[outcome];
  for (const index of open) after[index] = OPEN;
  for (const index of inDoubt) after[index] = IN_DOUBT;
  return after.join('');
}

/** The outcomes after an erasure: who was still open is skipped. */
export const withSkipped = (outcomes: string, indices: ReadonlySet<number>): string =>
  Array.from(outcomes, (it, index) =>
    indices.has(index) && (it === OPEN || it === IN_DOUBT) ? letters.skipped : it,
  ).join('');

/** Whether a recipient has a record of its failure. */
export const hasFailed = (outcomes: string): boolean => /[rutnb]/.test(outcomes);

/** The outcomes of a chunk whose recipients are all too late. */
export const allLate = (size: number): string => letters.late.repeat(size);

/** The outcomes of a chunk as it is frozen: `capped` are skipped by a cap, and the others are open. */
export const withCapped = (size: number, capped: ReadonlySet<number>): string =>
  Array.from({ length: size }, (_, index) => (capped.has(index) ? letters.capped : OPEN)).join('');
