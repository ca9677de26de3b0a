/**
 * What the sweep promises on any store: what waits in its queue has one task, what is paused none,
 * and a task that was lost is missed within 15 minutes. On the real queue, in time that passes only
 * when told to.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { QueueName } from '../../functions/model/queues.ts';
import { sendTask, shardTask, type Task, type TaskBody } from '../../functions/model/tasks.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import { cancel, pauseBy, resume } from '../../functions/pipeline/control/control.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { createWorld, DAY, MINUTE, NOW, type World } from '../pipeline/world.ts';
import { type MakeStore, pageOf, running } from './store-fixture.ts';

const HOUR = 60 * MINUTE;
const ME = 'ada@example.com';
const CHUNKS = 24;
/** Recipients of a chunk, too many for the queue of the few. */
const SIZE = 60;
/** So that all of them take two hours. */
const SLOW = CHUNKS / (2 * 3600);
const NEVER = 1e-12;

export function sweepContract(name: string, makeStore: MakeStore, skip: string | false = false) {
  const walk = (
    title: string,
    slow: Partial<Record<QueueName, number>>,
    walked: (world: World, t: TestContext) => Promise<void>,
  ) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: NOW };
      const store = await makeStore(t, () => clock.now);
      await walked(createWorld(t, { store, clock, slow }), t);
    });

  walk('chunks in a queue of two hours have a task each', { 'send-fcm': SLOW }, async (world) => {
    const tasks = counted(world);
    const id = await frozen(world);
    await passes(world, 2 * HOUR);
    assert.equal((await world.closed(id)).accepted, CHUNKS * SIZE);
    assert.equal(world.script.sent.length, CHUNKS * SIZE);
    assert.equal(tasks.of('send').length, CHUNKS);
  });

  walk('a task that was lost is missed in time, twice', { 'send-fcm': SLOW }, async (world) => {
    const tasks = counted(world);
    tasks.lose = ({ name }) => name.includes('.0.0.7/') && tasks.of('send').length < CHUNKS + 2;
    const id = await frozen(world);
    const times: number[] = [];
    for (let before = 1; world.clock.now < NOW + 2.5 * HOUR; ) {
      await passes(world, 5 * MINUTE);
      const now = tasks.of('send').filter((it) => it.name.includes('.0.0.7/')).length;
      if (now > before) times.push(world.clock.now - NOW);
      before = now;
    }
    assert.deepEqual(times, [LOST_AFTER_MS, 2 * LOST_AFTER_MS]);
    assert.equal((await world.closed(id)).accepted, CHUNKS * SIZE);
    assert.equal(tasks.of('send').length, CHUNKS + 2);
  });

  walk('what is paused has no tasks, and is checked daily', {}, async (world) => {
    const id = await frozen(world, (it) => pauseBy(world.ports, it, ME));
    const tasks = counted(world);
    const { moveChunks } = world.ports.store;
    let moved = 0;
    world.ports.store.moveChunks = (chunks, now) => {
      moved += chunks.length;
      return moveChunks(chunks, now);
    };
    await passes(world, 2 * DAY, HOUR);
    assert.deepEqual(tasks.all, []);
    assert.equal(moved, 2 * CHUNKS);
    // who resumes it dies before anything is queued
    tasks.lose = ({ body }) => body.kind === 'redrive';
    assert.equal((await resume(world.ports, id, ME)).kind, 'ok');
    tasks.lose = () => false;
    await passes(world, LOST_AFTER_MS);
    assert.equal((await world.closed(id)).accepted, CHUNKS * SIZE);
    assert.equal(tasks.of('send').length, CHUNKS);
  });

  walk(
    'paused for a day and cancelled, it is closed by the sweep at the latest',
    {},
    async (world) => {
      const id = await frozen(world, (it) => pauseBy(world.ports, it, ME));
      await passes(world, DAY, HOUR);
      const tasks = counted(world);
      tasks.lose = ({ body }) => body.kind === 'redrive';
      assert.equal((await cancel(world.ports, id, ME)).kind, 'ok');
      tasks.lose = () => false;
      await passes(world, LOST_AFTER_MS);
      assert.equal((await world.closed(id)).skipped, CHUNKS * SIZE);
    },
  );

  walk('resumed, what waits still is not queued again', { 'send-fcm': NEVER }, async (world) => {
    const tasks = counted(world);
    const id = await frozen(world);
    await pauseBy(world.ports, id, ME);
    await passes(world, HOUR);
    assert.equal((await resume(world.ports, id, ME)).kind, 'ok');
    await passes(world, HOUR);
    const again = tasks.of('send').filter((it) => !it.name.endsWith('/first'));
    // the one that was handed out was paused by then
    assert.ok(again.length <= 1, `${again.map((it) => it.name)}`);
    assert.equal(tasks.of('redrive').length, 1);
  });

  walk('shards in a queue of two hours have a task each', { shard: SLOW }, async (world) => {
    await world.people(50);
    const tasks = counted(world);
    const message = { title: 'Hallo', ttlSeconds: 24 * 3600, priority: 'high' as const };
    const id = await running(world.store, CHUNKS, { message });
    await world.ports.queue.create(Array.from({ length: CHUNKS }, (_, i) => shardTask(id, i)));
    await passes(world, 2 * HOUR);
    assert.equal((await world.closed(id)).accepted, 50);
    assert.equal(tasks.of('shard').length, CHUNKS);
  });

  walk('while a canary is held, no task of the rest is queued', {}, async (world) => {
    await world.people(400);
    const estimate = async () => 250_000;
    world.ports.store.estimateAudience = estimate;
    const tasks = counted(world);
    const canary = { percent: 10, holdSeconds: 5 * 3600, maxFailureRate: 0.2 };
    const id = await world.campaign({ canary });
    await world.run(NOW + MINUTE);
    const begun = tasks.all.length;
    await passes(world, 4 * HOUR);
    assert.deepEqual(
      tasks.all.slice(begun).map((it) => it.name),
      [],
    );
    await passes(world, HOUR + MINUTE);
    assert.equal((await world.closed(id)).accepted, 400);
  });

  walk('a canary that is watched no more is watched again', {}, async (world) => {
    await world.people(400);
    const tasks = counted(world);
    tasks.lose = ({ body }) => body.kind === 'canary';
    const canary = { percent: 10, holdSeconds: 3600, maxFailureRate: 0.2 };
    const id = await world.campaign({ canary });
    await world.run(NOW + MINUTE);
    tasks.lose = ({ body }) => body.kind === 'canary' && body.since !== null;
    await passes(world, LOST_AFTER_MS);
    tasks.lose = () => false;
    await passes(world, LOST_AFTER_MS + HOUR + MINUTE);
    assert.equal((await world.closed(id)).accepted, 400);
  });

  /** A campaign whose chunks are frozen, and queued when `before` has run; returns its id. */
  async function frozen(world: World, before: (id: string) => Promise<unknown> = async () => {}) {
    const id = await running(world.store);
    const sizes = Array(CHUNKS).fill(SIZE);
    const chunk = { expiresAt: NOW + 9 * DAY };
    const page = pageOf(id, sizes, { last: true, chunk });
    await world.store.freezePage(page);
    await before(id);
    await world.ports.queue.create(
      page.chunks.map((it) => sendTask({ chunkId: it.id, provider: 'fcm', size: SIZE }, 'first')),
    );
    await world.settle();
    return id;
  }
}

/** The tasks that are created from now on, and a way to lose some of them. */
function counted(world: World) {
  const all: Task[] = [];
  const { queue } = world.ports;
  const tasks = {
    all,
    lose: (_: Task): boolean => false,
    of: (kind: TaskBody['kind']) => all.filter((it) => it.body.kind === kind),
  };
  world.ports.queue = {
    ...queue,
    create: (some) => {
      all.push(...some.filter((it) => it.body.kind !== 'event'));
      return queue.create(some.filter((it) => !tasks.lose(it)));
    },
  };
  return tasks;
}

/** Lets time pass, with a sweep every so often. */
async function passes(world: World, ms: number, every = 5 * MINUTE) {
  for (const until = world.clock.now + ms; world.clock.now < until; ) {
    world.clock.now = Math.min(until, world.clock.now + every);
    await sweep(world.ports);
    await world.settle();
  }
}
