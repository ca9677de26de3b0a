/** Both our halves against Go's HTTP/2 (net/http), server and client, which are the ones in Caddy. */

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '../../functions/http2/server/server.ts';
import { certificate, startPool, until } from '../http2/peer.ts';
import { needs, runProgram, startProgram, temporaryFolder } from './programs.ts';
import { askAll, askWhile, assertAnswers, assertProcessedOnce, requests } from './requests.ts';

/** https://caddyserver.com/docs/json/ */
function configuration(folder: string, port: number, generation: number, upstream: number | null) {
  const answer = (status: number, body: string) => ({
    ...{ handler: 'static_response', status_code: status, body },
    headers: { Generation: [String(generation)] },
  });
  const access = { output: 'file', filename: join(folder, 'access.log'), roll: false };
  const ours = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const proxy = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `127.0.0.1:${upstream}` }],
    transport: {
      ...{ protocol: 'http', versions: ['2'] },
      tls: { root_ca_pem_files: [ours.certificate], server_name: 'localhost' },
    },
  };
  const answers = [
    { match: [{ path: ['/ok'] }], handle: [answer(200, 'the same for all')] },
    { handle: [answer(410, '{http.request.body}')] },
  ];
  const server = {
    listen: [`127.0.0.1:${port}`],
    // it takes no h2 without h1; ALPN has h2 only
    protocols: ['h1', 'h2'],
    tls_connection_policies: [{ alpn: ['h2'] }],
    automatic_https: { disable: true },
    logs: {},
    routes: upstream === null ? answers : [{ handle: [proxy] }],
  };
  return JSON.stringify({
    admin: { listen: `unix/${join(folder, 'admin.sock')}`, config: { persist: false } },
    storage: { module: 'file_system', root: join(folder, 'temp') },
    logging: {
      logs: {
        default: { level: 'ERROR', exclude: ['http.log.access'] },
        access: { writer: access, include: ['http.log.access'] },
      },
    },
    apps: {
      tls: { certificates: { load_files: [ours] } },
      http: { servers: { server } },
    },
  });
}

/** A line of the access log, written when its answer has been. */
interface Logged {
  request: { uri: string; method: string; headers: Record<string, string[]> };
  resp_headers: { Generation: [string] };
}

/** It answers by itself, or takes what `upstream` answers. */
async function startCaddy(t: TestContext, upstream: number | null = null) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'caddy.json');
  const log = join(folder, 'access.log');
  // it makes folders of its own there
  const env = { ...process.env, HOME: folder };
  let usedPort = 0;
  const caddy = await startProgram(
    t,
    'caddy',
    (port) => {
      usedPort = port;
      writeFileSync(file, configuration(folder, port, 1, upstream));
      return ['run', '--config', file];
    },
    env,
  );
  return {
    ...caddy,
    /** Another server takes the new connections; ends when it has answered something. */
    async reload(generation: number) {
      writeFileSync(file, configuration(folder, usedPort, generation, upstream));
      const address = `unix/${join(folder, 'admin.sock')}`;
      await runProgram(t, 'caddy', ['reload', '--config', file, '--address', address], env);
      await until(() => readFileSync(log, 'utf8').includes(`"Generation":["${generation}"]`));
    },
    /** Some thousand requests have been processed. */
    busy: () => until(() => statSync(log).size > 1_000_000),
    logged: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line): Logged => JSON.parse(line)),
  };
}

const uriOf = ({ request }: Logged) => request.uri;
const echo = ({ body }: { body: string }) => body;

test('Go answers every request, with bodies of all sizes', needs('caddy'), async (t) => {
  const asked = requests(6000, (i) => `${i} `.padEnd(i % 50 === 1 ? 40_000 : 200 + (i % 700), 'x'));
  const caddy = await startCaddy(t);
  const pool = startPool(t, { origin: caddy.origin, maxConnections: 3 });
  assertAnswers(asked, await askAll(pool, asked), 410, echo);
  await caddy.stop();
  const logged = caddy.logged();
  assertProcessedOnce(asked, logged.map(uriOf));
  for (const { request } of logged)
    assert.deepEqual(
      [request.method, request.headers['Apns-Id']],
      ['POST', [`id-${request.uri.split('?')[1]}`]],
    );
});

test(
  'Go is told to stop under way: what was processed is answered, the rest refused',
  needs('caddy'),
  async (t) => {
    const asked = requests(20_000);
    const caddy = await startCaddy(t);
    const pool = startPool(t, { origin: caddy.origin, maxConnections: 4 });
    const stopped = caddy.busy().then(() => caddy.stop('SIGTERM'));
    const [answers] = await Promise.all([askAll(pool, asked), stopped]);
    const replied = asked.filter((_, i) => answers[i]!.kind === 'reply');
    assertProcessedOnce(replied, caddy.logged().map(uriOf));
    const refused = answers.filter(({ kind }) => kind === 'refused').length;
    assert.equal(replied.length + refused, asked.length);
    t.diagnostic(`${replied.length} replied, ${refused} refused`);
  },
);

test('Go is reloaded under way, and each request is processed once', needs('caddy'), async (t) => {
  const caddy = await startCaddy(t);
  const pool = startPool(t, { origin: caddy.origin, maxConnections: 4 });
  let done = false;
  const reloaded = caddy
    .busy()
    .then(() => caddy.reload(2))
    .then(() => caddy.reload(3))
    .finally(() => {
      done = true;
    });
  const [{ asked, answers }] = await Promise.all([askWhile(pool, 1000, () => !done), reloaded]);
  assertAnswers(asked, answers, 410, echo);
  await caddy.stop();
  const logged = caddy.logged();
  assertProcessedOnce(asked, logged.map(uriOf));
  const generations = new Set(logged.map(({ resp_headers }) => resp_headers.Generation[0]));
  assert.deepEqual(Array.from(generations), ['1', '2', '3']);
  t.diagnostic(`${asked.length} requests`);
});

test('Go asks our server, and gets every answer', needs('caddy'), async (t) => {
  const processed: string[] = [];
  const server = await startServer({
    ...{ ...certificate, port: 0, maxStreams: 100 },
    request(stream) {
      const path = stream.headers[':path']!;
      processed.push(path);
      const status = path.startsWith('/ok') ? 200 : 410;
      stream.connection.respond(stream, status, { 'retry-after': '7' }, stream.body);
    },
  });
  t.after(() => server.close());
  const asked = requests(6000, (i) => `${i} `.padEnd(i % 50 === 1 ? 40_000 : 200 + (i % 700), 'x'));
  const caddy = await startCaddy(t, server.port);
  const pool = startPool(t, { origin: caddy.origin, maxConnections: 3 });
  assertAnswers(asked, await askAll(pool, asked), 410, echo);
  assertProcessedOnce(asked, processed);
});
