import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unavailable } from '../../functions/errors.ts';
import { sendChunk } from '../../functions/pipeline/send.ts';
import { CHECKPOINT_MS, LEASE_MS } from '../../functions/pipeline/timing.ts';
import type { Task } from '../../functions/ports.ts';
import { chance } from '../contracts/store-fixture.ts';
import { accepted } from './script.ts';
import { createWorld, eachOnce, MINUTE, NOW, type World } from './world.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Keeps the send tasks away from the queue, so that a test delivers them itself. */
async function frozen(world: World) {
  const kept: Task[] = [];
  world.ports.queue = {
    async create(tasks) {
      kept.push(...tasks.filter((it) => it.body.kind === 'send'));
      await world.queue.create(tasks.filter((it) => it.body.kind !== 'send'));
    },
  };
  const id = await world.campaign();
  await world.settle();
  const [first] = kept;
  assert.ok(first?.body.kind === 'send');
  const { chunkId, provider } = first.body;
  const give = async () => world.queue.create(kept.splice(0));
  return {
    id,
    chunkId,
    kept,
    give,
    send: (stop = never) => sendChunk(world.ports, chunkId, provider, stop),
  };
}

for (const seed of [1, 2, 3])
  test(`every task twice and in random order: each recipient once (seed ${seed})`, async (t) => {
    const world = createWorld(t, { seed, unkind: { duplicate: 1, disorder: true } });
    const people = await world.people(3000, (n) => ({ platform: n % 2 ? 'ios' : 'android' }));
    world.ports.store = { ...world.store, estimateAudience: async () => 150_000 };
    const { below } = chance(seed);
    const good: string[] = [];
    const lost: string[] = [];
    world.script.answer = async ({ installationId }) => {
      if (below(50) === 0) await turn();
      const dice = below(100);
      if (dice < 5) return { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'device' };
      if (dice < 8) {
        lost.push(installationId);
        return { kind: 'rejected', reason: 'PayloadTooLarge' };
      }
      good.push(installationId);
      return accepted;
    };
    const id = await world.campaign();
    await world.run();
    const { counts, campaign, failures } = await world.closed(id);
    assert.equal(campaign.shards, 3);
    assert.deepEqual([counts.recipients, counts.accepted], [3000, good.length]);
    assert.deepEqual([...good, ...lost].toSorted(), people.map((it) => it.id).toSorted());
    assert.deepEqual(failures.map((it) => it.installationId).toSorted(), lost.toSorted());
    assert.equal(new Set(world.announced.map((it) => it.id)).size, 1);
  });

for (const what of ['before any', 'after some'] as const)
  test(`a planner that dies ${what} tasks of a page are queued freezes nobody twice`, async (t) => {
    const world = createWorld(t);
    const people = await world.people(4500);
    let deaths = 0;
    world.ports.queue = {
      async create(tasks) {
        if (deaths < 3 && tasks.some((it) => it.body.kind === 'send')) {
          deaths += 1;
          if (what === 'after some') await world.queue.create(tasks.slice(0, 1));
          throw new Error('killed');
        }
        await world.queue.create(tasks);
      },
    };
    const id = await world.campaign();
    await world.run();
    assert.equal((await world.closed(id)).recipients, 4500);
    eachOnce(world, people);
    assert.ok(world.clock.now < NOW + MINUTE, 'without the help of a sweep');
  });

test('a planner that is told to stop goes on where it was', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4500);
  const id = await world.campaign();
  const stop = new AbortController();
  stop.abort();
  const { planShard } = await import('../../functions/pipeline/plan.ts');
  const whole = { from: 0, to: 2 ** 32 };
  await world.store.startCampaign(id, [whole], NOW + MINUTE);
  await assert.rejects(planShard(world.ports, id, 0, stop.signal), /stopped/);
  assert.equal((await world.store.getShard(id, 0))?.pages, 1);
  await world.run();
  await world.closed(id);
  eachOnce(world, people);
});

test('two planners of one shard freeze everybody once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4500);
  const id = await world.campaign();
  const { planShard } = await import('../../functions/pipeline/plan.ts');
  await world.store.startCampaign(id, [{ from: 0, to: 2 ** 32 }], NOW + MINUTE);
  await Promise.all(Array.from({ length: 3 }, () => planShard(world.ports, id, 0, never)));
  await world.run();
  assert.equal((await world.closed(id)).recipients, 4500);
  eachOnce(world, people);
});

