/** The rules of a simulated queue, in time that passes only when told to. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TaskAnswer } from '../../../functions/ports/ports.ts';
import {
  createSimulatedQueue,
  type SimulatedLimits,
  type Unkind,
} from '../../../functions/simulators/cloud-tasks/queue.ts';
import { readTask, type SimulatedTask } from '../../../functions/simulators/cloud-tasks/task.ts';
import { chance, pass } from '../../queue/embedded/harness.ts';

const parent = 'projects/p/locations/l/queues/q';
const begin = 1_800_000_000_000;
const task = (id: string, at = 0): SimulatedTask =>
  readTask(
    {
      parent,
      task: {
        name: `${parent}/tasks/${id}`,
        httpRequest: { url: 'http://127.0.0.1/' },
        scheduleTime: { seconds: at / 1000 },
      },
    },
    Date.now(),
  );
const tasks = (count: number) => Array.from({ length: count }, (_, i) => task(`task-${i}`));

interface Dispatched {
  id: string;
  at: number;
  attempt: number;
  last: boolean;
}

/** `answer` says what a handler does; one that throws fails. */
function make(
  t: TestContext,
  answer: (it: Dispatched) => TaskAnswer | Promise<TaskAnswer>,
  limits: Partial<SimulatedLimits> = {},
  unkind: Unkind = {},
) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: begin });
  const got: Dispatched[] = [];
  const queue = createSimulatedQueue(
    {
      perSecond: 500,
      concurrent: 1000,
      maxAttempts: 100,
      maxRetryMs: 0,
      minBackoffMs: 100,
      maxBackoffMs: 3_600_000,
      maxDoublings: 16,
      ...limits,
    },
    {
      async send(it, { attempt, last }) {
        it.firstAt ??= Date.now();
        it.attempts = Math.max(it.attempts, attempt + 1);
        const dispatched = { id: it.id, at: Date.now() - begin, attempt, last };
        got.push(dispatched);
        return answer(dispatched);
      },
      log: { taskFailed() {} },
      unkind: () => unkind,
      now: Date.now,
      random: chance(),
    },
  );
  t.after(() => queue.close());
  return { queue, got, pass: (ms: number) => pass(t, ms) };
}

const done = (): TaskAnswer => ({ kind: 'done' });
const fail = (): never => {
  throw new Error('no');
};

test('a queue of 50 a second dispatches ten tasks immediately, then one every 20 ms', async (t) => {
  const { queue, got, pass } = make(t, done, { perSecond: 50 });
  for (const it of tasks(100)) queue.add(it);
  await pass(3000);
  assert.equal(got.length, 100);
  for (const [i, { at }] of got.entries()) assert.ok(at >= (i - 9) * 20, `number ${i} at ${at} ms`);
  assert.ok(got.at(-1)!.at <= 90 * 20 + 100, 'and is not slower than that');
});

test('no more tasks run than the queue’s concurrency', async (t) => {
  let running = 0;
  let most = 0;
  const { queue, got, pass } = make(
    t,
    async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      return { kind: 'done' };
    },
    { concurrent: 7 },
    { duplicate: 0.3 },
  );
  for (const it of tasks(100)) queue.add(it);
  await pass(3000);
  assert.ok(got.length > 100);
  assert.equal(most, 7);
});

test('retries are as far apart as the documented example says', async (t) => {
  const { queue, got, pass } = make(t, fail, {
    minBackoffMs: 10_000,
    maxBackoffMs: 300_000,
    maxDoublings: 3,
    maxAttempts: 9,
  });
  queue.add(task('unlucky'));
  for (let i = 0; i < 30; i++) await pass(60_000);
  const gaps = got.slice(1).map(({ at }, i) => Math.round((at - got[i]!.at) / 10_000) * 10);
  assert.deepEqual(gaps, [10, 20, 40, 80, 160, 240, 300, 300]);
  assert.deepEqual(
    got.map((it) => it.last),
    [...Array(8).fill(false), true],
  );
  assert.equal(queue.size, 0);
});

test('with a retry duration, a task ends when both that and its attempts are used up', async (t) => {
  const limits = { maxBackoffMs: 100, maxRetryMs: 1000 };
  const both = make(t, fail, { ...limits, maxAttempts: 3 });
  both.queue.add(task('a'));
  await both.pass(5000);
  assert.equal(both.got.length, 11);
  assert.equal(both.got.filter((it) => it.last).length, 1);
});

