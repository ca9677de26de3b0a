import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter } from '../../functions/lib/retry-after.ts';

const NOW = Date.UTC(2026, 10, 28, 12);
const DAY_MS = 24 * 60 * 60 * 1000;
const after = (value: string | undefined, now = NOW) => parseRetryAfter(value, now);

test('Retry-After is seconds, or a date in one of three forms, in UTC', () => {
  for (const zone of ['UTC', 'Pacific/Auckland', 'America/Los_Angeles']) {
    process.env.TZ = zone;
    assert.equal(after('0'), 0);
    assert.equal(after(' 120 '), 120_000);
    assert.equal(after('Sat, 28 Nov 2026 12:00:30 GMT'), 30_000);
    assert.equal(after('Saturday, 28-Nov-26 12:00:30 GMT'), 30_000);
    assert.equal(after('Sat Nov 28 12:00:30 2026'), 30_000);
    assert.equal(after('Tue Dec  1 11:00:00 2026', Date.UTC(2026, 11, 1, 10)), 3_600_000);
    assert.equal(after('Sat, 28 Nov 2026 12:00:60 GMT'), 60_000, 'a leap second');
    assert.equal(after('Sun, 29 Feb 2032 00:00:00 GMT', Date.UTC(2032, 1, 28, 23)), 3_600_000);
  }
});

test('a time that has passed is now, and what is too long is a day', () => {
  assert.equal(after('Sun, 06 Nov 1994 08:49:37 GMT'), 0);
  assert.equal(after('Sun Nov  6 08:49:37 1994'), 0);
  for (const it of ['9'.repeat(400), '86401', 'Fri, 31 Dec 9999 23:59:59 GMT'])
    assert.equal(after(it), DAY_MS, it);
});

test('a year of two digits is at most 50 years ahead', () => {
  const hour = (year: number) => Date.UTC(year, 10, 28, 11);
  assert.equal(after('Sunday, 06-Nov-94 08:49:37 GMT'), 0);
  assert.equal(after('Saturday, 28-Nov-76 12:00:00 GMT'), DAY_MS, '2076, just not too far');
  assert.equal(after('Saturday, 28-Nov-76 12:00:01 GMT'), 0, '1976');
  assert.equal(after('Saturday, 28-Nov-77 12:00:00 GMT'), 0, '1977');
  assert.equal(after('Tuesday, 29-Feb-00 12:00:00 GMT'), 0, '2100 has no such day');
  assert.equal(after('Friday, 28-Nov-04 12:00:00 GMT', hour(2104)), 3_600_000);
  assert.equal(after('Friday, 01-Jan-00 00:00:00 GMT', Date.UTC(2099, 11, 31, 23)), 3_600_000);
  assert.equal(after('Thursday, 31-Dec-99 23:00:00 GMT', Date.UTC(2099, 11, 31, 22)), 3_600_000);
});

test('anything else says nothing', () => {
  for (const it of [
    undefined,
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '１２',
    '120 seconds',
    '120, 60',
    'tomorrow',
    '2026-11-28',
    '2026-11-28T12:00:30Z',
    '28 Nov 2026 12:00:30 GMT',
    'Sat, 28 Nov 2026 12:00:30',
    'Sat, 28 Nov 2026 12:00:30 UTC',
    'Sat, 28 Nov 2026 12:00:30 +0100',
    'sat, 28 nov 2026 12:00:30 gmt',
    'Sat, 31 Nov 2026 12:00:30 GMT',
    'Sat, 00 Nov 2026 12:00:30 GMT',
    'Sat, 28 Foo 2026 12:00:30 GMT',
    'Sat, 28 Nov 2026 24:00:00 GMT',
    'Sat, 28 Nov 2026 12:60:00 GMT',
    'Sat Nov 8 12:00:30 2026',
    'Sat, 8 Nov 2026 12:00:30 GMT',
    'Sat, 28-Nov-26 12:00:30 GMT',
  ])
    assert.equal(after(it), null, it);
});
