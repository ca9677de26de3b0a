import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import type { Batch } from '../../../functions/ports/ports.ts';
import { sendBatch } from '../../../functions/providers/shared/batch.ts';
import { createFlow } from '../../../functions/providers/shared/flow.ts';
import { createWindow } from '../../../functions/providers/shared/window.ts';

const rejected: Outcome = { kind: 'rejected', reason: 'BadDeviceToken' };
const wait = (scope: 'device' | 'service', afterMs: number | null = null): Outcome => ({
  kind: 'retry',
  reason: 'ServiceUnavailable',
  afterMs,
  scope,
});

test('an overload halves the pushes under way, down to ten', () => {
  let time = 0;
  const window = createWindow(() => time);
  assert.equal(window.size, 1000);
  for (let i = 0; i < 50; i++) window.overloaded();
  assert.equal(window.size, 500, 'what comes together is one overload');
  for (let i = 0; i < 20; i++) {
    time += 1000;
    window.overloaded();
  }
  assert.equal(window.size, 10);
});

test('accepted pushes open the window again, by ten for each full window', () => {
  const window = createWindow(() => 0);
  window.overloaded();
  for (let i = 0; i < 500; i++) window.accepted();
  assert.ok(window.size >= 509 && window.size <= 510, `${window.size}`);
  for (let i = 0; i < 100_000; i++) window.accepted();
  assert.equal(window.size, 1000);
});

test('a device that has to wait does not slow others', () => {
  const flow = createFlow(() => 0);
  for (let i = 0; i < 50; i++) assert.equal(flow.see(wait('device', 1000)), null);
  flow.see(rejected);
  flow.see({ kind: 'unknown', reason: 'reset' });
  assert.deepEqual([flow.size, flow.delay()], [1000, 0]);
});

/** A batch; the test answers its pushes. */
function answering(size: number, more: Partial<Batch> = {}) {
  const underWay: number[] = [];
  const outcomes = new Map<number, Outcome>();
  const stop = new AbortController();
  const batch = {
    open: Array.from({ length: size }, (_, i) => i),
    signal: stop.signal,
    settle(index: number, outcome: Outcome) {
      assert.ok(!outcomes.has(index), `${index} has two outcomes`);
      outcomes.set(index, outcome);
    },
    ...more,
  } as unknown as Batch;
  const it = { underWay, outcomes, stop, most: 0, answer: (_index: number, _it: Outcome) => {} };
  const done = sendBatch(batch, createFlow(), (settle) => {
    it.answer = settle;
    return (index) => {
      underWay.push(index);
      it.most = Math.max(it.most, underWay.length);
    };
  });
  return Object.assign(it, { done });
}

test('a batch has no more pushes under way than the window allows', async () => {
  const it = answering(3000);
  assert.equal(it.most, 1000);
  while (it.underWay.length > 0) it.answer(it.underWay.shift()!, rejected);
  await it.done;
  assert.equal(it.outcomes.size, 3000, 'every recipient has an outcome');
  assert.equal(it.most, 1000);
});

test('a batch has no more pushes under way than its ramp allows, and goes on when there is room', async () => {
  let room = 5;
  let told: () => void = () => assert.fail('the batch does not wait');
  const ramp = {
    take: () => room-- > 0,
    wait(resume: () => void) {
      told = resume;
    },
  };
  const it = answering(20, { ramp });
  assert.deepEqual(it.underWay, [0, 1, 2, 3, 4]);
  it.answer(0, rejected);
  assert.equal(it.underWay.length, 5, 'the answer alone makes no room');
  room = 100;
  told();
  assert.equal(it.underWay.length, 20);
  for (const index of it.underWay.slice(1)) it.answer(index, rejected);
  await it.done;
});

test('a batch that waits for room ends when its signal fires', async () => {
  const it = answering(20, { ramp: { take: () => false, wait: () => {} } });
  assert.deepEqual(it.underWay, []);
  it.stop.abort();
  await it.done;
  assert.equal(it.outcomes.size, 0);
});

test('a refused push is tried again while others are accepted, one attempt at a time', async () => {
  const it = answering(3);
  for (let i = 0; i < 2; i++) it.answer(i, { kind: 'accepted' });
  it.answer(2, wait('service'));
  assert.equal(it.outcomes.has(2), false, 'it has no outcome yet');
  while (it.underWay.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(it.underWay.at(-1), 2);
  it.answer(2, { kind: 'accepted' });
  await it.done;
  assert.deepEqual(it.outcomes.get(2), { kind: 'accepted' });
});

test('a push to be tried again that holds the only room is tried when its time comes', async () => {
  let room = 3;
  const it = answering(5, { ramp: { take: () => room-- > 0, wait: () => {} } });
  it.answer(0, { kind: 'accepted' });
  it.answer(1, wait('service'));
  it.answer(2, wait('service'));
  assert.deepEqual(it.underWay, [0, 1, 2]);
  const deadline = performance.now() + 60_000;
  while (it.underWay.length < 5 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(it.underWay, [0, 1, 2, 1, 2]);
  it.stop.abort();
  for (const index of [1, 2]) it.answer(index, { kind: 'accepted' });
  await it.done;
  assert.equal(it.outcomes.size, 3);
});

test('if nothing is accepted, or the wait is long, the queue waits instead', async () => {
  const down = answering(30);
  for (let i = 0; i < 30; i++) down.answer(i, wait('service'));
  await down.done;
  assert.equal(down.outcomes.size, 30);
  const long = answering(2);
  long.answer(0, { kind: 'accepted' });
  long.answer(1, wait('service', 60_000));
  await long.done;
  assert.deepEqual(long.outcomes.get(1), wait('service', 60_000));
});

test('when its signal fires, a batch settles pushes to be tried again with their last outcome', async () => {
  const it = answering(2);
  it.answer(0, { kind: 'accepted' });
  it.answer(1, wait('service', 4000));
  it.stop.abort();
  await it.done;
  assert.deepEqual(it.outcomes.get(1), wait('service', 4000));
});
