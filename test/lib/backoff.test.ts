import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffLimit, equalJitter, fullJitter } from '../../functions/lib/backoff.ts';

const backoff = { baseMs: 200, capMs: 3_000 };
const retries = [0, 1, 2, 3, 4, 5, 10_000];

test('the limit doubles from the base to the cap, and stays there after any number of failures', () => {
  assert.deepEqual(
    retries.map((it) => backoffLimit(backoff, it)),
    [200, 400, 800, 1600, 3000, 3000, 3000],
  );
});

test('the limit grows by another factor', () => {
  const limits = [0, 1, 2, 3].map((it) => backoffLimit({ ...backoff, factor: 3 }, it));
  assert.deepEqual(limits, [200, 600, 1800, 3000]);
});

test('full jitter waits between 0 and the limit, equal jitter at least half of it', () => {
  assert.equal(
    fullJitter(backoff, 2, () => 0),
    0,
  );
  assert.equal(
    fullJitter(backoff, 2, () => 0.75),
    600,
  );
  assert.equal(
    equalJitter(backoff, 2, () => 0),
    400,
  );
  assert.equal(
    equalJitter(backoff, 2, () => 0.5),
    600,
  );
});
