/** Texts that databases and spreadsheets write for a missing value. */

/** Only these spellings: `Null` is a surname, and `n/a` could be a tag. */
export const ABSENT: readonly string[] = ['NULL', '\\N', '(null)', '#N/A'];

const known: ReadonlySet<string> = new Set(ABSENT);

const LONGEST = Math.max(...ABSENT.map((it) => it.length));

/**
 * True if the text stands for a missing value. Such a text is never an id, a user id or a token, in any
 * format: it would make thousands of devices one. The length is checked first, since most texts are
 * longer and need no lookup.
 */
export const saysAbsent = (text: string) => text.length <= LONGEST && known.has(text);

/**
 * The value of a text cell; undefined if it has none. Blanks around the value are removed, except in
 * tags and attributes, which are free text.
 */
export function textCell(
  field: string,
  cell: string,
  absent: ReadonlySet<string> = known,
): string | undefined {
  if (cell === '') return undefined;
  const text = cell.trim();
  if (text === '' || absent.has(text)) return undefined;
  return field === 'tags' || field.startsWith('attributes.') ? cell : text;
}
