import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, createTokenBucket } from '../../functions/queue/pace.ts';

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

test('a bucket begins with a fifth of a second, and fills at its rate', () => {
  const bucket = createTokenBucket(500);
  assert.equal(bucket.available(0), 100);
  bucket.take(100);
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.readyAt(0), 2);
  assert.equal(bucket.available(10), 5);
  assert.equal(bucket.available(60_000), 100);
});

test('a slow bucket gives its token exactly when it said it would', () => {
  for (const perSecond of [0.3, 1, 3, 5]) {
    const bucket = createTokenBucket(perSecond);
    let now = 1_800_000_000_000;
    for (let i = 0; i < 100; i++) {
      assert.equal(bucket.available(now), 1);
      bucket.take(1);
      const next = bucket.readyAt(now);
      assert.equal(bucket.available(next - 1), 0, `${perSecond}/s, token ${i}`);
      now = next;
    }
  }
});

test('a bucket on hold gives nothing until then, and begins empty', () => {
  const bucket = createTokenBucket(10);
  bucket.hold(1000, 0);
  assert.equal(bucket.available(999), 0);
  assert.equal(bucket.available(1000), 0);
  assert.equal(bucket.readyAt(500), 1100);
  assert.equal(bucket.available(1100), 1);
});

test('a clock that is set back stops nobody', () => {
  const bucket = createTokenBucket(10);
  bucket.take(bucket.available(3_600_000));
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.available(100), 1);
  bucket.hold(3_700_000, 3_600_000);
  assert.equal(bucket.readyAt(200), 300, 'nor does what it was told to wait for');
});
