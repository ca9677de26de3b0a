/**
 * JSON without rounding. `JSON.parse` makes 2916334247900527531 into ...527000, so two ids become one
 * device. Here integers beyond 2^53 stay as they were written, as raw JSON, and `JSON.stringify` writes
 * them exactly. https://tc39.es/proposal-json-parse-with-source/
 */

export interface RawNumber {
  readonly rawJSON: string;
}

// TypeScript does not know the proposal yet; V8 has it since Node 22
declare global {
  interface JSON {
    rawJSON(text: string): RawNumber;
    isRawJSON(it: unknown): it is RawNumber;
  }
}

/** A number of 16 digits or more. Only a text with one needs the reviver, which takes five times as long. */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;

/**
 * As `JSON.parse`, but integers beyond 2^53 become raw JSON. Throws a SyntaxError, and a RangeError if
 * the value is nested thousands of levels deep.
 */
export const parseExact = (text: string): unknown =>
  LONG_NUMBER.test(text) || !startsAsObject(text)
    ? JSON.parse(text, asWritten as (key: string, value: unknown) => unknown)
    : JSON.parse(text);

/** Without this, a long number that is the whole text would be missed: no sign comes before it. */
const startsAsObject = (text: string) => text.startsWith('{') || text.startsWith('[');

const asWritten = (_: string, value: unknown, { source }: { source?: string }) =>
  typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER && !/e/i.test(source!)
    ? JSON.rawJSON(source!)
    : value;

/** The fault of a number that `exactNumber` returns null for. */
export const INEXACT = 'is a number that cannot be kept exactly; write it as text';

/** The number if a double holds exactly this value, else null. */
export function exactNumber({ rawJSON }: RawNumber): number | null {
  const number = Number(rawJSON);
  const [whole = '', fraction = ''] = rawJSON.split('.');
  if (!Number.isFinite(number) || /[^0]/.test(fraction)) return null;
  return BigInt(whole) === BigInt(number) ? number : null;
}
