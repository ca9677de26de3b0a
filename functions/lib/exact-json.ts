/**
 * JSON without rounding. `JSON.parse` makes 2916334247900527531 into ...527000, so two ids become one
 * device. Here numbers beyond 2^53 stay as they were written, as raw JSON, and `JSON.stringify` writes
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

/**
 * A number that may have 16 digits or more: an exponent may move them. Only a text with one needs the
 * reviver, which takes five times as long.
 */
const LONG_NUMBER = /[:,[]\s*-?(?:\d{16}|\d+\.\d+e)/i;

/**
 * As `JSON.parse`, but numbers beyond 2^53 with more than 15 digits become raw JSON. Throws a SyntaxError, and a RangeError if
 * the value is nested thousands of levels deep.
 */
export const parseExact = (text: string): unknown =>
  LONG_NUMBER.test(text) || !startsAsObject(text)
    ? JSON.parse(text, asWritten as (key: string, value: unknown) => unknown)
    : JSON.parse(text);

/** Without this, a long number that is the whole text would be missed: no sign comes before it. */
const startsAsObject = (text: string) => text.startsWith('{') || text.startsWith('[');

const asWritten = (_: string, value: unknown, { source }: { source?: string }) =>
  typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
    ? JSON.rawJSON(source!)
    : value;

/** The fault of a number that `exactNumber` returns null for. */
export const INEXACT = 'is a number that cannot be kept exactly; write it as text';

/**
 * The number if a double holds exactly this value, else null. A double that JavaScript would write with
 * the same digits counts as exact, such as 1e23.
 */
export function exactNumber({ rawJSON }: RawNumber): number | null {
  const number = Number(rawJSON);
  if (!Number.isFinite(number)) return null;
  const written = decimalOf(rawJSON);
  const kept = decimalOf(String(number));
  if (written.digits === kept.digits && written.exponent === kept.exponent) return number;
  return isWhole(written) && wholeOf(written) === BigInt(Math.abs(number)) ? number : null;
}

interface Decimal {
  /** without zeros at the ends; the value is ±digits × 10^exponent */
  digits: string;
  exponent: number;
}

function decimalOf(text: string): Decimal {
  const [, whole = '', fraction = '', exponent = '0'] =
    text.match(/^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i) ?? [];
  const all = whole + fraction;
  let end = all.length;
  while (end > 0 && all[end - 1] === '0') end -= 1;
  return {
    digits: all.slice(0, end).replace(/^0+/, ''),
    exponent: Number(exponent) - fraction.length + (all.length - end),
  };
}

/** The digits of the largest double. A whole number with more is beyond it. */
const MOST_DIGITS = 309;

const isWhole = ({ digits, exponent }: Decimal) =>
  exponent >= 0 && digits.length + exponent <= MOST_DIGITS;

const wholeOf = ({ digits, exponent }: Decimal) => BigInt(digits + '0'.repeat(exponent));
