import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Unavailable } from '../../../functions/lib/errors.ts';
import type { Task } from '../../../functions/model/tasks.ts';
import type { Delivery } from '../../../functions/ports/ports.ts';
import { createEmbeddedQueue } from '../../../functions/queue/embedded/queue.ts';
import { queueContract } from '../../contracts/queue.ts';
import { everywhere, limits, makeEmbedded, turn } from './harness.ts';

queueContract('embedded', async (t) => makeEmbedded(t));

const task = (name: string, rest: Partial<Task> = {}): Task => ({
  queue: 'plan',
  name,
  body: { kind: 'plan', campaignId: name },
  ...rest,
});
const tasks = (count: number) => Array.from({ length: count }, (_, i) => task(`task-${i}`));
const nameOf = ({ body }: Delivery) => (body.kind === 'plan' ? body.campaignId : body.kind);

test('attempts are as far apart as the backoff says', async (t) => {
  const harness = makeEmbedded(t, {
    limits: { minBackoffMs: 10_000, maxBackoffMs: 300_000, maxDoublings: 3, maxAttempts: 8 },
  });
  const times: number[] = [];
  harness.start(async () => {
    times.push(harness.now());
    throw new Error('no');
  });
  await harness.queue.create([task('unlucky')]);
  for (let i = 0; i < 25; i++) await harness.pass(60_000);
  const gaps = times.slice(1).map((time, i) => Math.round((time - times[i]!) / 10_000) * 10);
  assert.deepEqual(gaps, [10, 20, 40, 80, 160, 240, 300]);
  assert.equal(harness.logged[0], 'unlucky 0: Error: no');
  assert.equal(harness.logged.length, 8);
});

const HOUR = 60 * 60_000;

test('what was queued while the clock was ahead comes once it is set back', async (t) => {
  let ahead = 0;
  const harness = makeEmbedded(t, { now: () => Date.now() + ahead });
  const got: string[] = [];
  harness.start(async (delivery) => {
    got.push(nameOf(delivery));
    return { kind: 'done' };
  });
  await harness.pass(1000);
  ahead = HOUR;
  const at = Date.now() + HOUR + 5000;
  await harness.queue.create([task('in five seconds', { at })]);
  await harness.pass(1500);
  // set back before the queue has looked
  const created = harness.queue.create([task('now')]);
  ahead = 0;
  await created;
  await harness.pass(1000);
  assert.deepEqual(got, ['now']);
  await harness.pass(120_000);
  assert.deepEqual(got, ['now', 'in five seconds']);

  ahead = HOUR;
  const last = harness.queue.create([task('late', { at: Date.now() + HOUR + 1000 })]);
  ahead = 0;
  await last;
  await harness.pass(120_000);
  assert.equal(got.at(-1), 'late');
});

test('work of a dead process that begins while the clock is ahead comes once it is set back', async (t) => {
  let ahead = 0;
  const harness = makeEmbedded(t, {
    now: () => Date.now() + ahead,
    limits: { perSecond: 1, concurrent: 3 },
  });
  let running = 0;
  harness.start(() => {
    running += 1;
    return new Promise(() => {});
  });
  await harness.queue.create(tasks(3));
  await harness.pass(3000);
  assert.equal(running, 3);
  harness.queue.close();
  ahead = HOUR;
  const next = harness.reopen();
  const got: string[] = [];
  next.start(async (delivery) => {
    got.push(nameOf(delivery));
    return { kind: 'done' };
  });
  for (let i = 0; i < 20; i++) await turn();
  assert.equal(got.length, 1, 'one a second');
  ahead = 0;
  await harness.pass(120_000);
  assert.equal(got.length, 3);
});

test('"again" slows its whole queue, no other, and nothing bursts afterwards', async (t) => {
  const harness = makeEmbedded(t, { limits: { concurrent: 1, perSecond: 10 } });
  const got: { name: string; at: number }[] = [];
  const begin = harness.now();
  harness.start(async (delivery) => {
    got.push({ name: nameOf(delivery), at: harness.now() - begin });
    return got.length === 1
      ? { kind: 'again', afterMs: 5000, reason: 'Retry-After' }
      : { kind: 'done' };
  });
  await harness.queue.create([task('first'), ...tasks(5)]);
  await harness.queue.create([task('elsewhere', { queue: 'deliver' })]);
  await harness.pass(4900);
  assert.deepEqual(got.map((it) => it.name).sort(), ['elsewhere', 'first']);
  await harness.pass(2000);
  const later = got.slice(2).map((it) => it.at);
  assert.equal(later.length, 6);
  later.forEach((at, i) => {
    assert.ok(at >= 5000 + 100 * (i + 1), `number ${i} came at ${at} ms`);
  });
});

