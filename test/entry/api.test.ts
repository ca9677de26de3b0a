/** The API as it is deployed: a process of the Functions Framework, and plain sockets to it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { Fn } from '../../functions/local/google/function.ts';
import { sharedEmulators, withoutEmulators } from '../emulators.ts';
import { type CloudWorld, createCloudWorld, faulty, noInstances } from '../world/cloud.ts';

const skip = withoutEmulators('firestore', 'pubsub');
let world: CloudWorld;
let api: Fn;
before(async () => {
  if (skip) return;
  world = await createCloudWorld({ instances: noInstances, ...sharedEmulators() });
  api = await world.start('api', { preload: [faulty] });
});
after(() => world?.close());

const ask = (
  method: string,
  path: string,
  type: string,
  body: string | ReadableStream | undefined,
) =>
  fetch(`${api.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': type },
    ...(body !== undefined && { body }),
    duplex: 'half',
  } as RequestInit);

test('JSON that is none gets a problem document, not the framework’s page', { skip }, async () => {
  for (const body of ['{"name": ', 'null', '']) {
    const response = await ask('POST', '/v1/campaigns', 'application/json', body);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.ok(((await response.json()) as Problem).faults!.length > 0);
  }
  const other = await ask('GET', '/favicon.ico', 'text/plain', undefined);
  assert.equal(other.status, 404);
  assert.equal(((await other.json()) as Problem).type, '/problems/not-found');
});

test('the body of a caller without a key is not waited for', { skip }, async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    'POST /v1/campaigns HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n' +
      'Content-Length: 900000000\r\n\r\n{"name": "',
  );
  const [answer] = await once(socket, 'data');
  assert.match(answer.toString(), /^HTTP\/1.1 401 /);
  socket.destroy();
});

test('an import larger than memory should hold is read as it comes', { skip }, async () => {
  // each line waits for the answer to have begun to be worked on: a server that buffers never asks
  const total = 128 * 1024 * 1024;
  const comment = `${'#'.repeat(1023)}\n`.repeat(64);
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent === 0) controller.enqueue(Buffer.from('id,app,platform,token\n'));
      if (sent >= total) return controller.close();
      sent += comment.length;
      controller.enqueue(Buffer.from(comment));
    },
  });
  const response = await ask('POST', '/v1/installations:import', 'text/csv', body);
  assert.ok(response.status < 500, `${response.status}`);
  await response.text();
  const { rssMb } = await api.usage();
  // it holds some 140 MB before, and garbage until it is collected
  assert.ok(rssMb < 320, `${Math.round(rssMb)} MB`);
});

test('a registration and a campaign go in, and the first task is queued', { skip }, async () => {
  const registration = { platform: 'ios', token: 'ab'.repeat(32) };
  const put = await ask(
    'PUT',
    '/v1/installations/phone',
    'application/json',
    JSON.stringify(registration),
  );
  assert.ok(put.ok, await put.text());
  const post = await ask(
    'POST',
    '/v1/campaigns',
    'application/json',
    JSON.stringify({ name: 'Hello', message: { title: 'Hello' }, audience: { everybody: true } }),
  );
  assert.equal(post.status, 202, await post.clone().text());
  const { id } = (await post.json()) as { id: string };
  assert.equal((await world.store.getCampaign(id))?.name, 'Hello');
  // the plan, and the tasks that wake planners and senders
  assert.ok((await world.cloud.tasks.stats()).created >= 1);
});

test('an unhandled rejection is logged, and no request is cut', { skip }, async () => {
  const asked = ask('GET', '/v1/campaigns', 'application/json', undefined);
  api.child.send('reject');
  assert.equal((await asked).status, 200);
  while (!api.output().includes('a library forgot to catch'))
    await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal((await ask('GET', '/v1/campaigns', 'text/plain', undefined)).status, 200);
});

test('after an uncaught exception the instance is drained and ends', { skip }, async () => {
  // 'exit' may come before the last of its output
  const closed = once(api.child, 'close');
  api.child.send('throw');
  assert.equal((await closed)[0], 1);
  assert.match(api.output(), /a library threw in a callback/);
  assert.match(api.output(), /"instance drained"/);
});
