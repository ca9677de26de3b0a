/** Finds values in the rows of an export, by the name of a column or by a path into one. */

import type { RawNumber } from '../../lib/exact-json.ts';
import { textCell } from '../absent.ts';

/** The cell of a column; undefined if the row has none. */
export type Cells = (column: string) => unknown;

const isObject = (it: unknown): it is Record<string, unknown> =>
  typeof it === 'object' && it !== null && !Array.isArray(it) && !JSON.isRawJSON(it);

/**
 * The value at a path such as `User.UserId`; undefined if there is none, or a text that says so. A column
 * of that whole name comes first: exports as CSV have such columns.
 */
export function valueAt(cells: Cells, path: string): unknown {
  const whole = plain(cells(path));
  if (whole !== undefined || !path.includes('.')) return whole;
  const [column = '', ...names] = path.split('.');
  let value = cells(column);
  for (const name of names)
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return plain(value);
}

/** The names in which MongoDB's Extended JSON wraps a value, and Parse's `{"__type":"Date","iso":…}`. */
const WRAPPED = ['$oid', '$date', '$numberLong', '$numberInt', '$numberDouble', 'iso'];

/**
 * A value without its wrapper. https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
 * Undefined for null, for '' and for a text such as NULL.
 */
function plain(value: unknown): unknown {
  if (typeof value === 'string') return textCell('', value);
  if (value === null || value === undefined) return undefined;
  if (!isObject(value)) return value;
  const name = WRAPPED.find((it) => Object.hasOwn(value, it));
  return name === undefined ? value : plain(value[name]);
}

/** A text, a number in its digits, `true` or `false` as text; null for lists and objects. */
export function asText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.isRawJSON(value) ? (value as RawNumber).rawJSON : null;
}

/** Lists in an object become texts: Pinpoint keeps a list for each attribute. */
export const withoutLists = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, it]) => [name, Array.isArray(it) ? it.join(', ') : it]),
      )
    : value;
