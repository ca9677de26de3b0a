import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenBucket } from '../../functions/lib/token-bucket.ts';

test('a bucket begins full, and fills at its rate', () => {
  const bucket = createTokenBucket({ perSecond: 500, burst: 100 });
  assert.equal(bucket.available(0), 100);
  bucket.take(100);
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.readyAt(0), 2);
  assert.equal(bucket.available(10), 5);
  assert.equal(bucket.available(60_000), 100);
});

test('a slow bucket gives its token exactly when it said it would', () => {
  for (const perSecond of [0.3, 1, 3, 5]) {
    const bucket = createTokenBucket({ perSecond, burst: 1 });
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
  const bucket = createTokenBucket({ perSecond: 10, burst: 2 });
  bucket.hold(1000, 0);
  assert.equal(bucket.available(999), 0);
  assert.equal(bucket.available(1000), 0);
  assert.equal(bucket.readyAt(500), 1100);
  assert.equal(bucket.available(1100), 1);
});

test('a clock that is set back does not stop a bucket', () => {
  const bucket = createTokenBucket({ perSecond: 10, burst: 2 });
  bucket.take(bucket.available(3_600_000));
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.available(100), 1);
  bucket.hold(3_700_000, 3_600_000);
  assert.equal(bucket.readyAt(200), 300, 'nor does what it was told to wait for');
});