test('neither the rate nor the concurrency is ever exceeded', async (t) => {
  const harness = makeEmbedded(t, {
    limits: { perSecond: 50, concurrent: 7 },
    unkind: { duplicate: 0.3 },
  });
  const times: number[] = [];
  let running = 0;
  let most = 0;
  harness.start(async () => {
    times.push(harness.now());
    most = Math.max(most, ++running);
    await turn();
    await new Promise((resolve) => setTimeout(resolve, 40));
    running--;
    return { kind: 'done' };
  });
  await harness.queue.create(tasks(200));
  for (let i = 0; i < 100; i++) await harness.pass(100);
  assert.ok(times.length > 200);
  assert.equal(most, 7);
  for (const [i, from] of times.entries())
    for (let j = i; j < times.length; j++)
      assert.ok(j - i + 1 <= 10 + ((times[j]! - from) * 50) / 1000 + 1e-6);
});

test('every task is delivered twice when it is unkind, beside the first or after it', async (t) => {
  const harness = makeEmbedded(t, { unkind: { duplicate: 1 } });
  const got = new Map<string, { attempt: number; beside: boolean }[]>();
  const running = new Set<string>();
  harness.start(async (delivery) => {
    const name = nameOf(delivery);
    const seen = got.get(name) ?? [];
    got.set(name, [...seen, { attempt: delivery.attempt, beside: running.has(name) }]);
    running.add(name);
    for (let i = 0; i < 10; i++) await turn();
    running.delete(name);
    return { kind: 'done' };
  });
  await harness.queue.create(tasks(100));
  await harness.queue.idle();
  assert.equal(got.size, 100);
  const seconds = [...got.values()].map((deliveries) => {
    assert.deepEqual(
      deliveries.map((it) => it.attempt),
      [0, 0],
    );
    return deliveries[1]!.beside;
  });
  assert.ok(seconds.includes(true));
  assert.ok(seconds.includes(false));
});

test('tasks come in disorder when it is unkind, and else the earliest first', async (t) => {
  for (const disorder of [false, true]) {
    await t.test(`disorder ${disorder}`, async (t) => {
      const harness = makeEmbedded(t, { unkind: { disorder }, limits: { concurrent: 1 } });
      await harness.queue.create(tasks(50));
      const got: string[] = [];
      harness.start(async (delivery) => {
        got.push(nameOf(delivery));
        return { kind: 'done' };
      });
      await harness.queue.idle();
      const sent = tasks(50).map((it) => it.name);
      assert.deepEqual([...got].sort(), [...sent].sort());
      assert[disorder ? 'notDeepEqual' : 'deepEqual'](got, sent);
    });
  }
});

test('a name is taken while its task exists, and for an hour after', async (t) => {
  const harness = makeEmbedded(t);
  let count = 0;
  harness.start(async () => {
    count++;
    return { kind: 'done' };
  });
  await harness.queue.create([task('once', { at: harness.now() + 1000 })]);
  await harness.queue.create([task('once'), task('once')]);
  await harness.pass(500);
  assert.equal(count, 0);
  await harness.pass(1000);
  await harness.queue.create([task('once')]);
  await harness.pass(59 * 60_000);
  assert.equal(count, 1);
  await harness.queue.create([task('once')]);
  await harness.pass(2 * 60_000);
  assert.equal(count, 1);
  await harness.queue.create([task('once')]);
  await harness.pass(1000);
  assert.equal(count, 2);
});

test('the same name in another queue is another task', async (t) => {
  const harness = makeEmbedded(t);
  let count = 0;
  harness.start(async () => {
    count++;
    return { kind: 'done' };
  });
  await harness.queue.create([task('one'), task('one', { queue: 'deliver' })]);
  await harness.queue.idle();
  assert.equal(count, 2);
});

