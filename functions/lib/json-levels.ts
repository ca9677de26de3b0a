/** The depth of JSON from outside, found without recursion: it may be nested as deep as JSON.parse takes it. */

/** The value itself, then all values inside it, then all inside those, to the deepest level. */
export function* jsonLevels(value: unknown): Generator<unknown[]> {
  for (let level = [value]; level.length > 0; level = level.flatMap(valuesIn)) yield level;
}

const valuesIn = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

/** Whether the value has more than `most` levels inside it: `1` has none, `[[1]]` two. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let depth = -1;
  for (const _ of jsonLevels(value)) if (++depth > most) return true;
  return false;
}