test('with attempts without end, the retry duration alone ends a task', async (t) => {
  const limits = { maxBackoffMs: 100, maxAttempts: Infinity };
  const { queue, got, pass } = make(t, fail, { ...limits, maxRetryMs: 500 });
  queue.add(task('a'));
  await pass(5000);
  assert.equal(got.length, 6);
  assert.equal(queue.size, 0);

  queue.limit({ ...queue.limits, maxRetryMs: 0 });
  queue.add(task('b'));
  await pass(20_000);
  assert.ok(got.length > 6 + 60, `${got.length} attempts, and no end`);
  assert.equal(queue.size, 1);
});

test('an answer of 503 holds the whole queue until its time, and nothing bursts then', async (t) => {
  const { queue, got, pass } = make(
    t,
    ({ id, attempt }) =>
      id === 'task-0' && attempt === 0
        ? { kind: 'again', afterMs: 5000, reason: '503' }
        : { kind: 'done' },
    { perSecond: 10, concurrent: 1 },
  );
  for (const it of tasks(5)) queue.add(it);
  await pass(4900);
  assert.deepEqual(
    got.map((it) => it.id),
    ['task-0'],
  );
  await pass(2000);
  const later = got.slice(1);
  assert.equal(later.length, 5);
  for (const [i, { at }] of later.entries()) assert.ok(at >= 5000 + 100 * (i + 1));
});

test('a task waits for its time; a name is taken until an hour after its end', async (t) => {
  const { queue, got, pass } = make(t, done);
  assert.equal(queue.add(task('a', begin + 5000)), true);
  assert.equal(queue.add(task('a')), false);
  await pass(4900);
  assert.equal(got.length, 0);
  await pass(200);
  assert.equal(got.length, 1);
  assert.equal(queue.add(task('a')), false);
  await pass(59 * 60_000);
  assert.equal(queue.add(task('a')), false);
  await pass(2 * 60_000);
  assert.equal(queue.add(task('a')), true);
  await pass(10);
  assert.equal(got.length, 2);
});

test('a handler that misses the deadline is called again, and its answer is ignored', async (t) => {
  const late = Promise.withResolvers<TaskAnswer>();
  const { queue, got, pass } = make(t, ({ attempt }) => (attempt === 0 ? late.promise : fail()), {
    minBackoffMs: 1000,
    maxBackoffMs: 1000,
  });
  queue.add(task('stuck'));
  await pass(9 * 60_000);
  assert.equal(got.length, 1);
  await pass(62_000);
  assert.deepEqual(
    got.slice(0, 2).map((it) => it.attempt),
    [0, 1],
  );
  late.resolve({ kind: 'done' });
  const before = got.length;
  await pass(5000);
  assert.ok(got.length > before, 'it is tried on');
});

test('with faults every task is delivered twice and in random order', async (t) => {
  const { queue, got, pass } = make(t, done, {}, { duplicate: 1, disorder: true });
  for (const it of tasks(50)) queue.add(it);
  await pass(2000);
  const ids = got.map((it) => it.id);
  const twice = tasks(50).flatMap((it) => [it.id, it.id]);
  assert.deepEqual(ids.toSorted(), twice.toSorted());
  assert.notDeepEqual([...new Set(ids)], [...new Set(twice)]);
  assert.ok(got.every((it) => it.attempt === 0));
  assert.equal(queue.size, 0);
});

test('a paused queue takes tasks and gives none, a purged one has none', async (t) => {
  const { queue, got, pass } = make(t, done);
  queue.pause(true);
  for (const it of tasks(5)) assert.equal(queue.add(it), true);
  await pass(1000);
  assert.equal(got.length, 0);
  queue.remove('task-0');
  queue.pause(false);
  await pass(1000);
  assert.equal(got.length, 4);

  queue.add(task('far', begin + 60_000));
  queue.purge();
  assert.equal(queue.size, 0);
  await pass(120_000);
  assert.equal(got.length, 4);
  assert.equal(queue.add(task('far')), false, 'its name is still taken');
});

test('a task that is deleted while at work does not come again', async (t) => {
  const { queue, got, pass } = make(t, async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return fail();
  });
  queue.add(task('a'));
  await pass(50);
  assert.equal(queue.remove('a'), true);
  assert.equal(queue.remove('a'), false);
  await pass(60_000);
  assert.equal(got.length, 1);
});

test('a rate that is changed holds from then on, with no burst of its own', async (t) => {
  const { queue, got, pass } = make(t, done, { perSecond: 10 });
  for (const it of tasks(100)) queue.add(it);
  await pass(1000);
  const before = got.length;
  assert.ok(before >= 11 && before <= 12, `${before}`);
  queue.limit({ ...queue.limits, perSecond: 50 });
  await pass(1000);
  const after = got.length - before;
  assert.ok(after > 30 && after <= 50, `${after}`);
});
