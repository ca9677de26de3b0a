import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createdOnce } from '../../functions/lib/created-once.ts';

test('a value is made for the first call with its key, and returned to the others', () => {
  const stored = new Map<string, object>();
  let calls = 0;
  const make = () => ({ number: ++calls });
  const first = createdOnce(stored, 'a', make);
  assert.equal(createdOnce(stored, 'a', make), first);
  assert.deepEqual(createdOnce(stored, 'b', make), { number: 2 });
});

test('the key may be an object that is forgotten with its value', () => {
  const stored = new WeakMap<object, string[]>();
  const key = {};
  createdOnce(stored, key, () => []).push('it');
  assert.deepEqual(stored.get(key), ['it']);
});
