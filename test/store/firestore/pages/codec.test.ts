import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { matches } from '../../../../functions/model/audience/matches.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import { toRow } from '../../../../functions/store/firestore/audience/row.ts';
import {
  type PageRow,
  packed,
  toPageRow,
  unpacked,
} from '../../../../functions/store/firestore/pages/codec.ts';
import { picksOf } from '../../../../functions/store/firestore/pages/picks.ts';
import { fromInstallation } from '../../../../functions/store/firestore/schema.ts';
import { chance, NOW, person } from '../../../contracts/store-fixture.ts';
import { crowd } from '../../../contracts/store-matching.ts';

const rows = crowd(chance(3)).map((it) => toPageRow(it.id, fromInstallation(it)));

test('what is packed comes back, whatever its words are', () => {
  const odd = person('a:b.c-d_e', {
    token: 'x'.repeat(4096),
    language: 'pt-BR',
    userId: "O'Brien\n; --",
    tags: ['a\nb', ''],
    attributes: { __proto: 1, 'Zoë "✓"\n': '\u{1F514}', n: null as unknown as string },
  });
  const all = [...rows, toPageRow(odd.id, fromInstallation(odd))];
  assert.deepEqual(unpacked(packed(all), all.length), all);
  assert.deepEqual(unpacked(packed([]), 0), []);
});

test('the text "null" is not nothing, whichever comes first', () => {
  const said = (id: string) => person(id, { userId: 'null', appVersion: 'null' });
  const all = [said('a'), person('b'), said('c'), person('d')].map((it) =>
    toPageRow(it.id, fromInstallation(it)),
  );
  for (const some of [all, all.slice(1)])
    assert.deepEqual(unpacked(packed(some), some.length), some);
});

test('only what is asked for is read, and what every recipient needs', () => {
  const read = unpacked(packed(rows), rows.length, new Set(['language', 'optedOut']))!;
  assert.deepEqual(
    read,
    rows.map(({ id, provider, environment, token, language }) => ({
      id,
      provider,
      environment,
      token,
      ...(language !== undefined && { language }),
    })),
  );
});

test('rows are picked by conditions that must hold, and all others are left out', () => {
  const { below, pick } = chance(5);
  const maybe = <T>(list: readonly T[]) => (below(4) === 0 ? undefined : pick(list));
  const all = Array.from({ length: 500 }, (_, n) => ({
    ...toPageRow(
      `device-${n}`,
      fromInstallation(
        person(`device-${n}`, {
          platform: pick(['ios', 'android']),
          timeZone: maybe(['Asia/Tokyo', 'Europe/Rome', 'null']),
          country: maybe(['JP', 'IT']),
        }),
      ),
    ),
    ...(below(5) === 0 && { movedAt: NOW + below(9) }),
  }));
  const bytes = packed(all);
  const audiences: Audience[] = [
    {},
    { timeZone: ['Asia/Tokyo', 'Asia/Seoul'] },
    { timeZone: ['Asia/Seoul'] },
    { and: [{ platform: ['ios'] }, { timeZone: ['Asia/Tokyo', 'Europe/Rome'] }] },
    { and: [{ and: [{ tags: { none: ['x'] } }] }, { not: { timeZone: ['Asia/Tokyo', 'null'] } }] },
    { timeZone: ['Asia/Tokyo', 'Europe/Rome'], and: [{ timeZone: ['Europe/Rome'] }] },
    // these tell nothing of one column alone
    { not: { timeZone: ['Asia/Tokyo'], platform: ['ios'] } },
    { or: [{ timeZone: ['Asia/Tokyo'] }, { platform: ['ios'] }] },
    { not: { not: { country: ['JP'] } } },
  ];
  for (const audience of audiences)
    for (const since of [undefined, NOW + 5]) {
      const picked = unpacked(bytes, all.length, undefined, picksOf(audience, since))!;
      const isIn = (it: PageRow) =>
        matches(audience, toRow(it.id, { ...it })) &&
        (since === undefined || (it.movedAt ?? 0) >= since);
      const what = JSON.stringify({ audience, since });
      assert.deepEqual(picked.filter(isIn), all.filter(isIn), what);
      if (!audience.or && !audience.not) assert.ok(picked.every(isIn), what);
    }
});

test('what indexes need, and opting out, is not in a row', () => {
  const it = person('one', { language: 'de', optedOut: true });
  const fields = { ...fromInstallation(it), changed: 'default~0~00000000' };
  assert.deepEqual(Object.keys(toPageRow('one', fields)).sort(), [
    ...['environment', 'id', 'language', 'platform', 'provider', 'refreshedAt', 'tags', 'token'],
  ]);
});

test('bytes that are no page of so many rows are none', () => {
  const bytes = packed(rows);
  const lines = (...texts: string[]) => zstdCompressSync(texts.join('\n'));
  const parts = (first: Buffer, others: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(first.length);
    return Buffer.concat([length, first, others]);
  };
  const end = 4 + bytes.readUInt32BE(0);
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  for (const [what, it, n] of [
    ['nothing', Buffer.of(), 0],
    ['no zstd', Buffer.from('page'), 0],
    ['cut off', bytes.subarray(0, bytes.length / 2), rows.length],
    ['of more rows', bytes, rows.length - 1],
    ['of fewer rows', bytes, rows.length + 1],
    ['of an older version', lines('["a"]', '["b"]'), 1],
    ['of other columns', parts(lines('["a"]', '["b"]'), bytes.subarray(end)), rows.length],
    ['without its second part', bytes.subarray(0, end), rows.length],
    ['no JSON', parts(lines(...Array(5).fill('[')), lines(...Array(12).fill('['))), 1],
    ['a bomb', parts(bomb, bytes.subarray(end)), rows.length],
    ['a bomb behind', parts(bytes.subarray(4, end), bomb), rows.length],
  ] as const)
    assert.equal(unpacked(it, n), null, what);
});

test('2,000 installations on iOS take at most 90 bytes each', () => {
  const { below } = chance(1);
  const hex = (length: number) => Array.from({ length }, () => below(16).toString(16)).join('');
  const all: PageRow[] = Array.from({ length: 2_000 }, (_, n) => {
    const id = `${hex(8)}-${hex(4)}-${hex(4)}-${hex(12)}`;
    const it = person(id, { token: hex(64), platform: 'ios', language: n % 3 ? 'de' : 'en' });
    return toPageRow(id, fromInstallation(it));
  });
  assert.ok(packed(all).length < 2_000 * 90, `${packed(all).length}`);
});
