/** Text by which databases and spreadsheets say that there is no value. */

/** In just these spellings: Null is a surname, and `n/a` a tag. */
export const ABSENT: readonly string[] = ['NULL', '\\N', '(null)', '#N/A'];

const known: ReadonlySet<string> = new Set(ABSENT);

const LONGEST = Math.max(...ABSENT.map((it) => it.length));

/**
 * Never an id, a user id or a token, in any format: thousands of devices would be one. Most are longer,
 * and need not be hashed.
 */
export const saysAbsent = (text: string) => text.length <= LONGEST && known.has(text);

/**
 * A cell of text as it is meant, undefined if there is none. Blanks around it are padding, but not in
 * what is free text.
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
