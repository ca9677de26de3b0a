/** Lists for people: one row for each record, under headings. */

import { fold, oneLine } from './format.ts';

/** The widest column that is padded, in characters; a wider cell moves the rest of its row. */
const MAX_PADDED = 40;

/** A record on one line. Its empty cells are left out. */
export const row = (cells: (string | undefined)[]) => fold(cells.filter(Boolean).join('  '), 2);

/** `none` if there are no rows. */
export function table(headings: string[], rows: string[][]): string {
  if (rows.length === 0) return 'none';
  const cells = [headings, ...rows.map((it) => it.map(oneLine))];
  const widths = headings.map((_, column) =>
    Math.min(MAX_PADDED, Math.max(...cells.map((it) => it[column]!.length))),
  );
  return cells
    .map((it) =>
      it
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => fold(line, 2))
    .join('\n');
}
