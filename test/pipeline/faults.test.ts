import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardTask } from '../../functions/model/tasks.ts';
import { planShard } from '../../functions/pipeline/plan/shard.ts';
import { chance } from '../contracts/store-fixture.ts';
import { accepted } from './script.ts';
import { createWorld, eachOnce, frozen, MINUTE, NOW, type World } from './world.ts';

const never = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

for (const seed of [1, 2, 3])
  test(`every task twice and in random order: each recipient once (seed ${seed})`, async (t) => {
    const world = createWorld(t, { seed, unkind: { duplicate: 1, disorder: true } });
    const people = await world.people(3000, (n) => ({ platform: n % 2 ? 'ios' : 'android' }));
    world.ports.store = { ...world.store, estimateAudience: async () => 250_000 };
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
    const id = await world.send();
    const { counts, campaign, failures } = await world.closed(id);
    assert.equal(campaign.shards, 4);
    assert.deepEqual([counts.recipients, counts.accepted], [3000, good.length]);
    assert.deepEqual([...good, ...lost].toSorted(), people.map((it) => it.id).toSorted());
    assert.deepEqual(failures.map((it) => it.installationId).toSorted(), lost.toSorted());
    assert.equal(new Set(world.announced.map((it) => it.id)).size, 1);
  });

for (const what of ['before any', 'after some'] as const)
  test(`a planner that dies ${what} tasks of a page are queued freezes no installation twice`, async (t) => {
    const world = createWorld(t);
    const people = await world.people(4500);
    let deaths = 0;
    world.ports.queue = {
      ...world.queue,
      async create(tasks) {
        if (deaths < 3 && tasks.some((it) => it.body.kind === 'send')) {
          deaths += 1;
          if (what === 'after some') await world.queue.create(tasks.slice(0, 1));
          throw new Error('killed');
        }
        await world.queue.create(tasks);
      },
    };
    const id = await world.send();
    assert.equal((await world.closed(id)).recipients, 4500);
    eachOnce(world, people);
    assert.ok(world.clock.now < NOW + MINUTE, 'without the help of a sweep');
  });

test('the tasks of a page are queued while the next one is frozen, and all before the shard is planned', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4500);
  const second = Promise.withResolvers<void>();
  const steps: string[] = [];
  world.ports.store = {
    ...world.store,
    async freezePage(page) {
      steps.push(page.last ? 'planned' : `frozen ${page.page}`);
      if (page.page === 1) second.resolve();
      return world.store.freezePage(page);
    },
  };
  world.ports.queue = {
    ...world.queue,
    async create(tasks) {
      const isSend = tasks.some((it) => it.body.kind === 'send');
      if (isSend) await second.promise;
      await turn();
      await world.queue.create(tasks);
      if (isSend) steps.push('queued');
    },
  };
  const id = await world.campaign();
  await world.run();
  assert.deepEqual(steps.slice(0, 3), ['frozen 0', 'frozen 1', 'queued']);
  assert.equal(steps.at(-1), 'planned');
  assert.equal((await world.closed(id)).recipients, 4500);
  eachOnce(world, people);
});

/** A campaign of one shard that no task plans. */
async function unplanned(world: World) {
  world.ports.queue = { ...world.queue, create: async () => {} };
  const id = await world.campaign();
  world.ports.queue = world.queue;
  await world.store.startCampaign({ id, shards: [{ from: 0, to: 2 ** 32 }], dueAt: NOW + MINUTE });
  return id;
}

test('a planner that is told to stop goes on where it was', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4500);
  const id = await unplanned(world);
  await assert.rejects(planShard(world.ports, id, 0, AbortSignal.abort()), /stopped/);
  assert.equal((await world.store.getShard(id, 0))?.pages, 1);
  await world.queue.create([shardTask(id, 0)]);
  await world.run();
  await world.closed(id);
  eachOnce(world, people);
});

test('two planners of one shard freeze each installation once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(4500);
  const id = await unplanned(world);
  await Promise.all(Array.from({ length: 3 }, () => planShard(world.ports, id, 0, never)));
  await world.run();
  assert.equal((await world.closed(id)).recipients, 4500);
  eachOnce(world, people);
});

test('a worker that is told to stop in the middle queues the rest again immediately', async (t) => {
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
  const id = await world.send();
  assert.equal((await world.closed(id)).accepted, 10);
  assert.equal(world.logged.taskFailed?.length, 1);
});

test('work that outlasts the attempts of its task goes on as a new task, and nothing is lost', async (t) => {
  const world = createWorld(t, { maxAttempts: 3 });
  const people = await world.people(10);
  let down = 8;
  const { claimChunk } = world.store;
  world.ports.store = {
    ...world.store,
    async claimChunk(...claim) {
      if (down-- > 0) throw new Error('the database is down');
      return claimChunk(...claim);
    },
  };
  const id = await world.send();
  assert.equal((await world.closed(id)).accepted, 10);
  eachOnce(world, people);
  assert.equal(down, -1, 'nine claims: three tasks of three attempts');
  assert.ok(world.clock.now < NOW + 5 * MINUTE, 'without the help of a sweep');
});
