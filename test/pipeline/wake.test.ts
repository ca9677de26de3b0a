import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Audience } from '../../functions/model/campaign.ts';
import { descriptionOf, type Provider } from '../../functions/model/provider/registry.ts';
import { CHUNK_SIZE, shardsFor } from '../../functions/model/sizes.ts';
import type { Task } from '../../functions/model/tasks.ts';
import { reschedule } from '../../functions/pipeline/control/control.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { MOST_WOKEN } from '../../functions/pipeline/wake.ts';
import { createWorld, DAY, MINUTE, NOW } from './world.ts';

/** An engine whose senders are elsewhere; all tasks that it queues are noted. */
function sleeping(t: TestContext) {
  const world = createWorld(t);
  const { ports, queue } = world;
  const tasks: Task[] = [];
  ports.scalesToZero = true;
  ports.queue = {
    waiting: queue.waiting,
    async create(more) {
      tasks.push(...more);
      await queue.create(more);
    },
  };
  const wakes = () => tasks.filter(({ body }) => body.kind === 'wake');
  return { ...world, tasks, wakes };
}

/** The store says that an audience has this size. */
const sized = ({ store }: Pick<ReturnType<typeof sleeping>, 'store'>, size: Promise<number>) => {
  store.estimateAudience = () => size;
};

const summary = (tasks: Task[]) => {
  const counts: Record<string, number> = {};
  for (const { queue, at } of tasks) {
    const when = `${queue} ${(at ?? NOW) - NOW}`;
    counts[when] = (counts[when] ?? 0) + 1;
  }
  return counts;
};

/** As many as a provider takes in a second, and its queue hands out at a time. */
const most = (provider: Provider) =>
  Math.min(MOST_WOKEN, Math.ceil(descriptionOf(provider).perSecond / CHUNK_SIZE));

test('an accepted campaign wakes a sender for each chunk of the first second, and a planner for each shard', async (t) => {
  const world = sleeping(t);
  for (const [size, apns, fcm, plan] of [
    [0, 1, 1, 0],
    [CHUNK_SIZE, 1, 1, 0],
    [CHUNK_SIZE + 1, 2, 2, 0],
    [250_000, most('apns'), most('fcm'), shardsFor(250_000)],
    [1_000_000_000, most('apns'), most('fcm'), MOST_WOKEN],
  ] as const) {
    world.clock.now += MINUTE;
    world.tasks.length = 0;
    sized(world, Promise.resolve(size));
    await world.campaign();
    const at = world.clock.now - NOW;
    assert.deepEqual(summary(world.wakes()), {
      [`send-apns-now ${at}`]: apns,
      [`send-fcm-now ${at}`]: fcm,
      ...(plan > 0 && { [`plan ${at}`]: plan }),
    });
    await world.run();
    // each wake asks its sender to get ready, and so does the plan of this process
    assert.equal(world.script.warmed, apns + fcm + 2);
    world.script.warmed = 0;
  }
});

test('campaigns of the same minute wake their senders once', async (t) => {
  const world = sleeping(t);
  sized(world, Promise.resolve(0));
  await world.campaign();
  await world.campaign({ name: 'Winter' });
  assert.equal(new Set(world.wakes().map(({ name }) => name)).size, 2);
  await world.run();
  assert.equal(world.script.warmed, 2 + 2 * 2);
});

test('only providers that serve the audience and have credentials are woken', async (t) => {
  const world = sleeping(t);
  sized(world, Promise.resolve(0));
  const wokenFor = async (audience: Audience & { topic?: string }) => {
    world.tasks.length = 0;
    await world.campaign({ audience: audience as Audience });
    return world.wakes().map(({ queue }) => queue);
  };
  assert.deepEqual(await wokenFor({ platform: ['android'] }), ['send-fcm-now']);
  assert.deepEqual(await wokenFor({ topic: 'news' } as never), ['send-fcm-now']);
  const { senders } = world.ports;
  world.ports.senders = {
    apps: () => [],
    get: (app, provider, environment) =>
      provider === 'apns' ? senders.get(app, provider, environment) : null,
  };
  assert.deepEqual(await wokenFor({}), ['send-apns-now']);
});

