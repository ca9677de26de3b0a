/** What a function gets from the simulated Cloud Run, and what callers get from it. */

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Fn, startFunction } from '../../../functions/local/google/function.ts';
import { openService, type ServiceOptions } from '../../../functions/local/google/run/service.ts';
import { createOidc } from '../../../functions/simulators/shared/oidc.ts';
import { PATIENT_MS, until } from '../../until.ts';

const url = 'https://volley-plan-123456789012.europe-west1.run.app';
const invoker = 'volley-invoker@my-project-1234.iam.gserviceaccount.com';
const framework = fileURLToPath(new URL('./stand-in.js', import.meta.url));
const oidc = await createOidc();
const stranger = await createOidc();

interface Seen {
  pid: number;
  method: string;
  url: string;
  headers: Record<string, string[]>;
  body: string;
}

async function serve(t: TestContext, options: Partial<ServiceOptions> = {}) {
  const started: Fn[] = [];
  const service = await openService({
    url,
    invokers: 'allUsers',
    certs: oidc.certs,
    concurrency: 8,
    instances: 1,
    timeoutMs: 60_000,
    async start() {
      const fn = await startFunction('plan', {}, { framework });
      started.push(fn);
      return fn;
    },
    ...options,
  });
  t.after(service.close);
  const ask = (path = '/', headers: Record<string, string> = {}) =>
    fetch(service.at + path, { method: 'POST', headers, body: 'hello' });
  const see = async (path?: string, headers?: Record<string, string>): Promise<Seen> => {
    const answer = await ask(path, headers);
    assert.equal(answer.status, 200);
    return (await answer.json()) as Seen;
  };
  /** ends the requests held at /hold */
  const release = () => {
    for (const { child } of started) if (child.connected) child.send('release');
  };
  return { service, ask, see, release, started };
}

test('a valid token is passed on without its signature', async (t) => {
  const { see } = await serve(t, { invokers: [invoker] });
  const token = oidc.token(url, invoker);
  const [head, payload] = token.split('.');
  const stripped = [`Bearer ${head}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`];
  const authorization = `Bearer ${token}`;
  assert.deepEqual((await see('/', { authorization })).headers.authorization, stripped);

  const both = await see('/', {
    'x-serverless-authorization': authorization,
    authorization: 'Bearer of.something.else',
  });
  assert.deepEqual(both.headers['x-serverless-authorization'], stripped);
  assert.deepEqual(both.headers.authorization, ['Bearer of.something.else']);
});

test('a caller that is not the invoker gets Cloud Run’s error page, and the function gets no request', async (t) => {
  const { service, ask } = await serve(t, { invokers: [invoker] });
  const good = oidc.token(url, invoker);
  const [head, payload] = good.split('.');
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const cases: [number, string, Record<string, string>][] = [
    [403, 'no token', {}],
    [401, 'no JWT', bearer('volley_live_key')],
    [401, 'a basic login', { authorization: 'Basic YTpi' }],
    [401, 'a forged token', bearer(stranger.token(url, invoker))],
    [401, 'a token for another function', bearer(oidc.token(`${url}/other`, invoker))],
    [401, 'a hand-written one', bearer(`${head}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`)],
    [403, 'another account', bearer(oidc.token(url, `other-${invoker}`))],
    [
      401,
      'a forged token before a good one',
      { ...bearer(good), 'x-serverless-authorization': `Bearer ${stranger.token(url, invoker)}` },
    ],
  ];
  for (const [status, name, headers] of cases) {
    const answer = await ask('/<b>', headers);
    assert.equal(answer.status, status, name);
    assert.match(answer.headers.get('content-type')!, /^text\/html/, name);
    const page = await answer.text();
    assert.match(page, /Your client does not have permission to (get|the requested) URL/, name);
    assert.doesNotMatch(page, /<b>/, name);
  }
  assert.deepEqual([service.counts().requests, service.counts().starts], [0, 0]);
});

test('every caller reaches a public function, with their headers', async (t) => {
  const { see } = await serve(t);
  const forged = `Bearer ${stranger.token(url, invoker)}`;
  assert.deepEqual((await see('/x?y=1', { authorization: forged })).headers.authorization, [
    forged,
  ]);
  const { method, url: path, body, headers } = await see('/x?y=1');
  assert.deepEqual([method, path, body], ['POST', '/x?y=1', 'hello']);
  assert.equal(headers.authorization, undefined);
});

