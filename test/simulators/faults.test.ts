import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { forkSimulator } from '../../functions/simulators/fork.ts';
import { tally } from '../../functions/simulators/shared/tally.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import {
  type Simulator,
  type SimulatorSettings,
  startSimulator,
} from '../../functions/simulators/simulator.ts';
import { apnsHeaders, apnsOptions, apnsPush, connect, fcmOptions, fcmPush } from './client.ts';

const many = (n: number) => Array.from({ length: n }, (_, i) => sampleToken('apns', i));

describe('a simulated provider with faults', () => {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    while (open.length > 0) await open.pop()!();
  });

  const again = (simulator: Simulator) => session(simulator);
  async function apns(settings: Partial<SimulatorSettings>) {
    const simulator = await startSimulator({ ...apnsOptions, settings });
    open.push(simulator.close);
    return { simulator, session: await session(simulator) };
  }
  async function session(simulator: Simulator) {
    const made = await connect(simulator);
    open.push(() => made.destroy());
    return made;
  }

  test('counts what it accepted, each token by itself', async () => {
    const { simulator, session } = await apns({});
    const [a, b, c] = many(3) as [string, string, string];
    for (const token of [a, b, a, a]) await apnsPush(session, token);
    await apnsPush(session, c, { 'apns-topic': 'com.other' });
    const { firstAcceptedAt, lastAcceptedAt, ...counts } = await simulator.stats();
    assert.deepEqual(counts, {
      requests: 5,
      accepted: 4,
      distinct: 2,
      duplicates: 2,
      rejected: { TopicDisallowed: 1 },
      invalid: 1,
      connections: 1,
    });
    assert.ok(firstAcceptedAt! <= lastAcceptedAt!);
    assert.deepEqual(
      await Promise.all([a, b, c].map((token) => simulator.countOf(token))),
      [3, 1, 0],
    );
    await simulator.reset();
    assert.equal(await simulator.countOf(a), 0);
    assert.equal((await simulator.stats()).requests, 0);
  });

  test('a share of the tokens is dead, and stays dead', async () => {
    const { simulator, session } = await apns({ deadShare: 0.1, badShare: 0.05 });
    const statuses = async () =>
      (await Promise.all(many(400).map((token) => apnsPush(session, token)))).map(
        (it) => it.status,
      );
    const first = await statuses();
    const gone = first.filter((status) => status === 410).length;
    const bad = first.filter((status) => status === 400).length;
    assert.ok(gone > 20 && gone < 60 && bad > 5 && bad < 40, `${gone} gone, ${bad} bad`);
    assert.deepEqual(await statuses(), first);
    const { accepted, rejected, invalid } = await simulator.stats();
    assert.deepEqual(rejected, { Unregistered: gone * 2, BadDeviceToken: bad * 2 });
    assert.deepEqual([accepted, invalid], [800 - 2 * gone - 2 * bad, 0]);
  });

  test('a dead token of APNs comes with the time since when', async () => {
    const { session } = await apns({ deadShare: 1 });
    const { status, body } = await apnsPush(session);
    assert.equal(status, 410);
    assert.match(body, /^\{"reason":"Unregistered","timestamp":\d{13}\}$/);
  });

  test('every third request is too many, and is told when to come back', async () => {
    const { session } = await apns({ tooMany: { every: 3, retryAfterSeconds: 7 } });
    const answers = [];
    for (const token of many(6)) answers.push(await apnsPush(session, token));
    assert.deepEqual(
      answers.map((it) => it.status),
      [200, 200, 429, 200, 200, 429],
    );
    assert.equal(answers[2]!.headers['retry-after'], '7');
    assert.equal(answers[2]!.body, '{"reason":"TooManyRequests"}');
  });

  test('the next two requests meet 503, then all is well; settings change while it runs', async () => {
    const { simulator, session } = await apns({});
    await simulator.set({ unavailable: { next: 2, retryAfterSeconds: 1 } });
    const bodies = [];
    for (const token of many(4)) bodies.push((await apnsPush(session, token)).body);
    const away = '{"reason":"ServiceUnavailable"}';
    assert.deepEqual(bodies, [away, away, '', '']);
    await simulator.set({ unavailable: { share: 0.5, retryAfterSeconds: 1 } });
    bodies.length = 0;
    for (const token of many(4)) bodies.push((await apnsPush(session, token)).body);
    assert.equal(bodies.filter((it) => it === away).length, 2);
  });

  test('every push is refused while the credentials are blocked', async () => {
    const { simulator, session } = await apns({ blocked: 'InvalidProviderToken' });
    assert.deepEqual(
      { ...(await apnsPush(session)), headers: {} },
      { status: 403, headers: {}, body: '{"reason":"InvalidProviderToken"}' },
    );
    await simulator.set({ blocked: null });
    assert.equal((await apnsPush(session)).status, 200);
    await assert.rejects(simulator.set({ blocked: 'Whatever' }), /APNs has no reason Whatever/);
  });

  test('FCM has its own reasons for the same faults', async () => {
    const simulator = await startSimulator(fcmOptions);
    open.push(simulator.close);
    const http2 = await session(simulator);
    const word = async (settings: Partial<SimulatorSettings>) => {
      await simulator.set(settings);
      const { status, headers, body } = await fcmPush(http2);
      const { error } = JSON.parse(body);
      return [status, headers['retry-after'], error.status, error.details[0].errorCode];
    };
    assert.deepEqual(await word({ deadShare: 1 }), [404, undefined, 'NOT_FOUND', 'UNREGISTERED']);
    assert.deepEqual(await word({ deadShare: 0, badShare: 1 }), [
      400,
      undefined,
      'INVALID_ARGUMENT',
      'INVALID_ARGUMENT',
    ]);
    assert.deepEqual(await word({ tooMany: { share: 1, retryAfterSeconds: 60 } }), [
      429,
      '60',
      'RESOURCE_EXHAUSTED',
      'QUOTA_EXCEEDED',
    ]);
    assert.deepEqual(await word({ unavailable: { every: 1, retryAfterSeconds: 5 } }), [
      503,
      '5',
      'UNAVAILABLE',
      'UNAVAILABLE',
    ]);
    assert.deepEqual(await word({ unavailable: null, blocked: 'SENDER_ID_MISMATCH' }), [
      403,
      undefined,
      'PERMISSION_DENIED',
      'SENDER_ID_MISMATCH',
    ]);
  });

  test('SETTINGS tell how many streams there may be, and tell it again when that changes', async () => {
    const { simulator, session } = await apns({ maxStreams: 7 });
    assert.equal(session.remoteSettings.maxConcurrentStreams, 7);
    const changed = once(session, 'remoteSettings');
    await simulator.set({ maxStreams: 500 });
    await changed;
    assert.equal(session.remoteSettings.maxConcurrentStreams, 500);
  });

  test('GOAWAY comes after some streams; those are answered, later ones are never looked at', async () => {
    const { simulator, session } = await apns({ goawayEvery: 3, latencyMs: 5 });
    const goaway = once(session, 'goaway');
    const results = await Promise.allSettled(many(5).map((token) => apnsPush(session, token)));
    assert.deepEqual(
      results.map((it) => it.status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    const [code, lastStream] = await goaway;
    assert.deepEqual([code, lastStream], [0, 5]);
    assert.equal((await simulator.stats()).requests, 3);
  });

  test('a refused stream was not accepted, a reset one was', async () => {
    const { simulator, session } = await apns({ refuseEvery: 2 });
    const [a, b] = many(2) as [string, string];
    await apnsPush(session, a);
    await assert.rejects(apnsPush(session, b), /REFUSED_STREAM/);
    assert.equal(await simulator.countOf(b), 0);
    await simulator.set({ refuseEvery: 0, resetEvery: 3 });
    await assert.rejects(apnsPush(session, b), /INTERNAL_ERROR/);
    assert.equal(await simulator.countOf(b), 1);
  });

  test('a cut leaves accepted pushes without their answer', async () => {
    const { simulator, session } = await apns({ cutEvery: 4, latencyMs: 60_000 });
    const closed = once(session, 'close');
    const results = await Promise.allSettled(many(4).map((token) => apnsPush(session, token)));
    await closed;
    assert.ok(results.every((it) => it.status === 'rejected'));
    assert.equal((await simulator.stats()).accepted, 4);
    await simulator.set({ cutEvery: 0, latencyMs: 0 });
    assert.equal((await apnsPush(await again(simulator))).status, 200);
  });

  test('silence: the push is taken and never answered', async () => {
    const { simulator, session } = await apns({ silent: true });
    const stream = session.request(apnsHeaders(sampleToken('apns', 1)));
    stream.on('response', () => assert.fail('it answered'));
    stream.on('error', () => {});
    stream.end('{"aps":{"alert":"a"}}');
    // a PING is answered after everything that came before it was
    while ((await simulator.stats()).accepted === 0)
      await new Promise((resolve) => session.ping(resolve));
    await new Promise((resolve) => session.ping(resolve));
    stream.close();
  });

  test('a client that goes away in the middle of a push does no harm', async () => {
    const { simulator, session: broken } = await apns({ latencyMs: 20 });
    const early = broken.request(apnsHeaders(sampleToken('apns', 1)));
    early.on('error', () => {});
    early.write('{"aps":');
    const late = broken.request(apnsHeaders(sampleToken('apns', 2)));
    late.on('error', () => {});
    late.end('{"aps":{"alert":"a"}}');
    while ((await simulator.stats()).accepted === 0)
      await new Promise((resolve) => broken.ping(resolve));
    early.close();
    late.close();
    assert.equal((await apnsPush(broken, sampleToken('apns', 3))).status, 200);
    const idle = connectTcp(Number(new URL(simulator.origin).port), '127.0.0.1');
    open.push(() => idle.destroy());
    await once(idle, 'connect');
    broken.destroy();
    assert.equal((await apnsPush(await session(simulator))).status, 200);
    assert.equal((await simulator.stats()).accepted, 3);
  });

  test('answers are late by the latency, each to its own question', async () => {
    const { session } = await apns({ latencyMs: 10, deadShare: 0.5 });
    const tokens = many(50);
    const late = await Promise.all(tokens.map((token) => apnsPush(session, token)));
    const again = await Promise.all(tokens.map((token) => apnsPush(session, token)));
    assert.deepEqual(
      late.map((it) => it.status),
      again.map((it) => it.status),
    );
  });
});

