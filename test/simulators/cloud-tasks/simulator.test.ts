/** The simulator of Cloud Tasks as Google's client and a handler see it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { protos } from '@google-cloud/tasks';
import { status } from '@grpc/grpc-js';
import { OAuth2Client } from 'google-auth-library';
import { forkCloudTasks } from '../../../functions/simulators/cloud-tasks/fork.ts';
import {
  type CloudTasksOptions,
  startCloudTasks,
} from '../../../functions/simulators/cloud-tasks/simulator.ts';
import { keptOpen } from '../../kept-open.ts';
import { clientOf, location, ms, oidc } from '../../queue/cloud-tasks/harness.ts';
import { until as comesTo } from '../../until.ts';

type Task = protos.google.cloud.tasks.v2.ITask;

const parent = `${location}/queues/q`;
const fast = { maxAttempts: 3, minBackoffMs: 20, maxBackoffMs: 1000, maxDoublings: 4 };

async function make(t: TestContext, options: Partial<CloudTasksOptions> = {}) {
  const simulator = await startCloudTasks({ queues: { [parent]: fast }, oidc, ...options });
  t.after(() => simulator.close());
  const client = await clientOf(t, simulator);
  return {
    simulator,
    client,
    create: async (task: Task) => (await client.createTask({ parent, task }))[0],
  };
}

interface Got {
  request: IncomingMessage;
  body: string;
  at: number;
}

async function handle(t: TestContext, answer: (n: number, response: ServerResponse) => void) {
  const got: Got[] = [];
  const server = createServer(keptOpen, async (request, response) => {
    const chunks = await request.toArray();
    got.push({ request, body: Buffer.concat(chunks).toString(), at: performance.now() });
    answer(got.length - 1, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/work?x=1`;
  const until = (count: number) => comesTo(() => got.length >= count);
  return { got, url, until };
}

const refused = (code: number) => (error: unknown) => {
  assert.equal((error as { code: number }).code, code, String(error));
  return true;
};
const answer = (response: ServerResponse, code: number, headers = {}) =>
  response.writeHead(code, headers).end('not read');

test('a task is a request with its headers, its body and what Cloud Tasks says of it', async (t) => {
  const { create } = await make(t);
  const { got, url, until } = await handle(t, (n, response) =>
    answer(response, [500, 404, 204][n] ?? 204),
  );
  const created = await create({
    name: `${parent}/tasks/job_1-A`,
    httpRequest: {
      url,
      httpMethod: 'PUT',
      headers: {
        'Content-Type': 'text/plain',
        'User-Agent': 'mine',
        'X-CloudTasks-QueueName': 'x',
      },
      body: Buffer.from('Zoë'),
    },
  });
  assert.equal(created.httpRequest!.body?.length ?? 0, 0, 'the basic view has no body');
  await until(3);
  const said = got.map(({ request: { headers } }) => [
    headers['x-cloudtasks-taskretrycount'],
    headers['x-cloudtasks-taskexecutioncount'],
    headers['x-cloudtasks-taskpreviousresponse'],
    headers['x-cloudtasks-taskretryreason'],
  ]);
  // an answer of 5xx counts as a retry and not as an execution
  assert.deepEqual(said, [
    ['0', '0', undefined, undefined],
    ['1', '0', '500', 'HTTP status code 500'],
    ['2', '1', '404', 'HTTP status code 404'],
  ]);
  const { request, body } = got[0]!;
  assert.equal(request.method, 'PUT');
  assert.equal(request.url, '/work?x=1');
  assert.equal(body, 'Zoë');
  assert.equal(request.headers['content-type'], 'text/plain');
  assert.equal(request.headers['user-agent'], 'Google-Cloud-Tasks');
  assert.equal(request.headers['x-cloudtasks-queuename'], 'q');
  assert.equal(request.headers['x-cloudtasks-taskname'], 'job_1-A');
  assert.equal(request.headers.authorization, undefined);
  const eta = Number(request.headers['x-cloudtasks-tasketa']);
  assert.ok(Math.abs(eta * 1000 - ms(created.scheduleTime)) < 1, `${eta}`);
});

test('a task that waits for another attempt can be looked at', async (t) => {
  const { create, client } = await make(t);
  const { url, until } = await handle(t, (_, response) =>
    answer(response, 503, { 'Retry-After': '3600' }),
  );
  const { name } = await create({ httpRequest: { url } });
  await until(1);
  const [waiting] = await client.getTask({ name: name! });
  assert.equal(waiting.dispatchCount, 1);
  assert.equal(waiting.httpRequest?.body?.length ?? 0, 0);
  assert.ok(waiting.firstAttempt?.dispatchTime);
  assert.ok(waiting.lastAttempt?.dispatchTime);
});

test('Retry-After is waited for, and the task is gone after its last attempt', async (t) => {
  const { create, client } = await make(t);
  const { got, url, until } = await handle(t, (n, response) =>
    answer(response, n === 0 ? 503 : 429, n === 0 ? { 'Retry-After': '1' } : {}),
  );
  const { name } = await create({ httpRequest: { url } });
  await until(3);
  assert.ok(got[1]!.at - got[0]!.at >= 990);
  await comesTo(async () => (await client.listTasks({ parent }))[0].length === 0);
  await assert.rejects(client.getTask({ name: name! }), refused(status.NOT_FOUND));
  assert.equal(got.length, 3);
});

test('a handler that cuts the connection, or is not there, is tried again', async (t) => {
  const { create } = await make(t);
  const { got, url, until } = await handle(t, (n, response) =>
    n === 0 ? response.socket!.destroy() : answer(response, 200),
  );
  await create({ httpRequest: { url } });
  await until(2);
  assert.equal(got[1]!.request.headers['x-cloudtasks-taskretryreason'], 'UNAVAILABLE');
  assert.equal(got[1]!.request.headers['x-cloudtasks-taskpreviousresponse'], undefined);
});

test('many handlers run at the same time', async (t) => {
  const { create } = await make(t, { queues: { [parent]: { perSecond: 500, concurrent: 60 } } });
  const held: ServerResponse[] = [];
  const { url, until } = await handle(t, (_, response) => void held.push(response));
  await Promise.all(Array.from({ length: 60 }, () => create({ httpRequest: { url } })));
  await until(60);
  for (const response of held) answer(response, 200);
});

test('what Cloud Tasks would refuse is refused', async (t) => {
  const { create, client } = await make(t);
  const url = 'http://127.0.0.1:1/';
  const later = (days: number) => ({ seconds: Math.floor(Date.now() / 1000) + days * 24 * 3600 });
  const bad: Task[] = [
    {},
    { httpRequest: { url: '' } },
    { httpRequest: { url: 'ftp://example.com/' } },
    { httpRequest: { url: `https://example.com/${'a'.repeat(2100)}` } },
    { httpRequest: { url, httpMethod: 'GET', body: Buffer.from('x') } },
    { httpRequest: { url, body: Buffer.alloc(101 * 1024) } },
    { httpRequest: { url, headers: { a: 'b'.repeat(81 * 1024) } } },
    { httpRequest: { url, oidcToken: {} } },
    { httpRequest: { url }, scheduleTime: later(31) },
    { httpRequest: { url }, dispatchDeadline: { seconds: 14 } },
    { httpRequest: { url }, dispatchDeadline: { seconds: 1801 } },
    { httpRequest: { url }, name: 'one' },
    { httpRequest: { url }, name: `${parent}/tasks/a.b` },
    { httpRequest: { url }, name: `${parent}/tasks/${'a'.repeat(501)}` },
    { httpRequest: { url }, name: `${location}/queues/other/tasks/a` },
  ];
  for (const task of bad)
    await assert.rejects(create(task), refused(status.INVALID_ARGUMENT), JSON.stringify(task));

  const name = `${parent}/tasks/${'a'.repeat(500)}`;
  await create({ name, httpRequest: { url }, scheduleTime: later(29) });
  await assert.rejects(create({ name, httpRequest: { url } }), refused(status.ALREADY_EXISTS));
  const elsewhere = { parent: `${location}/queues/none`, task: { httpRequest: { url } } };
  await assert.rejects(client.createTask(elsewhere), refused(status.NOT_FOUND));
  const nowhere = { parent: 'queues/q', task: { httpRequest: { url } } };
  await assert.rejects(client.createTask(nowhere), refused(status.INVALID_ARGUMENT));
  await assert.rejects(client.runTask({ name }), refused(status.UNIMPLEMENTED));
});

test('queues are made, changed, paused, purged and deleted', async (t) => {
  const { client } = await make(t);
  const name = `${location}/queues/new`;
  const [made] = await client.createQueue({ parent: location, queue: { name } });
  assert.equal(made.rateLimits!.maxDispatchesPerSecond, 500);
  assert.equal(made.rateLimits!.maxBurstSize, 100);
  assert.equal(made.rateLimits!.maxConcurrentDispatches, 1000);
  assert.equal(made.retryConfig!.maxAttempts, 100);
  assert.equal(made.state, 'RUNNING');
  await assert.rejects(
    client.createQueue({ parent: location, queue: { name } }),
    refused(status.ALREADY_EXISTS),
  );

  const [changed] = await client.updateQueue({
    queue: {
      name,
      rateLimits: { maxDispatchesPerSecond: 10 },
      retryConfig: { maxAttempts: -1, minBackoff: { seconds: 2 } },
    },
    updateMask: { paths: ['retry_config.max_attempts', 'retry_config.min_backoff'] },
  });
  assert.equal(changed.rateLimits!.maxDispatchesPerSecond, 500, 'not in the mask');
  assert.equal(changed.retryConfig!.maxAttempts, -1);
  assert.equal(Number(changed.retryConfig!.minBackoff!.seconds), 2);
  await assert.rejects(
    client.updateQueue({ queue: { name, rateLimits: { maxDispatchesPerSecond: 501 } } }),
    refused(status.INVALID_ARGUMENT),
  );

  assert.equal((await client.pauseQueue({ name }))[0].state, 'PAUSED');
  const task = { httpRequest: { url: 'http://127.0.0.1:1/', body: Buffer.from('x') } };
  for (let i = 0; i < 3; i++) await client.createTask({ parent: name, task });
  const [page, , { nextPageToken }] = await client.listTasks(
    { parent: name, pageSize: 2, responseView: 'FULL' },
    { autoPaginate: false },
  );
  assert.equal(page.length, 2);
  assert.equal(String(page[0]!.httpRequest!.body), 'x');
  const [rest] = await client.listTasks(
    { parent: name, pageSize: 2, pageToken: nextPageToken! },
    { autoPaginate: false },
  );
  assert.equal(rest.length, 1);
  await client.deleteTask({ name: rest[0]!.name! });
  assert.equal((await client.listTasks({ parent: name }))[0].length, 2);
  const [purged] = await client.purgeQueue({ name });
  assert.ok(ms(purged.purgeTime) > 0);
  assert.equal((await client.listTasks({ parent: name }))[0].length, 0);
  assert.equal((await client.resumeQueue({ name }))[0].state, 'RUNNING');

  const names = async () => (await client.listQueues({ parent: location }))[0].map((it) => it.name);
  assert.deepEqual(await names(), [name, parent]);
  await client.deleteQueue({ name });
  assert.deepEqual(await names(), [parent]);
  await assert.rejects(client.getQueue({ name }), refused(status.NOT_FOUND));
});

test('bytes that are not gRPC do no harm', async (t) => {
  const { simulator, create } = await make(t);
  const [host, port] = simulator.host.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {}).resume();
  socket.end('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'close');
  await create({ httpRequest: { url: 'http://127.0.0.1:1/' } });
  assert.equal((await simulator.stats()).created, 1);
});

test('in its own process it signs with the given key', async (t) => {
  const simulator = await forkCloudTasks({ queues: { [parent]: fast }, keys: oidc.keys });
  t.after(() => simulator.close());
  await simulator.set({ failCreates: { count: 1, code: status.UNAVAILABLE } });
  const client = await clientOf(t, simulator);
  const { got, url, until } = await handle(t, (_, response) => answer(response, 204));
  const oidcToken = { serviceAccountEmail: 'a@example.com', audience: 'https://example.com' };
  const task = { httpRequest: { url, oidcToken } };
  await assert.rejects(client.createTask({ parent, task }), refused(status.UNAVAILABLE));
  await client.createTask({ parent, task });
  await until(1);
  const token = got[0]!.request.headers.authorization!.replace('Bearer ', '');
  await new OAuth2Client().verifySignedJwtWithCertsAsync(token, oidc.certs, 'https://example.com', [
    'https://accounts.google.com',
  ]);
  assert.equal((await simulator.stats()).created, 1);
});
