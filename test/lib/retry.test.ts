import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '../../functions/lib/retry.ts';

/** Fails `failures` times, then gives the number of the attempt. */
const failing = (failures: number) => async (attempt: number) => {
  if (attempt <= failures) throw new Error(`attempt ${attempt}`);
  return attempt;
};

test('work that fails is called again after the wait that `next` gives', async () => {
  const waits: number[] = [];
  const wait = async (ms: number) => waits.push(ms);
  const next = (_: unknown, attempt: number) => attempt * 10;
  assert.equal(await retry(failing(2), { next, wait }), 3);
  assert.deepEqual(waits, [10, 20]);
});

test('after the last attempt its error is thrown, and nothing waits', async () => {
  const wait = async () => assert.fail('waited');
  const next = (error: unknown) => {
    assert.equal((error as Error).message, 'attempt 1');
    return null;
  };
  await assert.rejects(retry(failing(1), { next, wait }), { message: 'attempt 1' });
});

test('a signal that fires ends the wait; the error is that of the attempt', async () => {
  const stop = new AbortController();
  const next = () => {
    setImmediate(() => stop.abort());
    return 60_000;
  };
  const work = retry(failing(5), { next, signal: stop.signal });
  await assert.rejects(work, { message: 'attempt 1' });
});

test('no attempt begins after the signal has fired', async () => {
  const stop = new AbortController();
  const work = async (attempt: number) => {
    stop.abort();
    throw new Error(`attempt ${attempt}`);
  };
  const next = () => assert.fail('another attempt was planned');
  await assert.rejects(retry(work, { next, signal: stop.signal }), { message: 'attempt 1' });
});