test('a caller’s headers about its address, the protocol and the host are replaced', async (t) => {
  const { service, see } = await serve(t);
  const { headers } = await see('/', {
    'x-forwarded-for': '192.0.2.7',
    'x-forwarded-proto': 'http',
    forwarded: 'for=192.0.2.7;proto=http',
    'x-google-internal': 'yes',
    'x-cloud-trace-context': 'nonsense',
    'x-cloudtasks-queuename': 'volley-plan',
  });
  assert.deepEqual(headers['x-forwarded-for'], ['192.0.2.7,127.0.0.1']);
  assert.deepEqual(headers['x-forwarded-proto'], ['https']);
  assert.deepEqual(headers.forwarded, ['for="127.0.0.1";proto=https']);
  assert.deepEqual(headers.host, [new URL(url).host]);
  assert.equal(headers['x-google-internal'], undefined);
  // every caller may write them, so a function must not trust them
  assert.deepEqual(headers['x-cloudtasks-queuename'], ['volley-plan']);
  const [, trace] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-01$/.exec(headers.traceparent![0]!)!;
  assert.match(headers['x-cloud-trace-context']![0]!, new RegExp(`^${trace}/\\d+;o=1$`));

  const begun = '0af7651916cd43dd8448eb211c80319c';
  const { headers: next } = await see('/', { traceparent: `00-${begun}-b7ad6b7169203331-01` });
  assert.match(next.traceparent![0]!, new RegExp(`^00-${begun}-(?!b7ad6b7169203331)`));
  assert.ok(service.counts().requests >= 2);

  const chunked = await new Promise<Seen>((resolve, reject) => {
    const sent = request(`${service.at}/`, { method: 'POST' }, async (answer) =>
      resolve(JSON.parse((await answer.toArray()).join(''))),
    );
    sent.once('error', reject).write('in ');
    sent.end('parts');
  });
  assert.equal(chunked.body, 'in parts');
});

test('an instance has a limit of concurrent requests, and without a free instance there is 429', async (t) => {
  const { service, ask, release } = await serve(t, { concurrency: 2, instances: 2, queueMs: 20 });
  const held = Array.from({ length: 4 }, () => ask('/hold'));
  await until(() => service.counts().atWork === 4);
  assert.equal(service.counts().running, 2);
  assert.equal(service.counts().mostAtOnce, 2);
  const refused = await ask();
  assert.deepEqual([refused.status, await refused.text()], [429, 'Rate exceeded.']);
  // a request that waits is served when there is room again
  service.limit(3);
  assert.equal((await ask()).status, 200);
  let answered = 0;
  for (const it of held) void it.then(() => answered++);
  await until(() => {
    release();
    return answered === 4;
  });
  for (const it of held) assert.equal((await it).status, 200);
  assert.equal(service.counts().starts, 3);
});

test('without a request an instance has no CPU, and goes on with the next', async (t) => {
  const { service, see } = await serve(t);
  const { pid } = await see();
  await until(() => service.counts().frozen === 1);
  if (process.platform === 'linux') await until(async () => (await stateOf(pid)) === 'T');
  assert.equal((await see()).pid, pid);
  await until(() => service.counts().frozen === 1);
  assert.deepEqual([service.counts().starts, service.counts().freezes], [1, 2]);
});

test('an instance without a CPU ends with the process that started it', async () => {
  const parent = fork(new URL('./parent.ts', import.meta.url), { stdio: ['ignore', 2, 2, 'ipc'] });
  const [at] = (await once(parent, 'message')) as [string];
  assert.ok(await isThere(at));
  parent.kill('SIGTERM');
  const [, signal] = await once(parent, 'exit');
  assert.equal(signal, 'SIGTERM');
  await until(async () => !(await isThere(at)));
});

/** Also true without a CPU, since the kernel accepts connections. */
function isThere(url: string) {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

const stateOf = async (pid: number) =>
  /^State:\s+(\w)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];

test('an instance is ended by SIGTERM, though it was frozen, and by SIGKILL if it does not listen', async (t) => {
  // on a busy machine it may take its time
  const { service, see } = await serve(t, { stopMs: PATIENT_MS });
  const { pid } = await see('/polite');
  await until(() => service.counts().frozen === 1);
  assert.deepEqual(await service.terminate(), [0]);
  const { service: impatient, see: ask } = await serve(t, { stopMs: 200 });
  const next = await ask('/deaf');
  assert.notEqual(next.pid, pid);
  assert.deepEqual(await impatient.terminate(), [null]);
  for (const it of [service, impatient]) assert.equal(it.counts().running, 0);
});

test('an answer that takes too long is 504, and the instance serves others', async (t) => {
  const { service, ask } = await serve(t, { timeoutMs: 1_000 });
  const answer = await ask('/hold');
  assert.deepEqual([answer.status, await answer.text()], [504, 'upstream request timeout']);
  await until(() => service.counts().atWork === 0);
  await until(async () => (await ask()).status === 200);
  assert.equal(service.counts().starts, 1);
});

test('a function that does not start is 503', async (t) => {
  const { ask } = await serve(t, { start: () => Promise.reject(new Error('a fault')) });
  assert.equal((await ask()).status, 503);
});
