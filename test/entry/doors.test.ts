/** Which callers a function admits: real processes of the Functions Framework. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { probes } from '../../functions/doctor/arrival.ts';
import {
  type Fn,
  forkFunction,
  type Target,
  targets,
} from '../../functions/local/google/function.ts';
import { servedBy } from '../../functions/model/queues.ts';
import { createOidc } from '../../functions/simulators/shared/oidc.ts';
import { sharedEmulators, withoutEmulators } from '../emulators.ts';
import { createSigner, nowSeconds } from '../http/auth/jwt.ts';
import { until } from '../until.ts';
import { type CloudWorld, createCloudWorld, noInstances } from '../world/cloud.ts';

const skip = withoutEmulators('firestore', 'pubsub');
let world: CloudWorld;
/** One of each for all tests: a start takes longer than a test. */
let fns: Record<Target, Fn>;
before(async () => {
  if (skip) return;
  world = await createCloudWorld({ instances: noInstances, ...sharedEmulators() });
  const started = targets.map(async (it) => [it, await world.start(it)] as const);
  fns = Object.fromEntries(await Promise.all(started)) as typeof fns;
});
after(() => world?.close());

/** What the function says from now on. */
function hear(target: Target) {
  const from = fns[target].output().length;
  return () => fns[target].output().slice(from);
}

const sendTask = { kind: 'send', chunkId: 'c.0.0.0', provider: 'apns', size: 1 };

test('every function answers health checks to all callers', { skip }, async () => {
  for (const target of targets) {
    for (const path of ['/healthz', '/health', '/healthz?probe=1']) {
      const response = await fetch(`${fns[target].url}${path}`);
      assert.equal(response.status, 200, `${target} ${path}`);
      assert.deepEqual(await response.json(), { status: 'ok' });
      // the first request came while the framework still owned the server
      if (path !== '/healthz')
        assert.equal(
          response.headers.get('keep-alive'),
          'timeout=620',
          'longer than Google’s front',
        );
    }
  }
});

test('a call that is not the invoker’s is refused, and nothing is sent or told', {
  skip,
}, async () => {
  const said = hear('sendApns');
  const { oidc, invoker, urlOf } = world.cloud;
  const forger = await createSigner();
  const old = await createOidc({ keys: oidc.keys, now: () => Date.now() - 2 * 60 * 60 * 1000 });
  const claims = {
    aud: urlOf('sendApns'),
    email: invoker,
    email_verified: true,
    sub: '1',
    iss: 'https://accounts.google.com',
    iat: nowSeconds(),
    exp: nowSeconds() + 3600,
  };
  const [kid] = Object.keys(oidc.certs);
  const cases: [string, string | null, number][] = [
    ['no token', null, 401],
    ['an API key', 'Bearer volley_0123456789', 401],
    ['a forged token', `Bearer ${forger.sign(claims)}`, 401],
    ['a forged token that names a key of Google’s', `Bearer ${forger.sign(claims, { kid })}`, 401],
    [
      'a token whose signature is said to be removed',
      `Bearer ${forger.sign(claims).replace(/[^.]*$/, 'SIGNATURE_REMOVED_BY_GOOGLE')}`,
      401,
    ],
    ['a token for another function', `Bearer ${oidc.token(urlOf('plan'), invoker)}`, 401],
    [
      'a token of another account',
      `Bearer ${oidc.token(urlOf('sendApns'), 'other@x.iam.gserviceaccount.com')}`,
      403,
    ],
    ['an expired token', `Bearer ${old.token(urlOf('sendApns'), invoker)}`, 401],
  ];
  for (const [what, authorization, status] of cases) {
    const response = await world.post('sendApns', sendTask, authorization);
    assert.equal(response.status, status, what);
    assert.equal(await response.text(), '', what);
  }
  // what a process says comes by another way than its answers
  const refusals = () => said().match(/"call refused"/g)?.length ?? 0;
  await until(() => refusals() >= cases.length);
  assert.equal(refusals(), cases.length);
  assert.doesNotMatch(said(), /eyJ[\w-]{20,}/, 'a token in the log');
  assert.equal((await world.simulated.apns.stats()).requests, 0);

  assert.equal((await fetch(fns.sendApns.url)).status, 405);
  // the chunk does not exist, so the task is done
  assert.equal((await world.post('sendApns', sendTask)).status, 204);
});

