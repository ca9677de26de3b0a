/**
 * JSON without rounding. `JSON.parse` makes 2916334247900527531 into ...527000, so two ids become one
 * device. Integers beyond 2^53 are kept here as they were written, as raw JSON: `JSON.stringify`
 * writes them out exactly. https://tc39.es/proposal-json-parse-with-source/
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

/** A number of 16 digits or more. Only such a line needs the reviver, which takes five times as long. */
const LONG_NUMBER = /[:,[]\s*-?\d{16}/;

/** Throws a SyntaxError, and a RangeError for what is nested thousands of levels deep. */
export const parseExact = (text: string): unknown =>
  LONG_NUMBER.test(text) || !startsAsObject(text)
    ? JSON.parse(text, asWritten as (key: string, value: unknown) => unknown)
    : JSON.parse(text);

/** A number that is the whole text has no sign before it. */
const startsAsObject = (text: string) => text.startsWith('{') || text.startsWith('[');

const asWritten = (_: string, value: unknown, { source }: { source?: string }) =>
  typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER && !/e/i.test(source!)
    ? JSON.rawJSON(source!)
    : value;

/** What is told of the others. */
export const INEXACT = 'is a number that cannot be kept exactly; write it as text';

/** The number, if a double holds just that one. */
export function exactNumber({ rawJSON }: RawNumber): number | null {
  const number = Number(rawJSON);
  const [whole = '', fraction = ''] = rawJSON.split('.');
  if (!Number.isFinite(number) || /[^0]/.test(fraction)) return null;
  return BigInt(whole) === BigInt(number) ? number : null;
}