test('named recipients need one sender, and no read to know that', async (t) => {
  const world = sleeping(t);
  world.store.estimateAudience = () => assert.fail('asked for the size');
  await world.campaign({ audience: { userIds: ['user-1'] } });
  assert.deepEqual(Object.values(summary(world.wakes())), [1, 1]);
});

test('a scheduled campaign wakes its senders half a minute ahead, also after it is moved', async (t) => {
  const world = sleeping(t);
  sized(world, Promise.resolve(0));
  const id = await world.campaign({ schedule: { at: NOW + DAY, timeZone: 'UTC' } as never });
  const ahead = (ms: number) => ({
    [`send-apns-now ${ms - 30_000}`]: 1,
    [`send-fcm-now ${ms - 30_000}`]: 1,
  });
  assert.deepEqual(summary(world.wakes()), ahead(DAY));
  world.tasks.length = 0;
  await reschedule(world.ports, id, { at: NOW + 2 * DAY }, 'key');
  assert.deepEqual(summary(world.wakes()), ahead(2 * DAY));
  await world.run(NOW + 2 * DAY - 30_000);
  assert.equal((await world.store.getCampaign(id))!.state, 'scheduled');
  assert.equal(world.script.warmed, 4, 'for both times, and not at the plan');
});

test('a time too far away for a queue: its senders are woken by the task that comes early', async (t) => {
  const world = sleeping(t);
  sized(world, Promise.resolve(0));
  await world.campaign({ schedule: { at: NOW + 40 * DAY, timeZone: 'UTC' } as never });
  assert.deepEqual(world.wakes(), []);
  // ten minutes before, by the sweep
  world.clock.now += 40 * DAY - 10 * MINUTE;
  await sweep(world.ports);
  await world.settle();
  assert.deepEqual(summary(world.wakes()), {
    [`send-apns-now ${40 * DAY - 30_000}`]: 1,
    [`send-fcm-now ${40 * DAY - 30_000}`]: 1,
  });
});

test('nothing of waking fails or holds up a campaign', async (t) => {
  const world = sleeping(t);
  const { create } = world.ports.queue;
  const faults: Record<string, () => void> = {
    'the queue of wakes fails': () => {
      world.ports.queue.create = async (tasks) => {
        if (tasks.some(({ body }) => body.kind === 'wake')) throw new Error('no such queue');
        await create(tasks);
      };
    },
    'the size is not known': () => sized(world, Promise.reject(new Error('no size'))),
    'the size does not come': () => sized(world, new Promise(() => {})),
    'the queue of wakes does not answer': () => {
      world.ports.queue.create = (tasks) =>
        tasks.some(({ body }) => body.kind === 'wake') ? new Promise(() => {}) : create(tasks);
    },
  };
  for (const [name, fault] of Object.entries(faults)) {
    world.ports.queue.create = create;
    world.tasks.length = 0;
    world.clock.now += MINUTE;
    fault();
    await world.campaign();
    assert.equal(world.tasks.filter(({ body }) => body.kind === 'plan').length, 1, name);
  }
});

test('a sender that cannot get ready ends its task all the same', async (t) => {
  const world = sleeping(t);
  sized(world, Promise.resolve(0));
  world.script.sender.warm = () => Promise.reject(new Error('no token'));
  await world.people(3);
  const id = await world.send();
  assert.equal(world.script.sent.length, 3);
  assert.equal((await world.store.getCampaign(id))!.state, 'completed');
  assert.deepEqual(world.logged.taskFailed ?? [], []);
});

test('where one process does it all no task is queued, and its connections open while it plans', async (t) => {
  const world = createWorld(t);
  await world.people(3);
  const id = await world.campaign();
  assert.equal(world.script.warmed, 0);
  await world.run();
  assert.equal(world.script.warmed, 2);
  await world.closed(id);
});
