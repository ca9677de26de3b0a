import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { createTrial } from '../../../functions/pipeline/send/trials.ts';

const accepted: Outcome = { kind: 'accepted' };
const blocked: Outcome = { kind: 'blocked', reason: 'InvalidProviderToken' };
const gone: Outcome = { kind: 'unregistered', reason: 'Unregistered', since: null };
const busy: Outcome = { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'service' };

const after = (...seen: [count: number, outcome: Outcome][]) => {
  const trial = createTrial();
  for (const [count, outcome] of seen) for (let i = 0; i < count; i++) trial.see(outcome);
  return trial;
};

test('twenty of the last forty answers are a wave, whatever came before', () => {
  assert.equal(after([19, blocked]).isWave(), false);
  assert.equal(after([20, blocked]).isWave(), true);
  assert.equal(after([600, accepted], [19, blocked]).isWave(), false);
  assert.equal(after([600, accepted], [20, blocked]).isWave(), true, 'a key that is revoked');
  assert.equal(after([10, blocked], [20, accepted], [10, blocked]).isWave(), true);
  assert.equal(after([10, blocked], [21, accepted], [10, blocked]).isWave(), false);
  assert.equal(after([10, blocked], [21, gone], [10, blocked]).isWave(), false);
});

test('a busy provider, or a push that could not be tried, says nothing of the message', () => {
  assert.equal(after([19, blocked], [40, busy], [1, blocked]).isWave(), true);
  assert.equal(after([40, { ...blocked, proven: true }]).isWave(), false);
});

test('one in a hundred that is refused is never a wave', () => {
  const trial = createTrial();
  for (let i = 0; i < 100_000; i++) {
    trial.see(i % 100 === 0 ? blocked : accepted);
    assert.equal(trial.isWave(), false);
  }
});

/** Takes all the room there is. */
function takeAll(trial: ReturnType<typeof createTrial>) {
  let taken = 0;
  while (trial.take()) taken += 1;
  return taken;
}

test('at most 39 are refused before a wave is known, in all chunks of a process', () => {
  const trial = createTrial();
  let refused = 0;
  for (let underWay = takeAll(trial); underWay > 0; underWay--) {
    trial.see(blocked);
    refused += 1;
    underWay += takeAll(trial);
  }
  assert.equal(refused, 39);
});

test('room grows with what is accepted, and is small again after a pause', () => {
  const trial = createTrial();
  assert.equal(takeAll(trial), 20);
  for (let i = 0; i < 20; i++) trial.see(accepted);
  assert.equal(takeAll(trial), 100, 'four more for each');
  for (let i = 0; i < 100; i++) trial.see(blocked);
  assert.equal(trial.isWave(), true);
  assert.equal(takeAll(trial), 0);
  trial.startAgain();
  assert.deepEqual([trial.isWave(), takeAll(trial)], [false, 20]);
  assert.equal(trial.proven, true, 'that one was accepted stays true');
});

test('a chunk that waits for room is resumed once there is some', () => {
  const trial = createTrial();
  takeAll(trial);
  let told = 0;
  trial.wait(() => {
    told += 1;
  });
  assert.equal(told, 0);
  trial.see(gone);
  trial.see(gone);
  assert.equal(told, 1);
});
