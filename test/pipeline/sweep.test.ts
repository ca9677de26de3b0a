import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryTask, sendable, sendTask, type TaskBody } from '../../functions/model/tasks.ts';
import { LEASE_MS, LOST_AFTER_MS } from '../../functions/model/timing.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { campaignOf, pageOf, running } from '../contracts/store-fixture.ts';
import { deliveryOf, webhookOf } from '../contracts/store-webhooks.ts';
import { createReceiver } from '../webhooks/receiver.ts';
import { accepted } from './script.ts';
import { createWorld, eachOnce, MINUTE, NOW, type World } from './world.ts';

/** Loses every task of a kind, as long as it is not told otherwise. */
function lose(world: World, kind: TaskBody['kind']) {
  const lost: string[] = [];
  world.ports.queue = {
    ...world.queue,
    create: (tasks) => {
      lost.push(...tasks.filter((it) => it.body.kind === kind).map((it) => it.name));
      return world.queue.create(tasks.filter((it) => it.body.kind !== kind));
    },
  };
  const stop = () => {
    world.ports.queue = world.queue;
  };
  return { lost, stop };
}

for (const kind of ['plan', 'shard', 'send'] as const)
  test(`lost ${kind} tasks are queued again, and each recipient is sent to once`, async (t) => {
    const world = createWorld(t);
    const people = await world.people(2600);
    world.ports.store = { ...world.store, estimateAudience: async () => 250_000 };
    const { lost, stop } = lose(world, kind);
    const id = await world.send();
    assert.ok(lost.length > 0);
    assert.equal(world.script.sent.length, 0);
    stop();
    world.clock.now += LOST_AFTER_MS - 1;
    const told = kind === 'plan' ? 1 : 0; // that it was accepted waits for the plan, else
    assert.equal(await sweep(world.ports), told, 'not before it counts as lost');
    world.clock.now += 1;
    assert.equal(await sweep(world.ports), lost.length);
    assert.equal(await sweep(world.ports), 0, 'once');
    await world.run();
    await world.closed(id);
    eachOnce(world, people);
    assert.equal(world.logged.redriven?.length, lost.length + told);
  });

test('a sweep ends when nothing is left, not when it was given few', async (t) => {
  const world = createWorld(t);
  await world.people(2600);
  world.ports.store = { ...world.store, estimateAudience: async () => 250_000 };
  const { lost } = lose(world, 'shard');
  await world.campaign();
  await world.run();
  const few = { ...world.store };
  few.takeOverdue = (now, next, limit) => world.store.takeOverdue(now, next, Math.min(limit, 2));
  world.clock.now += LOST_AFTER_MS;
  assert.equal(lost.length, 4);
  assert.equal(await sweep({ ...world.ports, store: few }), 4);
});

test('a webhook’s delivery that lost its task is queued again, and posted once', async (t) => {
  const world = createWorld(t);
  const receiver = await createReceiver(t);
  await world.people(10);
  const { url } = receiver;
  await world.store.addWebhook(webhookOf({ url, secrets: [] }), 9);
  const { lost, stop } = lose(world, 'delivery');
  await world.closed(await world.campaign().then((id) => world.run().then(() => id)));
  assert.equal(lost.length, 1);
  stop();
  world.clock.now += LOST_AFTER_MS - 1;
  assert.equal(await sweep(world.ports), 0, 'not before it counts as lost');
  world.clock.now += 1;
  assert.equal(await sweep(world.ports), 1);
  assert.equal(await sweep(world.ports), 0, 'once');
  await world.run();
  assert.equal(receiver.got.length, 1);
  world.clock.now += 2 * LOST_AFTER_MS;
  assert.equal(await sweep(world.ports), 0, 'nothing is left of it');
});

test('a delivery that waits in its queue has one task, one that was lost has another in time', async (t) => {
  const world = createWorld(t, { slow: { deliver: 1e-12 } });
  // the one that the queue hands out
  const first = { deliveryId: 'none', webhookId: 'w', tries: 0 };
  await world.queue.create([deliveryTask(first)]);
  await world.settle();
  const all = ['waiting', 'lost', 'retried'].map((id) => ({ ...deliveryOf('w'), id }));
  await world.store.createDeliveries(all);
  const [waiting, lost, retried] = all.map(({ id }) => ({ ...first, deliveryId: id }));
  await world.queue.create([deliveryTask(waiting!)]);
  // its queue tries a delivery again after up to an hour
  await world.queue.create([deliveryTask(retried!, 'first', NOW + 60 * MINUTE)]);
  const queued: string[] = [];
  world.ports.queue = {
    ...world.queue,
    create: (tasks) => {
      queued.push(...tasks.map((it) => it.name));
      return world.queue.create(tasks);
    },
  };
  for (let minute = 1; minute <= 180; minute++) {
    world.clock.now = NOW + minute * MINUTE;
    await sweep(world.ports);
    await world.settle();
    assert.equal(queued.length, minute < 15 ? 0 : 1);
  }
  assert.match(queued[0]!, /^delivery\/lost\/0\/sweep-/);
  assert.equal((await world.store.getDelivery(lost!.deliveryId))?.task?.slice(0, 6), 'sweep-');
});

