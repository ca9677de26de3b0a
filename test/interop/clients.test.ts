/** Our server and the simulators on it, used by h2load and nghttp. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '../../functions/http2/server/server.ts';
import { createApnsToken } from '../../functions/providers/apns/token.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import {
  makeApnsKey,
  type SimulatorSettings,
  startSimulator,
} from '../../functions/simulators/simulator.ts';
import { certificate } from '../http2/peer.ts';
import { needs, runProgram, temporaryFolder } from './programs.ts';

const ids = { keyId: 'ABC1234567', teamId: 'DEF1234567' };
const TOKENS = 1000;
const REQUESTS = 20_000;

/**
 * Starts a simulated APNs. Returns it with the options that make h2load and nghttp send good
 * pushes.
 */
async function startApns(t: TestContext, settings: Partial<SimulatorSettings> = {}) {
  const { privateKey, publicKey } = makeApnsKey();
  const simulator = await startSimulator({
    provider: 'apns',
    publicKey,
    ...ids,
    topics: ['org.example.app'],
    settings,
  });
  t.after(() => simulator.close());
  const folder = temporaryFolder(t);
  const uris = Array.from(
    { length: TOKENS },
    (_, i) => `${simulator.origin}/3/device/${(i + 1).toString(16).padStart(64, '0')}`,
  );
  const uriFile = join(folder, 'uris');
  writeFileSync(uriFile, `${uris.join('\n')}\n`);
  const payload = join(folder, 'payload');
  writeFileSync(payload, JSON.stringify({ aps: { alert: 'Hello' } }));
  const bearer = createApnsToken({ key: privateKey, ...ids }).current();
  const push = [
    `-Hauthorization: bearer ${bearer}`,
    '-Hapns-topic: org.example.app',
    '-Hapns-push-type: alert',
    '-d',
    payload,
  ];
  return { simulator, uris, uriFile, push };
}

/** Starts a simulated FCM. Returns it with the options that make h2load repeat a good message. */
async function startFcm(t: TestContext, settings: Partial<SimulatorSettings> = {}) {
  const simulator = await startSimulator({ provider: 'fcm', projectId: 'example', settings });
  t.after(() => simulator.close());
  const message = join(temporaryFolder(t), 'message');
  const token = sampleToken('fcm', 1);
  writeFileSync(message, JSON.stringify({ message: { token, notification: { title: 'Hello' } } }));
  const push = [
    '-Hauthorization: Bearer abc',
    '-Hcontent-type: application/json',
    '-d',
    message,
    `${simulator.origin}/v1/projects/example/messages:send`,
  ];
  return { simulator, push };
}

/** What h2load reports. */
interface Load {
  succeeded: number;
  failed: number;
  errored: number;
  timeout: number;
  /** answers by the class of their status: '2xx' and so on */
  status: Record<string, number>;
}

function readLoad(output: string): Load {
  const line = (pattern: RegExp): Record<string, number> => {
    const [, text] = pattern.exec(output) ?? [];
    assert.ok(text !== undefined, output);
    const counts = text.matchAll(/(\d+) (\w+)/g);
    return Object.fromEntries(Array.from(counts, ([, count, name]) => [name, Number(count)]));
  };
  const { succeeded, failed, errored, timeout } = line(/^requests: (.*)$/m);
  return {
    succeeded: succeeded!,
    failed: failed!,
    errored: errored!,
    timeout: timeout!,
    status: line(/^status codes: (.*)$/m),
  };
}

const none = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
const allOf = (count: number): Load => ({
  succeeded: count,
  failed: 0,
  errored: 0,
  timeout: 0,
  status: { ...none, '2xx': count },
});

test(
  'h2load sends APNs 20,000 pushes on ten connections, and all are accepted',
  needs('h2load'),
  async (t) => {
    const { simulator, uriFile, push } = await startApns(t);
    const shape = ['-n', String(REQUESTS), '-c', '10', '-m', '100'];
    const output = await runProgram(t, 'h2load', [...shape, ...push, '-i', uriFile]);
    assert.deepEqual(readLoad(output), allOf(REQUESTS));
    const { requests, accepted, connections, invalid } = await simulator.stats();
    assert.deepEqual(
      { requests, accepted, connections, invalid },
      { requests: REQUESTS, accepted: REQUESTS, connections: 10, invalid: 0 },
    );
  },
);

