/** How large and how deep an audience may be, before anything walks it by recursion. */

import { jsonLevels } from '../../lib/json-levels.ts';

/** Values in all lists of an audience together. */
const MAX_VALUES = 1_000;
/** Objects that `and`, `or` and `not` combine. */
export const MAX_OBJECTS = 100;
/** Levels of the JSON: enough for `not` in `and` ten times over. */
const MAX_JSON_DEPTH = 24;

/** Why the value is too deep or too large, as the end of a sentence; null if it is not. */
export function boundsOf(value: unknown): string | null {
  let depth = -1;
  let values = 0;
  let objects = 0;
  for (const level of jsonLevels(value)) {
    depth += 1;
    if (depth > MAX_JSON_DEPTH) return `is nested more than ${MAX_JSON_DEPTH} deep`;
    for (const it of level) {
      if (typeof it !== 'object' || it === null) values += 1;
      // an empty list is a value: it costs its checks
      else if (Array.isArray(it)) values += it.length === 0 ? 1 : 0;
      else objects += 1;
    }
    if (values > MAX_VALUES || objects > MAX_OBJECTS)
      return (
        `has more than ${MAX_VALUES} values or ${MAX_OBJECTS} objects: ` +
        'upload a long list of ids, or import a tag'
      );
  }
  return null;
}
