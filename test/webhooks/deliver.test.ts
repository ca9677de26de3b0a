/** Deliveries of events to real servers. The clock moves only when a test moves it. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EventType } from '../../functions/model/event.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import type { Webhook } from '../../functions/model/webhook.ts';
import { PROGRESS_EVERY_MS } from '../../functions/pipeline/listeners.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { createPoster } from '../../functions/webhooks/post.ts';
import { RETRY_FOR_MS } from '../../functions/webhooks/retry.ts';
import { makeSecret } from '../../functions/webhooks/sign.ts';
import { webhookOf } from '../contracts/store-webhooks.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld, DAY, MINUTE, NOW, type World } from '../pipeline/world.ts';
import { createReceiver, type Got, type Receiver, status } from './receiver.ts';

const COURSE: EventType[] = ['campaign.accepted', 'campaign.started', 'campaign.completed'];

async function hook(world: World, receiver: { url: string }, rest: Partial<Webhook> = {}) {
  const webhook = webhookOf({
    url: receiver.url,
    types: COURSE,
    secrets: [{ secret: makeSecret(), until: null }],
    ...rest,
  });
  await world.store.addWebhook(webhook, 99);
  return webhook;
}

async function start(t: TestContext, options: Parameters<typeof createWorld>[1] = {}) {
  const world = createWorld(t, options);
  const receiver = await createReceiver(t);
  await world.people(10);
  return { world, receiver };
}

const read = ({ body }: Got) =>
  JSON.parse(body) as { id: string; type: EventType; data: Record<string, unknown> };
const typesOf = ({ got }: Receiver) => got.map((it) => read(it).type).toSorted();
const deliveries = async (world: World, { id }: Webhook) =>
  (await world.store.listDeliveries(id, null, 100)).items;

test('a webhook gets each event of its types once, as a CloudEvent', async (t) => {
  const { world, receiver } = await start(t);
  const webhook = await hook(world, receiver);
  const id = await world.campaign();
  await world.run();
  await world.closed(id);
  assert.deepEqual(typesOf(receiver), COURSE.toSorted());
  const completed = receiver.got.find((it) => read(it).type === 'campaign.completed')!;
  assert.equal(completed.headers['content-type'], 'application/cloudevents+json; charset=utf-8');
  const time = new Date(NOW).toISOString();
  assert.deepEqual(read(completed), {
    specversion: '1.0',
    id: `${id}-completed-3`,
    source: 'volley',
    type: 'campaign.completed',
    subject: id,
    time,
    datacontenttype: 'application/json',
    app: 'default',
    data: {
      campaign: {
        id,
        app: 'default',
        name: 'Autumn',
        state: 'completed',
        reason: null,
        createdAt: time,
      },
      counts: { recipients: 10, accepted: 10, failed: 0, skipped: 0, pending: 0 },
      closedAt: time,
      reasons: [],
    },
  });
  for (const it of receiver.got) assert.equal(it.headers['webhook-id'], read(it).id);
  const all = await deliveries(world, webhook);
  assert.deepEqual(
    all.map((it) => [it.state, it.attempts.length, it.attempts[0]?.status]),
    Array(3).fill(['delivered', 1, 204]),
  );
});

test('a webhook gets only the events it subscribes to: by app, by campaign, by type', async (t) => {
  const { world, receiver } = await start(t);
  await hook(world, { url: `${receiver.url}/app` }, { app: 'default' });
  await hook(world, { url: `${receiver.url}/other` }, { app: 'other' });
  await hook(world, { url: `${receiver.url}/type` }, { types: ['campaign.paused'] });
  await hook(world, { url: `${receiver.url}/off` }, { disabled: { reason: 'off', at: NOW } });
  const id = await world.campaign();
  await hook(world, { url: `${receiver.url}/one` }, { campaignId: id });
  await hook(world, { url: `${receiver.url}/another` }, { campaignId: 'another' });
  await world.run();
  const paths = receiver.got.map((it) => it.path).toSorted();
  assert.deepEqual(paths, [...Array(3).fill('/hook/app'), ...Array(3).fill('/hook/one')]);
});

test('a dead webhook is retried for three days, and does not disturb another one', async (t) => {
  const { world, receiver } = await start(t);
  const dead = await createReceiver(t);
  dead.answer = status(500);
  const well = await hook(world, receiver);
  const ill = await hook(world, dead, { types: ['campaign.completed'] });
  await world.campaign();
  await world.run(NOW + MINUTE);
  assert.equal(receiver.got.length, 3, 'without a wait');
  await world.run();
  assert.equal(receiver.got.length, 3);
  assert.equal((await world.store.getWebhook(well.id))?.failingSince, null);

  const [delivery] = await deliveries(world, ill);
  assert.equal(delivery?.state, 'failed');
  const times = delivery!.attempts.map((it) => it.at);
  assert.equal(times.length, dead.got.length);
  assert.ok(times.length > 12 && times.length < 40, `${times.length} attempts`);
  assert.equal(times.at(-1), NOW + RETRY_FOR_MS, 'the last one at the end');
  assert.equal(new Set(dead.got.map((it) => it.headers['webhook-id'])).size, 1);
  const stamps = dead.got.map((it) => it.headers['webhook-timestamp']);
  assert.equal(new Set(stamps).size, stamps.length, 'each attempt is signed for its own time');

  const after = await world.store.getWebhook(ill.id);
  assert.match(after?.disabled?.reason ?? '', /for days/);
  assert.equal(world.logged.webhookDisabled?.length, 1);
  assert.equal(world.told.filter((it) => it.type === 'webhook.disabled').length, 1);
});

test('the other webhooks are told that one was disabled', async (t) => {
  const { world, receiver } = await start(t);
  const gone = await createReceiver(t);
  gone.answer = status(410);
  await hook(world, receiver, { types: ['webhook.disabled'] });
  const webhook = await hook(world, gone);
  await world.campaign();
  await world.run();
  assert.ok(gone.got.length <= 3, '410 ends it immediately');
  const [told] = receiver.got.map(read);
  assert.equal(receiver.got.length, 1);
  assert.deepEqual(told?.data, {
    webhookId: webhook.id,
    host: new URL(gone.url).host,
    reason: 'it answered 410 Gone',
  });
  const states = (await deliveries(world, webhook)).map((it) => it.state);
  assert.deepEqual(new Set(states), new Set(['failed']));
  const before = gone.got.length;
  await world.campaign();
  await world.run();
  assert.equal(gone.got.length, before);
});

test('an endpoint that recovers gets the events it missed, and is not disabled', async (t) => {
  const { world, receiver } = await start(t);
  receiver.answer = status(503);
  const webhook = await hook(world, receiver, { types: ['campaign.completed'] });
  await world.campaign();
  await world.run(NOW + DAY);
  assert.notEqual((await world.store.getWebhook(webhook.id))?.failingSince, null);
  receiver.answer = status(200);
  await world.run();
  const [delivery] = await deliveries(world, webhook);
  assert.equal(delivery?.state, 'delivered');
  const after = await world.store.getWebhook(webhook.id);
  assert.deepEqual([after?.failingSince, after?.disabled], [null, null]);
});

test('Retry-After is honoured, in seconds and as a date', async (t) => {
  const post = createPoster({ local: true, now: () => world.clock.now });
  const { world, receiver } = await start(t, { post });
  const answers = ['7200', new Date(NOW + 5 * 3600_000).toUTCString()];
  receiver.answer = (it, response) => {
    const after = answers.shift();
    status(after ? 429 : 204, after ? { 'Retry-After': after } : {})(it, response);
  };
  const webhook = await hook(world, receiver, { types: ['campaign.completed'] });
  await world.campaign();
  await world.run();
  const [delivery] = await deliveries(world, webhook);
  const [first, second, third] = delivery!.attempts.map((it) => it.at - NOW);
  assert.deepEqual([first, second, third], [0, 7200_000, 5 * 3600_000]);
});

test('a stalling endpoint does not take the room of others', async (t) => {
  const stalled = await createReceiver(t);
  // where a post is answered, it has the time that it takes
  const [hasty, patient] = [
    createPoster({ local: true, deadlineMs: 400 }),
    createPoster({ local: true }),
  ];
  const { world, receiver } = await start(t, {
    post: (url, ...rest) => (url === stalled.url ? hasty : patient)(url, ...rest),
  });
  let [now, most] = [0, 0];
  stalled.answer = (_, response) => {
    most = Math.max(most, ++now);
    response.once('close', () => now--);
  };
  await hook(world, stalled, { types: [...COURSE, 'push.failed'] });
  await hook(world, receiver);
  const ids = await Promise.all(Array.from({ length: 6 }, () => world.campaign()));
  await world.run(NOW + 10_000);
  for (const id of ids) await world.closed(id);
  assert.equal(new Set(receiver.got.map((it) => read(it).id)).size, 18);
  assert.ok(most <= 4, `${most} at the same time`);
  assert.ok(stalled.got.length >= 4);
});

test('webhooks that ask for them get final failures and dead devices, in parts', async (t) => {
  const world = createWorld(t);
  const receiver = await createReceiver(t);
  await world.people(250);
  world.script.answer = ({ index }) =>
    index < 130
      ? { kind: 'unregistered', reason: 'UNREGISTERED', since: NOW - 1 }
      : index < 140
        ? { kind: 'rejected', reason: 'INVALID_ARGUMENT' }
        : accepted;
  await hook(world, receiver, { types: ['push.failed', 'installation.unregistered'] });
  const id = await world.campaign();
  await world.run();
  await world.closed(id);
  assert.deepEqual(typesOf(receiver), [
    ...Array(2).fill('installation.unregistered'),
    ...Array(2).fill('push.failed'),
  ]);
  const events = receiver.got.map(read);
  const listed = (type: EventType, field: string) =>
    events
      .filter((it) => it.type === type)
      .flatMap((it) => it.data[field] as { installationId?: string; id?: string }[]);
  const failed = listed('push.failed', 'failures');
  assert.equal(new Set(failed.map((it) => it.installationId)).size, 140);
  const gone = listed('installation.unregistered', 'installations');
  assert.equal(new Set(gone.map((it) => it.id)).size, 130);
  assert.ok(!receiver.got.some((it) => it.body.includes('token-of')), 'no tokens');
});

test('a campaign without webhooks stores no events of its chunks', async (t) => {
  const { world, receiver } = await start(t);
  await hook(world, receiver, { types: COURSE });
  world.script.answer = () => ({ kind: 'rejected', reason: 'INVALID_ARGUMENT' });
  const stored: unknown[] = [];
  world.ports.store = {
    ...world.store,
    commitChunk: (commit) => {
      stored.push(commit.events);
      return world.store.commitChunk(commit);
    },
  };
  await world.campaign();
  await world.run();
  assert.deepEqual(stored, [undefined]);
  assert.deepEqual(
    world.told.map((it) => it.type),
    ['campaign.accepted', 'campaign.started', 'campaign.failed'],
  );
});

test('a running campaign reports progress, at most once in five seconds', async (t) => {
  const { world, receiver } = await start(t);
  await world.people(5000);
  await hook(world, receiver, { types: ['campaign.progress'] });
  const id = await world.campaign({ rate: { perMinute: 3000 } });
  await world.run();
  await world.closed(id);
  const times = receiver.got.map((it) =>
    Date.parse((read(it) as unknown as { time: string }).time),
  );
  assert.ok(times.length >= 5, `${times.length}`);
  for (const [i, at] of times.toSorted().entries())
    if (i > 0) assert.ok(at - times.toSorted()[i - 1]! >= PROGRESS_EVERY_MS);
  const counts = receiver.got.map((it) => read(it).data.counts as { accepted: number });
  assert.ok(counts.every((it) => it.accepted > 0 && it.accepted < 5000));
});

test('if a publisher dies between the write and the publish, the sweep publishes', async (t) => {
  const { world, receiver } = await start(t);
  await hook(world, receiver);
  const { events } = world.ports;
  world.ports.events = { publish: () => Promise.reject(new Error('killed')) };
  const id = await world.campaign();
  await world.run();
  assert.equal((await world.store.getCampaign(id))?.state, 'completed');
  assert.equal(receiver.got.length, 0);
  world.ports.events = events;
  world.clock.now += LOST_AFTER_MS;
  await sweep(world.ports);
  await world.run();
  assert.deepEqual(typesOf(receiver), COURSE.toSorted());
});

for (const what of ['delivered twice', 'in disorder'] as const)
  test(`tasks ${what} deliver every event, each with one id`, async (t) => {
    const unkind = what === 'in disorder' ? { disorder: true } : { duplicate: 1 };
    const { world, receiver } = await start(t, { unkind });
    const webhook = await hook(world, receiver);
    let failures = 3;
    receiver.answer = (it, response) => status(failures-- > 0 ? 500 : 204)(it, response);
    const id = await world.campaign();
    await world.run();
    await world.closed(id);
    assert.equal(new Set(receiver.got.map((it) => it.headers['webhook-id'])).size, 3);
    const states = (await deliveries(world, webhook)).map((it) => it.state);
    assert.deepEqual(states, Array(3).fill('delivered'));
  });

test('if a process dies after an attempt, before it queued the next, another task queues it', async (t) => {
  const { world, receiver } = await start(t);
  receiver.answer = status(500);
  const webhook = await hook(world, receiver, { types: ['campaign.completed'] });
  let deaths = 0;
  world.ports.queue = {
    ...world.queue,
    create: async (tasks) => {
      const next = tasks.some((it) => it.body.kind === 'delivery' && it.body.tries === 1);
      if (next && deaths++ < 2) throw new Error('killed');
      await world.queue.create(tasks);
    },
  };
  await world.campaign();
  await world.run(NOW + 2 * MINUTE);
  assert.equal(deaths, 3);
  receiver.answer = status(204);
  await world.run();
  const [delivery] = await deliveries(world, webhook);
  assert.equal(delivery?.state, 'delivered');
  assert.equal(delivery.tries, receiver.got.length);
});