test(
  'h2load without header tables gets 410 for dead tokens, and no other error',
  needs('h2load'),
  async (t) => {
    const { simulator, uriFile, push } = await startApns(t, { deadShare: 0.3, latencyMs: 5 });
    const shape = ['-n', String(REQUESTS), '-c', '10', '-m', '100'];
    const tables = ['--header-table-size=0', '--encoder-header-table-size=0'];
    const output = await runProgram(t, 'h2load', [...shape, ...tables, ...push, '-i', uriFile]);
    const { accepted, rejected } = await simulator.stats();
    const { errored, timeout, status } = readLoad(output);
    assert.deepEqual(Object.keys(rejected), ['Unregistered']);
    assert.ok(rejected.Unregistered! > 0);
    assert.equal(accepted + rejected.Unregistered!, REQUESTS);
    assert.deepEqual(
      { errored, timeout, status },
      {
        errored: 0,
        timeout: 0,
        status: { ...none, '2xx': accepted, '4xx': rejected.Unregistered },
      },
    );
  },
);

test(
  'h2load sends FCM 20,000 messages on ten connections, and all are accepted',
  needs('h2load'),
  async (t) => {
    const { simulator, push } = await startFcm(t);
    const shape = ['-n', String(REQUESTS), '-c', '10', '-m', '200'];
    const output = await runProgram(t, 'h2load', [...shape, ...push]);
    assert.deepEqual(readLoad(output), allOf(REQUESTS));
    const { accepted, connections, invalid } = await simulator.stats();
    assert.deepEqual(
      { accepted, connections, invalid },
      { accepted: REQUESTS, connections: 10, invalid: 0 },
    );
  },
);

// h2load opens no second connection, so it gets no more done than its ten connections allow
for (const goawayEvery of [30, 77, 1000])
  test(
    `after GOAWAY at ${goawayEvery} messages of a connection h2load has answers to those, and no other was read`,
    needs('h2load'),
    async (t) => {
      const { simulator, push } = await startFcm(t, { goawayEvery, latencyMs: 5 });
      const shape = ['-n', String(REQUESTS), '-c', '10', '-m', '100'];
      const output = await runProgram(t, 'h2load', [...shape, ...push]);
      const taken = 10 * goawayEvery;
      const { succeeded, errored, timeout, status } = readLoad(output);
      assert.deepEqual(
        { succeeded, errored, timeout, status },
        {
          succeeded: taken,
          errored: REQUESTS - taken,
          timeout: 0,
          status: { ...none, '2xx': taken },
        },
      );
      const { requests, accepted, connections } = await simulator.stats();
      assert.deepEqual(
        { requests, accepted, connections },
        { requests: taken, accepted: taken, connections: 10 },
      );
    },
  );

test('h2load with small windows gets long answers whole', needs('h2load'), async (t) => {
  const size = 100_000;
  const body = Buffer.alloc(size, 'x');
  const server = await startServer({
    ...certificate,
    port: 0,
    maxStreams: 100,
    request: (stream) => stream.connection.respond(stream, 200, {}, body),
  });
  t.after(() => server.close());
  const output = await runProgram(t, 'h2load', [
    '-n',
    '1000',
    '-c',
    '5',
    '-m',
    '20',
    '-w',
    '12',
    '-W',
    '16',
    `https://localhost:${server.port}/`,
  ]);
  assert.deepEqual(readLoad(output), allOf(1000));
  assert.match(output, new RegExp(`\\(${1000 * size}\\) data`));
});

for (const options of [
  ['--multiply=5'],
  ['--multiply=5', '--padding=200', '--header-table-size=0', '--window-bits=4'],
])
  test(`nghttp ${options.join(' ')} sees no error`, needs('nghttp'), async (t) => {
    const { simulator, uris, push } = await startApns(t);
    const args = ['--verbose', '--no-verify-peer', '--timeout=300', ...options];
    const output = await runProgram(t, 'nghttp', [...args, ...push, uris[0]!]);
    assert.equal(output.match(/recv \(stream_id=\d+\) :status: 200/g)?.length, 5, output);
    assert.equal(output.match(/apns-id: [0-9A-F-]{36}/g)?.length, 5, output);
    assert.doesNotMatch(
      output,
      /recv (?:GOAWAY|RST_STREAM)|error_code=(?!NO_ERROR)|\[(?:INVALID|ERROR)/,
    );
    assert.equal((await simulator.stats()).accepted, 5);
  });
