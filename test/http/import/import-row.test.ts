import assert from 'node:assert/strict';
import { test } from 'node:test';
import { carefulRow, quickRow, readRow } from '../../../functions/http/import/import-row.ts';
import { chance } from '../../contracts/store-fixture.ts';
import { apnsToken, NOW } from '../fixture.ts';

const long = (length: number) => 'x'.repeat(length);

/** Of each field what is good, what is bad, and what lies on the edge. */
const values: Record<string, unknown[]> = {
  id: ['a', 'device-1', 'A:b.c-d_e', long(128), long(129), '', 'a b', 'ü', 7, null, ['a'], 'a\n'],
  app: ['default', 'shop', long(64), long(65), '', 1, null, 'späti'],
  platform: ['ios', 'android', 'web', 'iOS', 'amiga', '', null, 3, 'constructor', ['ios']],
  provider: ['apns', 'fcm', 'APNS', '', null, 0],
  environment: ['production', 'sandbox', 'development', '', null],
  token: [
    ...[apnsToken(1), apnsToken(2).toUpperCase(), apnsToken(3).slice(2), `${apnsToken(4)}a`],
    ...['ab'.repeat(100), 'ab'.repeat(101), 'fcm:Token_-1', long(4096), long(4097), 'a b', ' a'],
    ...['', 'tökén', 'a\tb', 'a.b', 5, null, `${apnsToken(5)}\n`],
  ],
  language: [
    'de',
    'pt-BR',
    'pt-br',
    'PT',
    'iw',
    'zh-Hans-CN',
    'd',
    'de_CH',
    '',
    'x',
    'xx-',
    1,
    null,
  ],
  timeZone: ['Europe/Zurich', 'UTC', 'europe/zurich', 'Mars/Base', '', '+02:00', long(65), null, 2],
  country: ['CH', 'ch', 'Ch', 'CHE', 'C', '', 'C1', 'ß', null, 41],
  appVersion: ['1.2.3', '4.12.0-rc.1+77', long(64), long(65), '', null, 1.2],
  userId: ['u', 'Zoë ✓', long(128), long(129), '', null, 12],
  optedOut: [true, false, 'true', 0, null],
  tags: [
    [],
    ['a'],
    ['a', 'a'],
    Array(100).fill('t'),
    Array(101).fill('t'),
    [''],
    [1],
    'a',
    null,
    {},
  ],
  attributes: [
    ...[{}, { plan: 'pro', age: 3, beta: true, none: '' }, { big: 1e308 * 10 }, { '': 1 }, []],
    ...[{ [long(64)]: 1 }, { [long(65)]: 1 }, { a: long(256) }, { a: long(257) }, { a: null }],
    ...[{ a: {} }, { a: [] }, null, 'x', 3, JSON.parse('{"__proto__": 1}'), { constructor: 'x' }],
  ],
  refreshedAt: [
    ...['2026-11-21T12:59:59Z', '2026-11-21T12:59:59.123Z', '2020-02-28T00:00:00.5Z'],
    ...['2026-11-21T13:04:59Z', '2026-11-21T13:05:01Z', '2026-13-01T00:00:00Z', 'yesterday', ''],
    ...[
      '2026-02-28T24:00:00Z',
      1700000000000,
      null,
      '2026-10-31T00:00:00Z',
      '2026-02-29T00:00:00Z',
    ],
    ...['2026-04-31T00:00:00Z', '2026-04-30T23:59:59Z', '2025-12-31T23:59:59.999Z'],
  ],
  unknown: [1],
};

/** Without what is not said. */
const said = <T>(it: T): T => (typeof it === 'object' ? JSON.parse(JSON.stringify(it)) : it);

const good = (name: string) => values[name]!.slice(0, 2);

test('the quick look at a row and the careful one have one meaning', () => {
  const { below, pick } = chance(17);
  let accepted = 0;
  let refused = 0;
  const base = { id: 'a', platform: 'ios', token: apnsToken(1) };
  const compare = (row: Record<string, unknown>, app?: string) => {
    const text = `${app} ${JSON.stringify(row)}`;
    const careful = carefulRow(structuredClone(row), app, NOW);
    const quick = quickRow(structuredClone(row), app, NOW);
    if (typeof careful === 'string') {
      refused++;
      assert.equal(quick, null, `${text}: ${careful}`);
    } else {
      accepted++;
      assert.deepEqual(said(quick), said(careful), text);
    }
    assert.deepEqual(said(readRow(row, app, NOW)), said(careful), text);
  };
  for (const [name, all] of Object.entries(values))
    for (const value of all) {
      if (JSON.stringify(value)?.includes('__proto__')) continue;
      compare({ ...base, [name]: value });
      compare({ ...base, platform: 'android', [name]: value });
      compare({ ...base, app: 'shop', [name]: value }, 'shop');
    }
  for (let n = 0; n < 20_000; n++) {
    const row: Record<string, unknown> = {};
    // mostly good, or hardly any row would be
    for (const name of Object.keys(values))
      if (name === 'unknown' ? below(50) === 0 : below(3) > 0 || name in base)
        row[name] = pick(below(12) === 0 ? values[name]! : good(name));
    if (row.platform === 'ios' && below(4) > 0) row.token = apnsToken(n);
    if (below(2) === 0) delete row.provider;
    if (JSON.stringify(row).includes('__proto__')) continue;
    compare(row, pick([undefined, undefined, 'default', 'shop']));
  }
  assert.ok(accepted > 3000 && refused > 3000, `${accepted} accepted, ${refused} refused`);
});

test('what the quick look is not sure of the careful one decides', () => {
  const base = { id: 'a', platform: 'ios', token: apnsToken(1) };
  const offset = { ...base, refreshedAt: '2026-11-21T12:00:00+02:00' };
  assert.equal(quickRow(offset, undefined, NOW), null);
  const read = readRow(offset, undefined, NOW);
  assert.ok(typeof read !== 'string' && read.refreshedAt === Date.UTC(2026, 10, 21, 10));
  const proto = JSON.parse('{"__proto__": {"polluted": true}}');
  readRow({ ...base, attributes: proto }, undefined, NOW);
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});