test('a million tokens are counted without a mistake', () => {
  const counted = tally();
  for (let i = 0; i < 1_000_000; i++) counted.add(`token-${i}`);
  assert.equal(counted.distinct(), 1_000_000);
  assert.equal(counted.add('token-77'), 2);
  assert.equal(counted.countOf('token-999999'), 1);
  assert.equal(counted.countOf('token-1000000'), 0);
});

describe('a simulator in a process of its own', () => {
  test('does the same, on a core of its choice', async () => {
    const simulator = await forkSimulator({ ...apnsOptions, settings: { deadShare: 1 }, cpu: 0 });
    try {
      const session = await connect(simulator);
      assert.equal((await apnsPush(session)).status, 410);
      await simulator.set({ deadShare: 0 });
      assert.equal((await apnsPush(session)).status, 200);
      assert.equal(await simulator.countOf(sampleToken('apns', 1)), 1);
      assert.equal((await simulator.stats()).accepted, 1);
      await assert.rejects(simulator.set({ blocked: 'Whatever' }), /no reason/);
      session.destroy();
    } finally {
      await simulator.close();
    }
    await assert.rejects(simulator.stats(), /has ended/);
  });

  test('says why it cannot start', async () => {
    await assert.rejects(
      forkSimulator({ ...apnsOptions, publicKey: 'no key' }),
      /simulator did not start/,
    );
  });

  test('ends with its parent, even when that is killed', { timeout: 300_000 }, async () => {
    const module = new URL('../../functions/simulators/fork.ts', import.meta.url);
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { forkSimulator } = await import(${JSON.stringify(module.href)});
         const simulator = await forkSimulator(${JSON.stringify(fcmOptions)});
         console.log(simulator.origin);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [origin] = await once(parent.stdout, 'data');
    const port = Number(new URL(String(origin).trim()).port);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    while (await listens(port)) await new Promise((resolve) => setTimeout(resolve, 20));
  });

  const listens = (port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
});