test('a lease that ran out while its owner sends: the late one changes nothing', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { id, chunkId, send } = await frozen(world);
  const gate = Promise.withResolvers<void>();
  world.script.answer = async ({ index, before }) => {
    if (index === 5 && before === 0) await gate.promise;
    return accepted;
  };
  const late = send();
  await turn();
  world.clock.now += LEASE_MS;
  await send();
  const counts = await world.store.counts(id);
  assert.equal(counts.accepted, 10);
  gate.resolve();
  await late;
  assert.deepEqual(await world.store.counts(id), counts);
  assert.deepEqual(world.logged.chunkFenced, [{ chunkId }]);
  await world.run();
  await world.closed(id);
});

test('what was checkpointed is not sent by the one who takes over', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { id, send } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gate = Promise.withResolvers<void>();
  world.script.answer = async ({ index, before }) => {
    if (index === 5 && before === 0) {
      t.mock.timers.tick(CHECKPOINT_MS);
      await gate.promise;
    }
    return accepted;
  };
  const late = send();
  for (let i = 0; i < 3; i++) await turn();
  assert.equal((await world.store.counts(id)).accepted, 5, 'the checkpoint');
  world.clock.now += LEASE_MS;
  await send();
  gate.resolve();
  await late;
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
  const twice = world.script.sent.filter((it) => it.before > 0).map((it) => it.index);
  assert.deepEqual(twice, [5], 'only the one that was under way');
});

test('one that was taken over stops at its next checkpoint', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { id, send } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  world.script.answer = async ({ index, before }) => {
    if (index === 2 && before === 0) {
      world.clock.now += LEASE_MS;
      await send();
      t.mock.timers.tick(CHECKPOINT_MS);
      for (let i = 0; i < 3; i++) await turn();
    }
    return accepted;
  };
  await send();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
  assert.equal(world.script.sent.length, 13);
});

for (const what of ['the last commit', 'a commit with some left'] as const)
  test(`${what} that was applied though its answer was lost counts once`, async (t) => {
    const world = createWorld(t);
    await world.people(10);
    let lost = 0;
    const { store } = world;
    world.ports.store = {
      ...store,
      async commitChunk(commit) {
        const committed = await store.commitChunk(commit);
        if (lost++ === 0) throw new Unavailable('no answer');
        return committed;
      },
    };
    world.script.answer = ({ index, before }) =>
      index === 3 && before === 0 && what !== 'the last commit'
        ? { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'device' }
        : accepted;
    const id = await world.campaign();
    await world.run();
    assert.equal((await world.store.counts(id)).accepted, 10);
    if (what === 'the last commit') {
      const { sweep } = await import('../../functions/pipeline/sweep.ts');
      assert.equal(world.announced.length, 0, 'nobody knows that it closed the campaign');
      world.clock.now += 2 * MINUTE;
      await sweep(world.ports);
      await world.run();
    }
    await world.closed(id);
    assert.ok(world.script.sent.every((it) => it.before === 0 || it.index === 3));
  });

test('a checkpoint that cannot be written ends the attempt; the chunk goes on later', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { store } = world;
  const { id, send, give } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  let tries = 0;
  world.ports.store = {
    ...store,
    async commitChunk(commit) {
      if (tries++ < 4) throw new Unavailable('the disk is full');
      return store.commitChunk(commit);
    },
  };
  world.script.answer = async ({ index, before }) => {
    if (index === 4 && before === 0) {
      t.mock.timers.tick(CHECKPOINT_MS);
      while (tries < 4) await turn();
      await turn();
    }
    return accepted;
  };
  await assert.rejects(send(), /disk is full/);
  assert.equal(world.script.sent.length, 5, 'nobody more is sent to');
  assert.equal((await world.store.counts(id)).accepted, 0, 'nothing half-written');
  world.clock.now += LEASE_MS;
  await give();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
});

test('told to stop in the middle, a worker hands back the rest at once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(10);
  const { id, send, kept, give } = await frozen(world);
  kept.length = 0;
  const stop = new AbortController();
  world.script.answer = ({ index }) => {
    if (index === 3) stop.abort();
    return accepted;
  };
  await send(stop.signal);
  assert.equal((await world.store.counts(id)).accepted, 4);
  assert.deepEqual(
    kept.map((it) => it.at),
    [NOW],
    'without a backoff',
  );
  await give();
  await world.run(NOW);
  assert.equal((await world.closed(id)).accepted, 10);
  eachOnce(world, people);
});

test('a sender that throws leaves its chunk to another attempt', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  let thrown = 0;
  world.script.answer = ({ index }) => {
    if (index === 5 && thrown++ === 0) throw new Error('a bug of ours');
    return accepted;
  };
  const id = await world.campaign();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
  assert.equal(world.logged.taskFailed?.length, 1);
});
