/**
 * What every adapter of the Queue port promises. A harness lets time pass in its own way: an
 * adapter with an injected clock immediately, a service in (small) real time.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Task, TaskBody } from '../../functions/model/tasks.ts';
import type { Delivery, Queue, TaskHandler } from '../../functions/ports/ports.ts';

export interface QueueHarness {
  queue: Queue;
  /** tasks that were created before it are delivered as well */
  start(handler: TaskHandler): void;
  now(): number;
  /** lets so much time pass for the queue */
  pass(ms: number): Promise<void>;
}

/** Every queue of it tries three times, 100 ms and 200 ms apart. Cleans up with `t.after`. */
export type MakeQueue = (t: TestContext) => Promise<QueueHarness>;

const HOUR = 60 * 60 * 1000;

const redrive = (campaignId: string): TaskBody => ({ kind: 'redrive', campaignId, why: '' });
const task = (name: string, rest: Partial<Task> = {}): Task => ({
  queue: 'plan',
  name,
  body: redrive(name),
  ...rest,
});
const nameOf = ({ body }: Delivery) => (body.kind === 'redrive' ? body.campaignId : body.kind);

/** Lets time pass until it holds: 10 s of the queue's time at most. */
async function until(
  harness: QueueHarness,
  condition: () => boolean | Promise<boolean>,
  what: string,
) {
  for (let step = 0; !(await condition()); step++) {
    assert.ok(step < 400, `in vain waited for: ${what}`);
    await harness.pass(25);
  }
}

