import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recipient } from '../../functions/model/chunk.ts';
import { pack, unpack } from '../../functions/store/recipients.ts';

const recipients = (zones: (string | undefined)[]): Recipient[] =>
  zones.map((zone, n) => ({
    installationId: `id-${n}`,
    token: `token-${n}`,
    ...(n % 3 === 0 && { badge: n }),
    ...(zone !== undefined && { zone }),
  }));

test('recipients without zones are packed as versions without zones packed them', () => {
  const packed = pack(recipients([undefined, undefined]));
  assert.deepEqual(packed, { ids: 'id-0\nid-1\n', rest: 'token-0\t{"badge":0}\ntoken-1\n' });
  assert.deepEqual(unpack(packed), recipients([undefined, undefined]));
});

test('a zone takes a character for each recipient, and its name is there once', () => {
  const [a, b] = ['Asia/Kathmandu', 'Pacific/Kiritimati'];
  const all = recipients([undefined, b, a, b]);
  const { ids, rest } = pack(all);
  assert.equal(
    rest,
    `token-0\t{"badge":0}\ntoken-1\ntoken-2\ntoken-3\t{"badge":3}\n["${b}","${a}"]\n0121\n`,
  );
  assert.deepEqual(unpack({ ids, rest }), all);
  assert.deepEqual(
    unpack({ ids, rest: null }),
    all.map(({ installationId }) => ({ installationId, token: '' })),
  );
});

test('as many zones as there are, in any order, with erased recipients among them', () => {
  const zones = Intl.supportedValuesOf('timeZone');
  const all = recipients([...zones, undefined, ...zones.toReversed()]);
  all[1] = { installationId: '', token: '' };
  all[0] = { installationId: '', token: '' };
  const { ids, rest } = pack(all);
  assert.deepEqual(unpack({ ids, rest }), all);
});
