import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTime } from '../../../functions/http/import/time.ts';
import { parseExact } from '../../../functions/lib/exact-json.ts';

const AT = Date.UTC(2026, 9, 1, 10);

test('a time is read in the spellings that exports use', () => {
  for (const [cell, ms] of [
    ...(['2026-10-01T10:00:00Z', '2026-10-01T10:00:00.000Z', '2026-10-01 10:00:00 UTC'] as const),
    ...([
      '2026-10-01 10:00:00',
      '2026-10-01T10:00',
      '2026/10/01 10:00:00',
      ' 2026-10-01 10:00Z ',
    ] as const),
    ...([
      '2026-10-01 12:00:00+02',
      '2026-10-01 12:00:00 +0200',
      '2026-10-01T12:00:00+02:00',
    ] as const),
    ...([
      '2026-10-01 04:30:00-05:30',
      '2026-10-01 10:00:00 gmt',
      '2026-10-01 10:00:00.000000+00',
    ] as const),
    ...([
      '1790848800',
      '1790848800.0',
      '1790848800000',
      '1790848800000000',
      '1790848800000000000',
    ] as const),
    ...([1790848800, 1790848800000, 1790848800000000, parseExact('1790848800000000000')] as const),
  ]
    .map((it) => [it, AT] as const)
    .concat([
      ['2026-10-01', Date.UTC(2026, 9, 1)],
      ['2026-10-01 10:00:00.5+00', AT + 500],
      ['2026-10-01 10:00:00.289123 UTC', AT + 289],
      ['2026-10-01T10:00:00,057Z', AT + 57],
      ['1790848800.289', AT + 289],
      [1790848800.289, AT + 289],
      ['1790848800289.7', AT + 289],
      ['1790848800289999', AT + 289],
      ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
      ['1999-12-31 23:59:59', Date.UTC(1999, 11, 31, 23, 59, 59)],
    ]))
    assert.equal(readTime(cell), ms, JSON.stringify(cell));
});

test('what is no time, or might be another one, is none', () => {
  for (const cell of [
    ...[
      '',
      'yesterday',
      '10/11/2026',
      '2026-13-01',
      '2026-02-29',
      '2026-04-31T00:00:00Z',
      '2026-1-1',
    ],
    ...[
      '2026-10-01T24:00:00Z',
      '2026-10-01T10:60:00Z',
      '2026-10-01T10:00:60Z',
      '2026-10-01T10:00:00+99',
    ],
    ...[
      '2026-10-01T10:00:00 CET',
      '2026-10-01T',
      '0',
      '20261001',
      '1.79E+12',
      '-1790848800',
      'infinity',
    ],
    ...[
      '2026-00-10',
      '2026-10-00',
      '2026-10/01',
      '0044-03-15 12:00:00 BC',
      '0001-01-01T00:00:00Z',
      '1900-01-01',
      '1'.repeat(20),
    ],
    ...[0, 20261001, -1, Number.NaN, Number.POSITIVE_INFINITY, true, null, undefined, {}, []],
  ])
    assert.equal(readTime(cell), null, JSON.stringify(cell));
});

test('a long text is no time as fast as a short one', () => {
  for (const text of ['1', '2026-10-01 ', ' ', '0.', '2026-10-01T10:00:00.1', '+'])
    assert.equal(readTime(text.repeat(200_000)), null);
});
