import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import {
  type PageRow,
  packed,
  toPageRow,
  unpacked,
} from '../../../../functions/store/firestore/pages/codec.ts';
import { fromInstallation } from '../../../../functions/store/firestore/schema.ts';
import { chance, person } from '../../../contracts/store-fixture.ts';
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
  for (const [what, it, n] of [
    ['nothing', Buffer.of(), 0],
    ['no zstd', Buffer.from('page'), 0],
    ['cut off', bytes.subarray(0, bytes.length / 2), rows.length],
    ['of more rows', bytes, rows.length - 1],
    ['of fewer rows', bytes, rows.length + 1],
    ['of other columns', lines('["a"]', '["b"]'), 1],
    ['no JSON', lines(...Array(14).fill('[')), 1],
    ['a bomb', zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)), 1],
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
