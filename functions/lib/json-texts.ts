/** The texts of JSON from outside. */

/** All strings of a JSON value, names included. It may be nested as deep as JSON.parse takes it. */
export function* textsIn(value: unknown): Generator<string> {
  const waiting = [value];
  while (waiting.length > 0) {
    const it = waiting.pop();
    if (typeof it === 'string') yield it;
    else if (Array.isArray(it)) for (const inner of it) waiting.push(inner);
    else if (typeof it === 'object' && it !== null)
      for (const [name, inner] of Object.entries(it)) waiting.push(name, inner);
  }
}

/**
 * Half a character: one code unit of a surrogate pair without the other, as when a text is cut within
 * an emoji. UTF-8 has no bytes for it, so it comes as an escape in JSON (`"\ud83d"`). Firestore
 * refuses it, SQLite stores another character: it is stopped where JSON comes in.
 */
export const HALF = 'has half a character: an escape such as \\ud83d that is no pair';