test('what volley doctor asks each function is answered, and does nothing', {
  skip,
}, async () => {
  const targets = {
    plan: 'plan',
    'send-apns': 'sendApns',
    'send-fcm': 'sendFcm',
    deliver: 'deliver',
  };
  const asked = Object.entries(probes('test'));
  assert.equal(asked.length, Object.keys(targets).length);
  for (const [name, { queue, body }] of asked) {
    const target = targets[name as keyof typeof targets] as Target;
    assert.equal(servedBy[queue], target);
    const said = hear(target);
    const { headers } = await world.post(target, body, null);
    assert.equal(headers.get('www-authenticate'), 'Bearer', 'not without the token');
    // as Cloud Tasks brings it: to deliver also Pub/Sub comes
    const answer = await fetch(world.cloud.urlOf(target), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${world.cloud.tokenFor(target)}`,
        'X-CloudTasks-QueueName': `volley-${queue}`,
      },
      body: JSON.stringify(body),
    });
    assert.equal(answer.status, 204, name);
    assert.doesNotMatch(said(), /"severity":"ERROR"/);
  }
  const { apns, fcm } = world.simulated;
  assert.equal((await apns.stats()).requests + (await fcm.stats()).requests, 0);
  assert.equal((await world.cloud.tasks.stats()).created, 0);
});

test('a tick of the invoker’s is noted where volley doctor looks', { skip }, async () => {
  const before = Date.now();
  assert.equal(await world.cloud.tick(), 204);
  const at = await world.store.lastTick();
  assert.ok(at !== null && at >= before && at <= Date.now(), String(at));
});

test('a task wakes a sender: its connection is there before the first push, however often it comes', {
  skip,
}, async () => {
  const { apns, fcm } = world.simulated;
  for (const [target, provider, simulated] of [
    ['sendApns', 'apns', apns],
    ['sendFcm', 'fcm', fcm],
  ] as const) {
    const said = hear(target);
    const before = await simulated.stats();
    const wake = { kind: 'wake', app: 'default', provider };
    for (const body of [wake, wake, { ...wake, app: 'unknown' }])
      assert.equal((await world.post(target, body)).status, 204);
    const { connections, requests } = await simulated.stats();
    assert.deepEqual([connections - before.connections, requests - before.requests], [1, 0]);
    assert.doesNotMatch(said(), /"severity":"ERROR"/);
  }
});

test('deliver takes the largest event of the topic, that of rows for a data warehouse', {
  skip,
}, async () => {
  const said = hear('deliver');
  const rows = Array.from({ length: 2_000 }, (_, i) => ({
    schema: 1,
    campaignId: 'c'.repeat(20),
    kind: 'recipient',
    device: 'd'.repeat(16),
    installationId: `${i}`.padStart(128, 'i'),
    provider: 'apns',
    outcome: 'unregistered',
    reason: 'DeviceTokenNotForTopic',
    attempts: 1,
    at: '2026-11-21T13:00:00.000Z',
  }));
  const event = {
    specversion: '1.0',
    id: 'c-rows-1-0',
    type: 'warehouse.rows',
    subject: 'c',
    time: '2026-11-21T13:00:00.000Z',
    app: 'default',
    data: { schema: 1, run: '2026-11-21T13:00:00.000Z', part: 0, rows },
  };
  const data = Buffer.from(JSON.stringify(event)).toString('base64');
  const answer = await world.post('deliver', { message: { messageId: '1', data } });
  assert.equal(answer.status, 204, said());
});

test('plan goes on with an erasure', { skip }, async () => {
  const fn = await world.start('plan');
  const step = { kind: 'erase', userId: 'nobody', after: '*~c1', at: 1 };
  assert.equal((await world.post('plan', step)).status, 204);
  await fn.end('SIGTERM');
});

test('a function does not do the work of another one', { skip }, async () => {
  const others: Record<string, unknown[]> = {
    plan: [sendTask, { kind: 'wake', app: 'default', provider: 'apns' }],
    sendApns: [
      { ...sendTask, provider: 'fcm' },
      { kind: 'wake', app: 'default', provider: 'fcm' },
      { kind: 'plan', campaignId: 'c' },
      { kind: 'wake', app: 'default', provider: null },
      { kind: 'redrive', campaignId: 'c', why: 'x' },
    ],
    sendFcm: [sendTask],
  };
  for (const [target, bodies] of Object.entries(others)) {
    const said = hear(target as Target);
    for (const body of bodies) assert.equal((await world.post(target as Target, body)).status, 500);
    const why = new RegExp(`came to ${target}; check VOLLEY_PLAN_URL`);
    await until(() => why.test(said()));
  }
});

test('each function ends by itself when it is told to', { skip }, async () => {
  for (const it of await Promise.all(targets.map((it) => fns[it].end('SIGTERM'))))
    assert.equal(it.code, 0);
});

test('a start that fails says why in one message, and ends', { skip }, async () => {
  const start = async (target: string, env: Record<string, string>) => {
    const { child, output } = forkFunction(target, env);
    const [code] = await once(child, 'close');
    assert.equal(code, 1);
    return output();
  };
  const { VOLLEY_PLAN_URL: _, ...rest } = world.cloud.env('plan') as Record<string, string>;
  const env = { ...rest, VOLLEY_REGION: 'Belgium' };
  const said = await start('plan', env);
  assert.match(said, /^The configuration has faults:\n {2}VOLLEY_REGION: must be/);
  assert.match(said, /\n {2}VOLLEY_PLAN_URL: is missing/);
  assert.doesNotMatch(said, /syntax error|stack/i);

  const deployed = await start('plan', { ...env, K_SERVICE: 'volley-plan' });
  const entry = JSON.parse(deployed.trim());
  assert.equal(entry.severity, 'CRITICAL');
  assert.match(entry.message, /VOLLEY_OIDC_CERTS: is for a developer/);
  assert.match(await start('sendEverything', env), /FUNCTION_TARGET: must be one of api, plan,/);
});
