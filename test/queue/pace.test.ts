import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, burstOf } from '../../functions/queue/pace.ts';

const first = (count: number, limits: Parameters<typeof backoff>[1]) =>
  Array.from({ length: count }, (_, attempt) => backoff(attempt, limits));

test('intervals double, then grow by the last doubling, then stay: the documented example', () => {
  const limits = { minBackoffMs: 10_000, maxBackoffMs: 300_000, maxDoublings: 3 };
  assert.deepEqual(
    first(9, limits).map((ms) => ms / 1000),
    [10, 20, 40, 80, 160, 240, 300, 300, 300],
  );
});

test('without doublings intervals grow by the first one', () => {
  const limits = { minBackoffMs: 100, maxBackoffMs: 450, maxDoublings: 0 };
  assert.deepEqual(first(6, limits), [100, 200, 300, 400, 450, 450]);
});

test('an interval is never over the maximum, however many attempts and doublings', () => {
  const limits = { minBackoffMs: 100, maxBackoffMs: 3_600_000, maxDoublings: 2000 };
  assert.equal(backoff(1999, limits), 3_600_000);
  assert.equal(backoff(1e6, limits), 3_600_000);
  assert.equal(backoff(0, { ...limits, minBackoffMs: 1e9 }), 3_600_000);
});

test('a queue may hand out a fifth of a second at the same time, and one task at least', () => {
  assert.deepEqual([500, 5, 1, 0.3].map(burstOf), [100, 1, 1, 1]);
});
