/** Uses the official Pub/Sub emulator. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { suite, type TestContext, test } from 'node:test';
import { v1 } from '@google-cloud/pubsub';
import { createPubSubDeadLetters } from '../../functions/events/dead-letters.ts';
import { noDeadLetters } from '../../functions/http/dead-letters.ts';
import { cli } from '../cli/fixture.ts';
import { freshProject, withoutEmulators } from '../emulators.ts';
import { until } from '../until.ts';
import './patient.ts';

const skip = withoutEmulators('pubsub');
const emulatorHost = process.env.PUBSUB_EMULATOR_HOST;
const dying = new URL('dying-redrive.ts', import.meta.url);
/** For a redrive that ends by what it does, not by its time. */
const now = () => 0;

async function emulator(method: string, path: string, body: unknown = {}) {
  const response = await fetch(`http://${emulatorHost}/v1/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text || '{}');
}

type Message = { data: string; attributes: Record<string, string> };

/** The topic of events with a subscription, and the dead letters. */
async function world(t: TestContext, ackDeadlineSeconds = 600) {
  const project = freshProject();
  const at = (kind: string, id: string) => `projects/${project}/${kind}/${id}`;
  for (const [topic, subscription] of [
    ['events', 'heard'],
    ['dead', 'dead'],
  ]) {
    await emulator('PUT', at('topics', topic!));
    const body = { topic: at('topics', topic!), ackDeadlineSeconds };
    await emulator('PUT', at('subscriptions', subscription!), body);
  }
  const ids = { project, topic: 'events', subscription: 'dead' };
  const deadLetters = createPubSubDeadLetters({ ...ids, emulatorHost, now });
  t.after(() => deadLetters.close());
  return {
    deadLetters,
    ids,
    async bury(names: string[]) {
      for (const id of names) {
        const attributes = { id, type: 'campaign.completed' };
        const added = { CloudPubSubDeadLetterSourceDeliveryCount: '20' };
        const data = Buffer.from(`{"id":"${id}"}`).toString('base64');
        const messages = [{ data, attributes: { ...attributes, ...added } }];
        await emulator('POST', `${at('topics', 'dead')}:publish`, { messages });
      }
    },
    /** the events that subscribers got and acknowledged */
    async heard(): Promise<Message[]> {
      const path = at('subscriptions', 'heard');
      const all: Message[] = [];
      for (;;) {
        const request = { maxMessages: 1000, returnImmediately: true };
        const { receivedMessages = [] } = await emulator('POST', `${path}:pull`, request);
        if (receivedMessages.length === 0) return all;
        const ackIds = receivedMessages.map((it: { ackId: string }) => it.ackId);
        await emulator('POST', `${path}:acknowledge`, { ackIds });
        all.push(...receivedMessages.map((it: { message: Message }) => it.message));
      }
    },
  };
}

const named = (count: number) => Array.from({ length: count }, (_, n) => `event-${1000 + n}`);
const published = (redriven: number) => ({ redriven, refused: [] });
const idsOf = (them: { attributes: Record<string, string> }[]) =>
  them.map((it) => it.attributes.id!);

// side by side: they wait for Pub/Sub
suite('dead letters', { concurrency: true }, () => {
  test('dead letters are listed oldest first and stay; redriven, they are published unchanged and removed', {
    skip,
  }, async (t) => {
    const { deadLetters, bury, heard } = await world(t);
    const names = named(3);
    await bury(names);
    // twice: the first list must not hide them from the second
    for (const list of [await deadLetters.list(), await deadLetters.list()]) {
      assert.deepEqual(idsOf(list), names);
      const [{ attempts, attributes, data, deadAt }] = list as [(typeof list)[0]];
      assert.deepEqual([attempts, data], [20, '{"id":"event-1000"}']);
      assert.deepEqual(attributes, { id: 'event-1000', type: 'campaign.completed' });
      assert.ok(Math.abs(deadAt - Date.now()) < 10 * 60_000, String(deadAt));
    }
    assert.deepEqual(await heard(), []);
    assert.deepEqual(await deadLetters.redrive(), published(3));
    const told = await heard();
    assert.deepEqual(idsOf(told).sort(), names);
    for (const { attributes, data } of told) {
      assert.deepEqual(attributes, { id: attributes.id, type: 'campaign.completed' });
      assert.equal(Buffer.from(data, 'base64').toString(), `{"id":"${attributes.id}"}`);
    }
    assert.deepEqual(await deadLetters.list(), []);
    assert.deepEqual(await deadLetters.redrive(), published(0));
  });

  test('a call redrives a hundred, the next call the others', { skip }, async (t) => {
    const { deadLetters, bury, heard } = await world(t);
    await bury(named(105));
    assert.deepEqual(await deadLetters.redrive(), published(100));
    assert.deepEqual(await deadLetters.redrive(), published(5));
    assert.deepEqual(idsOf(await heard()).sort(), named(105));
  });

  test('a process that is killed between publishing and acknowledging loses nothing', {
    skip,
  }, async (t) => {
    // messages that a dead process holds come back after this time, the shortest that Pub/Sub allows
    const { deadLetters, ids, bury, heard } = await world(t, 10);
    const names = named(3);
    await bury(names);
    const child = fork(dying, [JSON.stringify({ ...ids, emulatorHost })], { stdio: 'inherit' });
    t.after(() => child.kill('SIGKILL'));
    const [code, signal] = await once(child, 'exit');
    assert.deepEqual([code, signal], [null, 'SIGKILL']);
    const heardFirst = idsOf(await heard());
    assert.equal(heardFirst.length, 1, 'it died after it had published one');

    const listed = await until(async () => {
      const ids = idsOf(await deadLetters.list());
      return ids.length >= names.length && ids;
    });
    assert.deepEqual(listed.toSorted(), names, 'also the one that was published');
    assert.deepEqual(await deadLetters.redrive(), published(3));
    assert.deepEqual(idsOf(await heard()).sort(), names);
    assert.deepEqual(await deadLetters.list(), []);
  });

  test('a dead letter that the topic refuses keeps none behind it from being published', {
    skip,
  }, async (t) => {
    const { deadLetters, ids, bury, heard } = await world(t);
    const added = { CloudPubSubDeadLetterSourceDeliveryCount: '20' };
    const empty = { messages: [{ data: '', attributes: added }] };
    const topic = `projects/${ids.project}/topics/dead:publish`;
    const { messageIds } = await emulator('POST', topic, empty);
    await bury(named(2));
    const { redriven, refused } = await deadLetters.redrive();
    assert.equal(redriven, 2);
    assert.deepEqual(
      refused.map(({ id }) => id),
      messageIds,
    );
    assert.match(refused[0]!.reason, /empty/);
    assert.deepEqual(idsOf(await heard()).sort(), named(2));
    assert.equal((await deadLetters.list()).length, 1, 'it is still listed');
  });

  test('the embedded engine has no dead letters, and the command line says so', async (t) => {
    assert.deepEqual(
      [await noDeadLetters.list(), await noDeadLetters.redrive()],
      [[], published(0)],
    );
    const { volley } = await cli(t);
    assert.equal((await volley('events', 'dead-letters')).stdout, 'none\n');
    assert.equal((await volley('events', 'redrive')).stdout, '0 published again\n');
  });
});

// one after the other: they replace methods of the client library
test('a failure between publishing and acknowledging publishes twice and loses nothing', {
  skip,
}, async (t) => {
  const { deadLetters, bury, heard } = await world(t);
  const names = named(3);
  await bury(names);
  const { prototype } = v1.SubscriberClient;
  const broken = t.mock.method(prototype, 'acknowledge', async () => {
    throw new Error('no answer');
  });
  await assert.rejects(deadLetters.redrive(), /no answer/);
  assert.equal(broken.mock.callCount(), 1);
  broken.mock.restore();
  assert.deepEqual(await deadLetters.redrive(), published(3));
  assert.deepEqual(idsOf(await heard()).sort(), [names[0], ...names].sort());
});

test('a list that gets no answer is empty, and a redrive publishes nothing', {
  skip,
}, async (t) => {
  const { deadLetters } = await world(t);
  t.mock.method(v1.SubscriberClient.prototype, 'pull', async () => {
    throw Object.assign(new Error('no answer in time'), { code: 4 });
  });
  assert.deepEqual(await deadLetters.list(), []);
  assert.deepEqual(await deadLetters.redrive(), published(0));
});

test('a dead letter that cannot be published stays', { skip }, async (t) => {
  const { deadLetters, bury, heard } = await world(t);
  await bury(named(2));
  const broken = t.mock.method(v1.PublisherClient.prototype, 'publish', async () => {
    throw new Error('refused');
  });
  await assert.rejects(deadLetters.redrive(), /refused/);
  broken.mock.restore();
  assert.deepEqual(idsOf(await deadLetters.list()), named(2));
  assert.deepEqual(await heard(), []);
});

test('letters that come one by one are pulled for some seconds, then published', {
  skip,
}, async (t) => {
  const { ids, bury, heard } = await world(t);
  let time = 0;
  const slow = createPubSubDeadLetters({ ...ids, emulatorHost, now: () => time });
  t.after(() => slow.close());
  await bury(named(30));
  const pull = v1.SubscriberClient.prototype.pull as (...all: unknown[]) => Promise<unknown>;
  t.mock.method(
    v1.SubscriberClient.prototype,
    'pull',
    function one(this: unknown, request: object, options: unknown) {
      time += 1500;
      return pull.call(this, { ...request, maxMessages: 1 }, options);
    },
  );
  assert.deepEqual(await slow.redrive(), published(6));
  assert.equal((await heard()).length, 6);
});
