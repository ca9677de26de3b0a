import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactNumber, parseExact } from '../../functions/lib/exact-json.ts';

/** The number that is kept, null if it would be rounded. */
const kept = (text: string) => {
  const [value] = parseExact(`[${text}]`) as [unknown];
  return JSON.isRawJSON(value) ? exactNumber(value) : value;
};

test('an exponent does not hide digits that would be rounded', () => {
  for (const text of [
    '9007199254740993e0',
    '9.007199254740993e15',
    '9007199254740.993e3',
    '90071992547409930e-1',
    '-9.007199254740993E+15',
    '0.0000000009007199254740993e25',
    '9007199254740993.5',
    '123456789012345678901234567890e0',
  ])
    assert.equal(kept(text), null, text);
});

test('a number that JavaScript writes with the same digits, or that a double holds, is kept', () => {
  for (const text of [
    '1e23',
    '1.5e300',
    '9007199254740992e0',
    '9.007199254740992e15',
    '90071992547409920e-1',
    '-1.7976931348623157e308',
    '1152921504606846976',
    '1152921504606846976e0',
    '1152921504606846976.000',
    '123456789012345e5',
    '1e-7',
    '0.1234567890123456789',
  ])
    assert.equal(kept(text), Number(text), text);
});

test('what is not kept exactly is written as it was read', () => {
  const text = '{"id":2916334247900527531,"e":9.007199254740993e15}';
  assert.equal(JSON.stringify(parseExact(text)), text);
});