test('a handler that never answers gets company after ten minutes', async (t) => {
  const harness = makeEmbedded(t);
  const attempts: number[] = [];
  const signals: AbortSignal[] = [];
  harness.start(async ({ attempt, signal }) => {
    attempts.push(attempt);
    signals.push(signal);
    if (attempt === 0) await new Promise(() => {});
    return { kind: 'done' };
  });
  await harness.queue.create([task('stuck')]);
  await harness.pass(9 * 60_000);
  assert.deepEqual(attempts, [0]);
  await harness.pass(2 * 60_000);
  assert.deepEqual(attempts, [0, 1]);
  assert.equal(signals[0]!.aborted, true);
  assert.match(harness.logged[0]!, /^stuck 0: .*no answer within 10 minutes/);
});

test('handlers that throw immediately, answer nonsense or answer late do no harm', async (t) => {
  const harness = makeEmbedded(t);
  let count = 0;
  harness.start((delivery) => {
    count++;
    if (delivery.attempt === 0) throw new Error('immediately');
    if (delivery.attempt === 1) return Promise.resolve(undefined as never);
    return Promise.resolve({ kind: 'again', afterMs: Number.NaN, reason: '' });
  });
  await harness.queue.create([task('odd')]);
  await harness.pass(5000);
  assert.equal(count, 3);
  assert.equal(harness.logged.length, 3);
  await harness.queue.idle();
});

test('thousands of due tasks leave the event loop its turns', async (t) => {
  const harness = makeEmbedded(t, { limits: { perSecond: 1e9, concurrent: 1e9 } });
  await harness.queue.create(tasks(3000));
  let turns = 0;
  let count = 0;
  harness.start(async () => {
    count++;
    return { kind: 'done' };
  });
  const idle = harness.queue.idle().then(() => true);
  while (!(await Promise.race([idle, turn()]))) turns++;
  assert.equal(count, 3000);
  assert.ok(turns >= 20, `${turns} turns`);
});

test('idle gives up after a minute', async (t) => {
  const harness = makeEmbedded(t);
  await harness.queue.create([task('some day', { at: harness.now() + 30 * 24 * 3600_000 })]);
  harness.start(async () => ({ kind: 'done' }));
  const refused = assert.rejects(harness.queue.idle(), /still busy/);
  await harness.pass(61_000);
  await refused;
});

test('a locked file is an error for `create`, and a delay for the rest', async (t) => {
  const harness = makeEmbedded(t);
  harness.losePatience();
  const answer = Promise.withResolvers<void>();
  const got: string[] = [];
  harness.start(async (delivery) => {
    got.push(nameOf(delivery));
    await answer.promise;
    return { kind: 'done' };
  });
  await harness.queue.create([task('before')]);
  await harness.pass(10);
  assert.deepEqual(got, ['before']);

  const other = new DatabaseSync(harness.path);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  await assert.rejects(harness.queue.create([task('refused')]), (error) => {
    assert.ok(error instanceof Unavailable);
    assert.match(error.message, /queue\.db cannot be used: another process holds a lock/);
    return true;
  });
  answer.resolve();
  await harness.pass(1500);
  assert.match(harness.logged[0]!, /^queue: .*holds a lock/);
  assert.ok(harness.logged.length <= 3, 'it rests between');

  other.exec('ROLLBACK');
  await harness.pass(1500);
  await harness.queue.create([task('after')]);
  await harness.queue.idle();
  assert.deepEqual(got, ['before', 'after']);
});

test('tasks that fail to be written in part are not written at all', async (t) => {
  const harness = makeEmbedded(t);
  const other = new DatabaseSync(harness.path);
  t.after(() => other.close());
  other.exec(`CREATE TRIGGER full BEFORE INSERT ON tasks WHEN new.name = 'task-3'
    BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
  await assert.rejects(harness.queue.create(tasks(5)), /disk is full/);
  assert.equal(other.prepare('SELECT count(*) AS n FROM tasks').get()!.n, 0);
  await harness.queue.create(tasks(3));
  assert.equal(other.prepare('SELECT count(*) AS n FROM tasks').get()!.n, 3);
});

test('a file that cannot be opened is named', () => {
  const path = join(import.meta.dirname, 'nowhere', 'queue.db');
  const log = { taskFailed() {}, unexpected() {} };
  assert.throws(
    () => createEmbeddedQueue({ path, log, limits: everywhere(limits) }),
    (error) => error instanceof Unavailable && error.message.includes(path),
  );
});
