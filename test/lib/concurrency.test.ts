import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createSlots, each } from '../../functions/lib/concurrency.ts';

/** Work that counts how much of it runs at the same time. */
function counted<T, R>(result: (item: T) => R) {
  const counts = { running: 0, most: 0, calls: 0 };
  const work = async (item: T): Promise<R> => {
    counts.calls += 1;
    counts.running += 1;
    counts.most = Math.max(counts.most, counts.running);
    await turn();
    counts.running -= 1;
    return result(item);
  };
  return { counts, work };
}

test('each works on so many items at the same time, and gives results in their order', async () => {
  const { counts, work } = counted((item: number) => item * 10);
  assert.deepEqual(await each([1, 2, 3, 4, 5], 2, work), [10, 20, 30, 40, 50]);
  assert.equal(counts.most, 2);
  assert.deepEqual(await each([], 2, work), []);
});

test('after a failure each begins nothing more, and waits for what runs', async () => {
  const { counts, work } = counted((item: number) => {
    if (item === 2) throw new Error('item 2');
  });
  await assert.rejects(each([1, 2, 3, 4, 5, 6, 7, 8], 2, work), { message: 'item 2' });
  assert.equal(counts.running, 0);
  assert.ok(counts.calls < 8, `${counts.calls} calls`);
});

test('calls wait for a free slot, in their order', async () => {
  const order: number[] = [];
  const { counts, work } = counted((item: number) => order.push(item));
  const slots = createSlots(2);
  await Promise.all([1, 2, 3, 4, 5].map((item) => slots(() => work(item))));
  assert.equal(counts.most, 2);
  assert.deepEqual(order, [1, 2, 3, 4, 5]);
});

test('a call that fails frees its slot', async () => {
  const slots = createSlots(1);
  const failed = slots(async () => {
    throw new Error('failed');
  });
  const next = slots(async () => 'next');
  await assert.rejects(failed, { message: 'failed' });
  assert.equal(await next, 'next');
});
