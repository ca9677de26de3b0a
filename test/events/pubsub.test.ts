/** Uses the official Pub/Sub emulator, which pushes to a real HTTP server of ours. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createPubSubEvents } from '../../functions/events/pubsub.ts';
import { receivePush } from '../../functions/events/push.ts';
import { createLog } from '../../functions/log.ts';
import type { CampaignEvent } from '../../functions/model/event.ts';
import { eventsContract } from '../contracts/events.ts';
import { freshProject, withoutEmulators } from '../emulators.ts';
import { PATIENT_MS, until } from '../until.ts';

const skip = withoutEmulators('pubsub');
const emulatorHost = process.env.PUBSUB_EMULATOR_HOST;

async function emulator(method: string, path: string, body: unknown = {}) {
  const response = await fetch(`http://${emulatorHost}/v1/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(method !== 'GET' && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text || '{}');
}

async function serve(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The emulator on a busy machine may take longer for a publish than the product waits. */
function patient(t: TestContext) {
  const { timeout } = AbortSignal;
  t.mock.method(AbortSignal, 'timeout', (ms: number) =>
    timeout.call(AbortSignal, Math.max(ms, PATIENT_MS)),
  );
}

/** A topic with a push subscription, as infra/ makes them, but without the OIDC token. */
async function makeTopic(t: TestContext, { deadLetter = false } = {}) {
  patient(t);
  const project = freshProject();
  const name = (kind: string, id: string) => `projects/${project}/${kind}/${id}`;
  await emulator('PUT', name('topics', 'volley-events'));
  if (deadLetter) {
    await emulator('PUT', name('topics', 'volley-events-dead'));
    await emulator('PUT', name('subscriptions', 'volley-events-dead'), {
      topic: name('topics', 'volley-events-dead'),
    });
  }
  let hear: (event: CampaignEvent) => Promise<void> = () => Promise.reject(new Error('too early'));
  const logged: string[] = [];
  const statuses: number[] = [];
  const url = await serve(t, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const log = createLog((line) => logged.push(line));
    const status = await receivePush(JSON.parse(text), (event) => hear(event), log);
    statuses.push(status);
    response.writeHead(status).end();
  });
  const subscription = name('subscriptions', 'volley-events');
  await emulator('PUT', subscription, {
    topic: name('topics', 'volley-events'),
    pushConfig: { pushEndpoint: url },
    ackDeadlineSeconds: 10,
    retryPolicy: { minimumBackoff: '0.1s', maximumBackoff: '1s' },
    ...(deadLetter && {
      deadLetterPolicy: {
        deadLetterTopic: name('topics', 'volley-events-dead'),
        maxDeliveryAttempts: 5,
      },
    }),
  });
  // else the emulator would keep messages for a server that is gone
  t.after(() => emulator('DELETE', subscription));
  return {
    project,
    name,
    logged,
    statuses,
    events: createPubSubEvents({ project, topic: 'volley-events', emulatorHost }),
    start(receive: typeof hear) {
      hear = receive;
    },
    until,
  };
}

eventsContract('Pub/Sub', (t) => makeTopic(t), { skip });

const event: CampaignEvent = {
  id: 'e',
  type: 'campaign.completed',
  subject: 'c',
  app: 'default',
  at: 1,
  data: { a: 1 },
};
const garbage = Buffer.from('{"specversion":"1.0","type":"volley.party"}').toString('base64');

test('a message that cannot be read ends in the dead-letter topic', {
  skip,
}, async (t) => {
  const { name, logged, statuses, start, events } = await makeTopic(t, { deadLetter: true });
  const heard: string[] = [];
  start(async ({ id }) => {
    heard.push(id);
  });
  await emulator('POST', `${name('topics', 'volley-events')}:publish`, {
    messages: [{ data: garbage, attributes: { id: 'odd' } }],
  });
  await events.publish(event);
  const dead = `${name('subscriptions', 'volley-events-dead')}:pull`;
  const parked = await until(async () => {
    const request = { maxMessages: 10, returnImmediately: true };
    const { receivedMessages } = await emulator('POST', dead, request);
    return receivedMessages as { message: { data: string } }[] | undefined;
  }, 50);
  assert.deepEqual(
    parked.map(({ message }) => message.data),
    [garbage],
  );
  await until(() => heard.length > 0);
  assert.deepEqual(heard, ['e']);
  const refused = statuses.filter((it) => it === 422).length;
  assert.equal(
    refused,
    logged.filter((line) => /this version does not know the type/.test(line)).length,
  );
  // while it moves it there the emulator may deliver it once more
  assert.ok(refused >= 5, `${refused} deliveries`);
});

