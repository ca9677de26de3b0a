import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endsWithin, withDeadline } from '../../functions/lib/deadline.ts';
import { Unavailable } from '../../functions/lib/errors.ts';

/** Longer than a test may take. */
const LONG_MS = 3_600_000;
const never = new Promise<never>(() => {});

test('what ends in time is as without a deadline', async () => {
  assert.equal(await withDeadline(Promise.resolve('it'), LONG_MS, 'it'), 'it');
  const failed = withDeadline(Promise.reject(new Error('failed')), LONG_MS, 'it');
  await assert.rejects(failed, { message: 'failed' });
});

test('what does not end is Unavailable, or the error of the caller', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = withDeadline(never, 500, 'the queue');
  t.mock.timers.tick(500);
  await assert.rejects(late, new Unavailable('the queue: no answer in 500 ms'));
  const other = withDeadline(never, 500, () => new RangeError('too late'));
  t.mock.timers.tick(500);
  await assert.rejects(other, new RangeError('too late'));
});

test('whether something ends in time is a value; its error is thrown', async (t) => {
  assert.equal(await endsWithin(Promise.resolve(), LONG_MS), true);
  const failed = endsWithin(Promise.reject(new Error('failed')), LONG_MS);
  await assert.rejects(failed, { message: 'failed' });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = endsWithin(never, 500);
  t.mock.timers.tick(500);
  assert.equal(await late, false);
});