test('a task of a delivery that was queued again since ends, and nothing is posted by it', async (t) => {
  const world = createWorld(t);
  const receiver = await createReceiver(t);
  await world.store.addWebhook(webhookOf({ id: 'w', url: receiver.url, secrets: [] }), 9);
  const it = deliveryOf('w');
  await world.store.createDeliveries([it]);
  const body = { deliveryId: it.id, webhookId: 'w', tries: 0 };
  await world.store.noteTasks([{ kind: 'delivery', deliveryId: it.id, task: 'sweep-1' }]);
  await world.queue.create([deliveryTask(body)]);
  await world.settle();
  assert.equal(receiver.got.length, 0);
  await world.queue.create([deliveryTask({ ...body, task: 'sweep-1' })]);
  await receiver.until(() => receiver.got.length === 1);
  await world.run();
  const { state, task } = (await world.store.getDelivery(it.id))!;
  assert.deepEqual([state, task, receiver.got.length], ['delivered', undefined, 1]);
});

/**
 * A campaign to 100 million by FCM is 100,000 chunks in a queue of three hours, and had 939,000 dead
 * tasks. This is a fiftieth of it, in a queue as long, one task in a hundred lost.
 */
test('a queue that is hours long has 1.05 tasks a chunk at most, and no lost chunk waits on', async (t) => {
  const chunks = 2000;
  const world = createWorld(t, { slow: { 'send-fcm-now': chunks / (3 * 3600) } });
  const id = await running(world.store);
  const chunk = { expiresAt: NOW + 9 * 3600_000 };
  const page = pageOf(id, Array(chunks).fill(1), { last: true, chunk });
  await world.store.freezePage(page);
  let created = 0;
  const missed: number[] = [];
  world.ports.queue = {
    ...world.queue,
    create: (tasks) => {
      const sends = tasks.filter((it) => it.body.kind === 'send');
      if (created > 0 && sends.length > 0) missed.push(world.clock.now - NOW);
      const kept = tasks.filter((it) => it.body.kind !== 'send' || ++created % 100 !== 0);
      return world.queue.create(kept);
    },
  };
  await world.ports.queue.create(page.chunks.map((it) => sendTask(sendable(it), 'first')));
  const each = (3 * 3600_000) / chunks;
  for (let sweptAt = NOW; world.clock.now < NOW + 200 * MINUTE; ) {
    world.clock.now += each;
    if (world.clock.now >= sweptAt + MINUTE) {
      sweptAt += MINUTE;
      world.clock.now = Math.ceil(world.clock.now);
      await sweep(world.ports);
    }
    await world.settle();
  }
  assert.equal((await world.closed(id)).accepted, chunks);
  assert.equal(world.script.sent.length, chunks);
  assert.ok(created <= 1.05 * chunks, `${created} tasks of ${chunks} chunks`);
  assert.ok(missed[0]! < LOST_AFTER_MS + MINUTE, `${missed[0]}`);
  t.diagnostic(`${created} tasks of ${chunks} chunks`);
});

test('work whose new task is lost too is found again', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { lost, stop } = lose(world, 'send');
  const id = await world.campaign();
  for (let i = 0; i < 3; i++) {
    await world.run();
    world.clock.now += LOST_AFTER_MS;
    await sweep(world.ports);
  }
  assert.equal(new Set(lost).size, 4, 'each time under another name');
  stop();
  world.clock.now += LOST_AFTER_MS;
  await sweep(world.ports);
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
});

test('a chunk whose worker died is taken up when its lease is over', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { stop } = lose(world, 'send');
  const id = await world.send();
  stop();
  const dead = { id: 'dead', until: NOW + LEASE_MS };
  assert.equal((await world.store.claimChunk(`${id}.0.0.0`, dead, NOW)).kind, 'claimed');
  world.clock.now += LEASE_MS;
  assert.equal(await sweep(world.ports), 1);
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
});

test('a campaign whose event was not published is announced by a sweep, once', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { events } = world.ports;
  world.ports.events = {
    publish: async () => {
      throw new Error('killed');
    },
  };
  const id = await world.send();
  assert.equal(await world.stateOf(id), 'completed');
  assert.equal(world.announced.length, 0);
  world.ports.events = events;
  world.clock.now += MINUTE;
  assert.equal(await sweep(world.ports), 3, 'accepted, started, completed');
  await world.run();
  await world.closed(id);
  world.clock.now += LOST_AFTER_MS;
  assert.equal(await sweep(world.ports), 0);
  assert.equal(world.announced.length, 1);
});

test('sweeps at the same time share the work, more than one batch of it', async (t) => {
  const world = createWorld(t);
  for (let i = 0; i < 600; i++) await world.store.createCampaign(campaignOf(), null, NOW);
  const queued: string[] = [];
  world.ports.queue = {
    ...world.queue,
    create: async (tasks) => void queued.push(...tasks.map((it) => it.name)),
  };
  const taken = await Promise.all([sweep(world.ports), sweep(world.ports), sweep(world.ports)]);
  assert.equal(taken[0]! + taken[1]! + taken[2]!, 600);
  assert.equal(new Set(queued).size, 600);
  assert.equal(queued.length, 600);
});

test('a campaign at work is left alone', async (t) => {
  const world = createWorld(t);
  await world.people(1000);
  world.script.answer = async ({ index }) => {
    if (index % 100 === 0) assert.equal(await sweep(world.ports), 0);
    return accepted;
  };
  const id = await world.send();
  await world.closed(id);
});
