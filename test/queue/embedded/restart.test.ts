import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import { makeEmbedded } from './harness.ts';

const body = { kind: 'plan', campaignId: 'c' } as const;
const DEADLINE_MS = 5 * 60 * 1000;

test('what a killed process had at work is delivered again, with its attempts', async (t) => {
  const harness = makeEmbedded(t);
  await harness.queue.create([
    { queue: 'plan', name: 'at work', body },
    { queue: 'plan', name: 'waiting', body, at: harness.now() + 1000 },
  ]);
  harness.queue.close();

  const child = spawn(process.execPath, [`${import.meta.dirname}/restart-child.ts`, harness.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(DEADLINE_MS) });
  assert.equal(String(line), 'attempt 0\n');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const got: number[] = [];
  const queue = harness.reopen();
  queue.start(async ({ attempt }) => {
    got.push(attempt);
    return { kind: 'done' };
  });
  await harness.pass(500);
  assert.deepEqual(got, [1]);
  await harness.pass(600);
  assert.deepEqual(got, [1, 0]);
  await queue.idle();
});

test('an attempt that died with its process is not the last one', async (t) => {
  const harness = makeEmbedded(t, { limits: { maxAttempts: 2 } });
  await harness.queue.create([{ queue: 'plan', name: 'unlucky', body }]);
  let queue = harness.queue;
  const got: { attempt: number; last: boolean }[] = [];
  for (let process = 0; process < 4; process++) {
    queue.start(async ({ attempt, last }) => {
      got.push({ attempt, last });
      return new Promise(() => {});
    });
    await harness.pass(10);
    queue.close();
    queue = harness.reopen();
  }
  assert.deepEqual(got, [
    { attempt: 0, last: false },
    { attempt: 1, last: true },
    { attempt: 1, last: true },
    { attempt: 1, last: true },
  ]);
});

test('stop fires the signals and waits for the answers, which are kept', async (t) => {
  const harness = makeEmbedded(t);
  await harness.queue.create([
    { queue: 'plan', name: 'one', body },
    { queue: 'plan', name: 'two', body, at: harness.now() + 100 },
  ]);
  const got: string[] = [];
  harness.start(async ({ signal }) => {
    got.push('begun');
    await once(signal, 'abort');
    await later(1);
    got.push('ended');
    return { kind: 'done' };
  });
  await harness.pass(10);
  await harness.queue.stop();
  assert.deepEqual(got, ['begun', 'ended']);
  await harness.pass(1000);
  assert.deepEqual(got, ['begun', 'ended'], 'nothing is handed out after stop');
  harness.queue.close();

  const queue = harness.reopen();
  queue.start(async () => {
    got.push('second');
    return { kind: 'done' };
  });
  await queue.idle();
  assert.deepEqual(got, ['begun', 'ended', 'second']);
});

test('a handler that ignores its signal holds up stop for ten seconds, and is retried', async (t) => {
  const harness = makeEmbedded(t);
  await harness.queue.create([{ queue: 'plan', name: 'deaf', body }]);
  const late = Promise.withResolvers<void>();
  const attempts: number[] = [];
  harness.start(async ({ attempt }) => {
    attempts.push(attempt);
    await late.promise;
    return { kind: 'done' };
  });
  await harness.pass(10);
  let stopped = false;
  const stop = harness.queue.stop().then(() => {
    stopped = true;
  });
  await harness.pass(9000);
  assert.equal(stopped, false);
  await harness.pass(1100);
  await stop;

  harness.queue.start(async ({ attempt }) => {
    attempts.push(attempt);
    late.resolve();
    return { kind: 'again', afterMs: 0, reason: 'the late answer of the first must not end it' };
  });
  await harness.pass(10);
  assert.deepEqual(attempts.slice(0, 2), [0, 1]);
  await harness.pass(1000);
  assert.deepEqual(attempts, [0, 1, 2]);
});

test('a queue that was stopped while its file was locked goes on when started again', async (t) => {
  const harness = makeEmbedded(t);
  await harness.queue.create([{ queue: 'plan', name: 'one', body }]);
  harness.losePatience();
  const attempts: number[] = [];
  const other = new DatabaseSync(harness.path);
  t.after(() => other.close());
  harness.start(async ({ attempt }) => {
    other.exec('BEGIN IMMEDIATE');
    attempts.push(attempt);
    return { kind: 'done' };
  });
  await harness.pass(10);
  const stop = harness.queue.stop();
  await harness.pass(10_500);
  await stop;
  other.exec('ROLLBACK');
  await harness.queue.create([{ queue: 'plan', name: 'two', body }]);
  harness.queue.start(async ({ attempt }) => {
    attempts.push(attempt);
    return { kind: 'done' };
  });
  await harness.queue.idle();
  assert.deepEqual(attempts, [0, 0], 'the answer of the first was kept in memory');
});

test('a queue starts once, can be closed twice, and is of no use after', async (t) => {
  const { queue } = makeEmbedded(t);
  const handler = async () => ({ kind: 'done' }) as const;
  queue.start(handler);
  assert.throws(() => queue.start(handler), /started/);
  await queue.stop();
  await queue.stop();
  queue.close();
  queue.close();
  assert.throws(() => queue.start(handler), /closed/);
  await assert.rejects(queue.create([{ queue: 'plan', name: 'late', body }]), /not open/);
  await queue.idle();
});
