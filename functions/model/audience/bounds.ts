/** How large and how deep an audience may be, before anything walks it by recursion. */

/** In all lists of an audience together, and objects that `and`, `or` and `not` combine. */
const MAX_VALUES = 1_000;
export const MAX_OBJECTS = 100;
/** Of the JSON, before anything walks it by recursion: ten times `not` in `and`. */
const MAX_JSON_DEPTH = 24;

/** Why it is too deep or too large, or null. */
export function boundsOf(value: unknown): string | null {
  let level: unknown[] = [value];
  let values = 0;
  let objects = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) return `is nested more than ${MAX_JSON_DEPTH} deep`;
    const next: unknown[] = [];
    for (const it of level) {
      if (typeof it !== 'object' || it === null) values++;
      else {
        if (!Array.isArray(it)) objects++;
        for (const inner of Object.values(it)) next.push(inner);
      }
      if (values > MAX_VALUES || objects > MAX_OBJECTS)
        return (
          `has more than ${MAX_VALUES} values or ${MAX_OBJECTS} objects: ` +
          'upload a long list of ids, or import a tag'
        );
    }
    level = next;
  }
  return null;
}
