/** The texts of JSON from outside. */

/** All strings of a JSON value, names included. The value may be nested as deep as JSON.parse allows. */
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
 * False if a text has half a character: one code unit of a surrogate pair without the other, as when a
 * text is cut within an emoji. UTF-8 has no bytes for it, so JSON has it as an escape (`"\ud83d"`).
 * Firestore refuses such a text, and SQLite stores another character, so it is refused on arrival.
 */
export const HALF = 'has half a character: an escape such as \\ud83d that is no pair';
