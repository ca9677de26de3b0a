import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setNewest } from '../../functions/lib/bounded-map.ts';

test('a full map forgets the entry that was set the longest ago', () => {
  const map = new Map<string, number>();
  assert.equal(setNewest(map, 'a', 1, 2), undefined);
  assert.equal(setNewest(map, 'b', 2, 2), undefined);
  assert.deepEqual(setNewest(map, 'c', 3, 2), ['a', 1]);
  assert.deepEqual([...map], Object.entries({ b: 2, c: 3 }));
});

test('an entry that is set again is the newest, and takes no more room', () => {
  const map = new Map(Object.entries({ a: 1, b: 2 }));
  assert.equal(setNewest(map, 'a', 3, 2), undefined);
  assert.deepEqual(setNewest(map, 'c', 4, 2), ['b', 2]);
  assert.deepEqual([...map], Object.entries({ a: 3, c: 4 }));
});
