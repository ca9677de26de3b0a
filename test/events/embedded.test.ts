import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createEmbeddedEvents, type EmbeddedEvents } from '../../functions/events/embedded.ts';
import type { CampaignEvent } from '../../functions/model/event.ts';
import type { EmbeddedQueue } from '../../functions/queue/embedded/queue.ts';
import { eventsContract } from '../contracts/events.ts';
import { makeEmbedded } from '../queue/embedded/harness.ts';

const run = (queue: EmbeddedQueue, events: EmbeddedEvents) =>
  queue.start(async ({ body }) => {
    assert.equal(body.kind, 'event');
    await events.deliver(body.event);
    return { kind: 'done' };
  });

function make(t: TestContext) {
  const harness = makeEmbedded(t);
  const events = createEmbeddedEvents(harness.queue);
  return {
    ...harness,
    events,
    async until(condition: () => boolean) {
      for (let step = 0; !condition(); step++) {
        assert.ok(step < 400, 'waited in vain');
        await harness.pass(25);
      }
    },
  };
}

eventsContract('embedded', async (t) => {
  const { queue, events, until } = make(t);
  return {
    events,
    until,
    start(receive) {
      events.subscribe(receive);
      run(queue, events);
    },
  };
});

const event: CampaignEvent = {
  id: 'e',
  type: 'campaign.completed',
  subject: 'c',
  app: 'default',
  at: 1,
  data: { a: 1 },
};

test('if one subscriber fails, the others do not get the event again', async (t) => {
  const { events, queue, logged } = make(t);
  const got: string[] = [];
  events.subscribe(async () => {
    got.push('well');
  });
  events.subscribe(async () => {
    got.push('ill');
    if (got.length < 4) throw new Error('503 from the webhook');
  });
  run(queue, events);
  await events.publish(event);
  const idle = queue.idle();
  for (let i = 0; i < 10; i++) {
    t.mock.timers.tick(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await idle;
  assert.deepEqual(got, ['well', 'ill', 'ill', 'ill']);
  assert.equal(logged.length, 2);
});

test('a subscriber may also throw synchronously', async () => {
  const events = createEmbeddedEvents({ create: async () => {} });
  let heard = 0;
  events.subscribe(() => {
    throw new Error('synchronous');
  });
  events.subscribe(async () => {
    heard++;
  });
  await assert.rejects(events.deliver(event), AggregateError);
  await assert.rejects(events.deliver(event), /1 subscribers? failed/);
  assert.equal(heard, 1);
});

test('a subscriber gets only what it wants, whatever the others want', async () => {
  const queued: unknown[] = [];
  const events = createEmbeddedEvents({ create: async (tasks) => void queued.push(...tasks) });
  const got: string[] = [];
  events.subscribe(async ({ type }) => {
    got.push(`webhooks ${type}`);
  });
  events.subscribe(
    async ({ type }) => {
      got.push(`console ${type}`);
    },
    async ({ type }) => type === 'campaign.completed',
  );
  const accepted: CampaignEvent = { ...event, id: 'a', type: 'campaign.accepted' };
  await events.publish(accepted);
  assert.equal(queued.length, 1);
  await events.deliver(accepted);
  await events.deliver(event);
  assert.deepEqual(got.toSorted(), [
    'console campaign.completed',
    'webhooks campaign.accepted',
    'webhooks campaign.completed',
  ]);
});

test('an event without subscribers counts as delivered', async () => {
  await createEmbeddedEvents({ create: async () => {} }).deliver(event);
});

test('publishing fails when the queue fails', async () => {
  const events = createEmbeddedEvents({ create: () => Promise.reject(new Error('disk full')) });
  await assert.rejects(events.publish(event), /disk full/);
});
