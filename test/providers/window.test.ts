import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch, Outcome } from '../../functions/ports.ts';
import { sendBatch } from '../../functions/providers/batch.ts';
import { createWindow } from '../../functions/providers/window.ts';

const accepted: Outcome = { kind: 'accepted' };
const wait = (scope: 'device' | 'service'): Outcome => ({
  kind: 'retry',
  reason: 'ServiceUnavailable',
  afterMs: null,
  scope,
});

test('a provider that asks everybody to wait gets half as many at once, down to ten', () => {
  let time = 0;
  const window = createWindow(() => time);
  assert.equal(window.size, 1000);
  for (let i = 0; i < 50; i++) window.see(wait('service'));
  assert.equal(window.size, 500, 'answers that come together are one overload');
  for (let i = 0; i < 20; i++) {
    time += 1000;
    window.see(wait('service'));
  }
  assert.equal(window.size, 10);
});

test('a device that is asked to wait slows nobody else', () => {
  const window = createWindow();
  for (let i = 0; i < 50; i++) window.see(wait('device'));
  window.see({ kind: 'rejected', reason: 'BadDeviceToken' });
  window.see({ kind: 'unknown', reason: 'reset' });
  assert.equal(window.size, 1000);
});

test('what is accepted again opens the window again, ten for each window full', () => {
  const window = createWindow(() => 0);
  window.see(wait('service'));
  for (let i = 0; i < 500; i++) window.see(accepted);
  assert.ok(window.size >= 509 && window.size <= 510, `${window.size}`);
  for (let i = 0; i < 100_000; i++) window.see(accepted);
  assert.equal(window.size, 1000);
});

test('a batch has no more under way than the window says, and less after an overload', async () => {
  const window = createWindow(() => 0);
  const underWay: number[] = [];
  let most = 0;
  const outcomes = new Map<number, Outcome>();
  const batch = {
    open: Array.from({ length: 3000 }, (_, i) => i),
    signal: new AbortController().signal,
    settle: (index: number, outcome: Outcome) => outcomes.set(index, outcome),
  } as unknown as Batch;
  let settle!: (index: number, outcome: Outcome) => void;
  const done = sendBatch(batch, window, (it) => {
    settle = it;
    return (index) => {
      underWay.push(index);
      most = Math.max(most, underWay.length);
    };
  });
  assert.equal(most, 1000);
  settle(underWay.shift()!, wait('service'));
  most = 0;
  while (underWay.length > 0) {
    if (underWay.length <= 500) most = Math.max(most, underWay.length);
    settle(underWay.shift()!, { kind: 'rejected', reason: 'BadDeviceToken' });
  }
  await done;
  assert.equal(outcomes.size, 3000, 'everybody has an outcome');
  assert.equal(most, 500);
});