export function queueContract(name: string, makeQueue: MakeQueue) {
  test(`${name}: a task is delivered with its body as it was`, async (t) => {
    const harness = await makeQueue(t);
    const got: Delivery[] = [];
    harness.start(async (delivery) => {
      got.push(delivery);
      return { kind: 'done' };
    });
    const body: TaskBody = {
      kind: 'event',
      event: {
        id: 'Zoë "✓" \u{1F514}',
        type: 'campaign.completed',
        subject: 'c',
        app: null,
        at: 1.5e12,
        data: { some: ['thing'] },
      },
    };
    await harness.queue.create([task('one', { queue: 'deliver', body })]);
    await until(harness, () => got.length > 0, 'the task');
    assert.deepEqual(got[0]!.body, body);
    assert.equal(got[0]!.attempt, 0);
    assert.equal(got[0]!.last, false);
    assert.equal(got[0]!.signal.aborted, false);
  });

  test(`${name}: many tasks together are all delivered, and an empty list creates none`, async (t) => {
    const harness = await makeQueue(t);
    const names = Array.from({ length: 250 }, (_, i) => `task-${i}`);
    await harness.queue.create([]);
    await harness.queue.create(names.map((it) => task(it)));
    const got = new Set<string>();
    harness.start(async (delivery) => {
      got.add(nameOf(delivery));
      return { kind: 'done' };
    });
    await until(harness, () => got.size === names.length, 'all of them');
    assert.deepEqual([...got].sort(), names.sort());
  });

  test(`${name}: a task waits for its time, one of the past does not`, async (t) => {
    const harness = await makeQueue(t);
    const got = new Map<string, number>();
    harness.start(async (delivery) => {
      got.set(nameOf(delivery), harness.now());
      return { kind: 'done' };
    });
    const at = harness.now() + 1500;
    await harness.queue.create([
      task('later', { at }),
      // were it waited for as long as it is overdue, it would not come in the time that `until` has
      task('past', { at: harness.now() - 60_000 }),
    ]);
    await until(harness, () => got.size === 2, 'both');
    assert.ok(got.get('later')! >= at);
  });

  test(`${name}: a task whose handler throws comes again, and not after it is done`, async (t) => {
    const harness = await makeQueue(t);
    const attempts: number[] = [];
    harness.start(async (delivery) => {
      if (nameOf(delivery) !== 'shaky') return { kind: 'done' };
      attempts.push(delivery.attempt);
      if (delivery.attempt === 0) throw new Error('not yet');
      return { kind: 'done' };
    });
    await harness.queue.create([task('shaky')]);
    await until(harness, () => attempts.length === 2, 'the second attempt');
    await harness.pass(1000);
    assert.deepEqual(attempts, [0, 1]);
  });

  test(`${name}: "again" brings the task again, not before its time`, async (t) => {
    const harness = await makeQueue(t);
    const times: number[] = [];
    harness.start(async () => {
      times.push(harness.now());
      return times.length === 1
        ? { kind: 'again', afterMs: 300, reason: 'busy' }
        : { kind: 'done' };
    });
    await harness.queue.create([task('busy')]);
    await until(harness, () => times.length === 2, 'the second delivery');
    assert.ok(times[1]! - times[0]! >= 300);
  });

  test(`${name}: the last attempt knows that it is the last, and the task is gone`, async (t) => {
    const harness = await makeQueue(t);
    const got: { attempt: number; last: boolean }[] = [];
    harness.start(async ({ attempt, last }) => {
      got.push({ attempt, last });
      throw new Error('never');
    });
    await harness.queue.create([task('hopeless')]);
    await until(harness, () => got.length === 3, 'three attempts');
    await harness.pass(2000);
    assert.deepEqual(got, [
      { attempt: 0, last: false },
      { attempt: 1, last: false },
      { attempt: 2, last: true },
    ]);
  });

  test(`${name}: to create a task that exists is no error and takes nothing away`, async (t) => {
    const harness = await makeQueue(t);
    await harness.queue.create([task('same')]);
    await harness.queue.create([task('same'), task('other')]);
    const got = new Set<string>();
    harness.start(async (delivery) => {
      got.add(nameOf(delivery));
      return { kind: 'done' };
    });
    await until(harness, () => got.size === 2, 'both names');
    await harness.queue.create([task('same')]);
  });

  test(`${name}: queues do not wait for each other`, async (t) => {
    const harness = await makeQueue(t);
    const release = Promise.withResolvers<void>();
    const done: string[] = [];
    harness.start(async (delivery) => {
      if (nameOf(delivery) === 'slow') await release.promise;
      done.push(nameOf(delivery));
      return { kind: 'done' };
    });
    await harness.queue.create([task('slow', { queue: 'send-apns' })]);
    await harness.queue.create([task('quick', { queue: 'send-fcm' })]);
    await until(harness, () => done.includes('quick'), 'the quick one');
    assert.deepEqual(done, ['quick']);
    release.resolve();
    await until(harness, () => done.includes('slow'), 'the slow one');
  });

  test(`${name}: what is still to be delivered waits, what is at work or done does not`, async (t) => {
    const harness = await makeQueue(t);
    const { queue } = harness;
    const waits = async (name: string) => (await queue.waiting([task(name)]))[0]!;
    assert.deepEqual(await queue.waiting([]), []);
    const release = Promise.withResolvers<void>();
    const begun = new Set<string>();
    harness.start(async (delivery) => {
      const name = nameOf(delivery);
      begun.add(name);
      // its queue hands out nothing for so long
      if (name === 'slowing') return { kind: 'again', afterMs: HOUR, reason: 'busy' };
      if (name !== 'shaky') return { kind: 'done' };
      await release.promise;
      throw new Error('not yet');
    });
    await queue.create([task('later', { at: harness.now() + HOUR }), task('shaky'), task('quick')]);
    await until(harness, () => begun.has('shaky') && begun.has('quick'), 'the first attempts');
    assert.equal(await waits('shaky'), false, 'it is at work');
    const asked = [task('nothing'), task('later'), task('later', { queue: 'shard' })];
    assert.deepEqual(await queue.waiting(asked), [false, true, false]);
    await queue.create([task('slowing')]);
    await until(harness, () => begun.has('slowing'), 'the task that slows its queue');
    await until(harness, () => waits('slowing'), 'its next attempt');
    release.resolve();
    await until(harness, () => waits('shaky'), 'the attempt after the one that failed');
    assert.equal(await waits('quick'), false, 'it is done');
    assert.equal(await waits('later'), true);
  });

  test(`${name}: a body over 100 KB is refused`, async (t) => {
    const harness = await makeQueue(t);
    const body: TaskBody = { kind: 'redrive', campaignId: 'c', why: 'é'.repeat(52 * 1024) };
    await assert.rejects(harness.queue.create([task('large', { body })]), /100 KB/);
  });
}
