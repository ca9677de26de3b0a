/**
 * Half a character: one code unit of a surrogate pair without the other, as when a text is cut within
 * an emoji. UTF-8 has no bytes for it, so it comes as an escape in JSON (`"\ud83d"`). Firestore
 * refuses it, SQLite stores another character, so nothing with it goes further than the boundary.
 */

export const HALF = 'has half a character: an escape such as \\ud83d that is no pair';

/**
 * Whether all texts and names of a JSON value are made of whole characters. It may be nested as deep
 * as JSON.parse takes it.
 */
export function isWellFormed(value: unknown): boolean {
  const waiting = [value];
  while (waiting.length > 0) {
    const it = waiting.pop();
    if (typeof it === 'string') {
      if (!it.isWellFormed()) return false;
    } else if (typeof it === 'object' && it !== null)
      for (const [name, inner] of Object.entries(it)) waiting.push(name, inner);
  }
  return true;
}
