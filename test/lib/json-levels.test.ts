import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeeperThan, jsonLevels } from '../../functions/lib/json-levels.ts';

test('values come level by level', () => {
  assert.deepEqual(
    [...jsonLevels({ a: [1, { b: null }], c: 'text' })],
    [[{ a: [1, { b: null }], c: 'text' }], [[1, { b: null }], 'text'], [1, { b: null }], [null]],
  );
});

test('the depth is that of the deepest value', () => {
  assert.ok(!isDeeperThan(1, 0));
  assert.ok(!isDeeperThan({}, 0));
  assert.ok(!isDeeperThan({ a: [1] }, 2));
  assert.ok(isDeeperThan({ a: [1] }, 1));
  assert.ok(!isDeeperThan([[]], 1), 'an empty list has nothing inside');
});

test('JSON as deep as JSON.parse takes it does not overflow the stack', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.ok(isDeeperThan(deep, 99_999));
  assert.ok(!isDeeperThan(deep, 100_000));
});
