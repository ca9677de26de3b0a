import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiptName } from '../../functions/model/receipt.ts';
import { receiptSets } from '../../functions/model/receipt-sets.ts';
import { entriesOf, sizeOf, taken, withEntries } from '../../functions/store/receipt-set.ts';
import { chance } from '../http2/chance.ts';

test('a set holds what was added and not taken out, in the order of names', () => {
  const random = chance(3);
  const expected = new Map<string, number>();
  let set = Buffer.alloc(0) as Buffer;
  for (let step = 0; step < 300; step++) {
    const entries = Array.from({ length: random.upTo(5) }, () => ({
      name: receiptName(`device-${random.upTo(400)}`),
      at: 1_700_000_000_000 + random.upTo(10_000_000),
    }));
    const fresh = new Set(entries.map((it) => it.name).filter((it) => !expected.has(it)));
    for (const { name, at } of entries)
      if (!expected.has(name)) expected.set(name, Math.floor(at / 1000) * 1000);
    const after = withEntries(set, entries);
    assert.deepEqual([...after.added].sort(), [...fresh].sort());
    set = after.set;
    const name = receiptName(`device-${random.upTo(400)}`);
    const out = taken(set, name);
    assert.equal(out?.at, expected.get(name));
    if (out && step % 3 === 0) {
      set = out.rest;
      expected.delete(name);
    }
    const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
    assert.deepEqual(
      entriesOf(set).map((it) => [it.name, it.at]),
      sorted,
    );
    assert.equal(sizeOf(set), sorted.length);
  }
  assert.ok(expected.size > 100);
});

test('a campaign has a set for about 1,000 recipients, the same number as long as it lives', () => {
  const of = (shards: number, audience: object = { everybody: true }, rest = {}) =>
    receiptSets({ shards, audience, ...rest } as Parameters<typeof receiptSets>[0]);
  assert.equal(of(16), 1_024, 'a million');
  assert.equal(of(17), 1_024, 'with a canary');
  assert.equal(of(41, undefined, { parts: 16 }), 1_024, 'in waves');
  assert.equal(of(1), 64);
  assert.equal(of(0), of(1), 'a message has its shard when it closes');
  assert.equal(of(1, { topic: 'news' }), 1_024, 'its size is not known');
  assert.equal(of(1, { userIds: ['ada'] }, { retryOf: 'another' }), 1_024);
});
