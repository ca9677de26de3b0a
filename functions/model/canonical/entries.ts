/** The entries of a table that generate.ts has written: names, the one that is in use now first. */
export const entriesOf = (table: string): string[][] =>
  table
    .split(';')
    .map((it) => it.trim().split(' '))
    .filter(([name]) => name !== '');

/** A table whose entries are pairs. */
export const pairsOf = (table: string): [string, string][] =>
  entriesOf(table).map(([first, second]) => [first!, second!]);