test('a topic that does not exist fails without retries', { skip }, async () => {
  const events = createPubSubEvents({ project: freshProject(), topic: 'gone', emulatorHost });
  await assert.rejects(events.publish(event), /publish to the topic gone: 404/);
});

/** Gives the answers in turn, then the last one again and again; null cuts the connection. */
async function flaky(t: TestContext, answers: (number | null)[]) {
  const seen: { body: unknown; authorization: string | undefined; url: string | undefined }[] = [];
  const url = await serve(t, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { authorization } = request.headers;
    seen.push({ body: JSON.parse(text), authorization, url: request.url });
    const status = answers.length > 1 ? answers.shift()! : answers[0]!;
    if (status === null) request.socket.destroy();
    else response.writeHead(status).end('{}');
  });
  const events = createPubSubEvents({
    project: 'p',
    topic: 'volley-events',
    emulatorHost: new URL(url).host,
    random: () => 0,
    accessToken: async () => 'a-token',
  });
  return { seen, events };
}

test('a publish that gets a cut connection, 429 or 503 is tried again', async (t) => {
  const { seen, events } = await flaky(t, [null, 429, 503, 200]);
  await events.publish({ ...event, at: 1_800_000_000_123 });
  assert.equal(seen.length, 4);
  const { body, authorization, url } = seen[3]!;
  assert.equal(url, '/v1/projects/p/topics/volley-events:publish');
  assert.equal(authorization, 'Bearer a-token');
  const [message] = (body as { messages: { data: string; attributes: object }[] }).messages;
  assert.deepEqual(JSON.parse(Buffer.from(message!.data, 'base64').toString()), {
    specversion: '1.0',
    id: 'e',
    type: 'campaign.completed',
    source: 'volley',
    subject: 'c',
    time: '2027-01-15T08:00:00.123Z',
    app: 'default',
    data: { a: 1 },
    datacontenttype: 'application/json',
  });
  assert.deepEqual(message!.attributes, {
    'content-type': 'application/cloudevents+json',
    id: 'e',
    type: 'campaign.completed',
  });
});

test('a publish that is refused is not tried again', async (t) => {
  const { seen, events } = await flaky(t, [403]);
  await assert.rejects(events.publish(event), /does not let us publish .* 403/);
  assert.equal(seen.length, 1);
});

test('a push that is no event of ours is refused, and never quoted', async () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
  const good = { specversion: '1.0', id: 'e', type: 'campaign.completed', subject: 'c', data: {} };
  const time = '2027-01-15T08:00:00Z';
  const pushes: unknown[] = [
    ...[null, undefined, 'text', [], {}, { message: null }, { message: [] }],
    ...[{ message: {} }, { message: { data: 7 } }, { message: { data: 'not base64 at all!' } }],
    ...[
      null,
      [],
      { secret: 'hunter2' },
      { ...good, time, specversion: '0.3' },
      { ...good, time, type: 'campaign.forgotten' },
      { ...good, time, data: 'text' },
      { ...good, time, app: 7 },
      { ...good, time: 'soon' },
      { ...good, time, id: '' },
      { ...good, time, subject: { a: 'hunter2' } },
      { ...good, time, id: 'x'.repeat(2000) },
    ].map((it) => ({ message: { data: encode(it), messageId: '1' } })),
  ];
  const logged: string[] = [];
  for (const push of pushes) {
    const heard = () => Promise.reject(new Error('was heard'));
    assert.equal(
      await receivePush(
        push,
        heard,
        createLog((line) => logged.push(line)),
      ),
      422,
    );
  }
  assert.equal(logged.length, pushes.length);
  assert.doesNotMatch(logged.join(''), /hunter2|xxxx/);
});
