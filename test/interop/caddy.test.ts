/** Our client and our server against Go's HTTP/2 (net/http), which Caddy uses on both sides. */

import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startServer } from '../../functions/http2/server/server.ts';
import { certificate, startPool, until } from '../http2/peer.ts';
import { needs, runProgram, startProgram, temporaryFolder } from './programs.ts';
import { askAll, askWhile, assertAnswers, assertProcessedOnce, requests } from './requests.ts';

/** Returns a configuration by https://caddyserver.com/docs/json/. `upstream`: the port to proxy. */
function configuration(folder: string, port: number, generation: number, upstream: number | null) {
  const answer = (status: number, body: string) => ({
    handler: 'static_response',
    status_code: status,
    body,
    headers: { Generation: [String(generation)] },
  });
  const access = { output: 'file', filename: join(folder, 'access.log'), roll: false };
  const ours = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const proxy = {
    handler: 'reverse_proxy',
    upstreams: [{ dial: `127.0.0.1:${upstream}` }],
    transport: {
      protocol: 'http',
      versions: ['2'],
      tls: { root_ca_pem_files: [ours.certificate], server_name: 'localhost' },
    },
  };
  const answers = [
    { match: [{ path: ['/ok'] }], handle: [answer(200, 'the same for all')] },
    { handle: [answer(410, '{http.request.body}')] },
  ];
  const server = {
    listen: [`127.0.0.1:${port}`],
    // Caddy takes no h2 without h1, so ALPN offers only h2
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

/** A line of the access log, written after the answer. */
interface Logged {
  request: { uri: string; method: string; headers: Record<string, string[]> };
  resp_headers: { Generation: [string] };
}

/** Starts Caddy, which answers itself or passes requests on to the port `upstream`. */
async function startCaddy(t: TestContext, upstream: number | null = null) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'caddy.json');
  const log = join(folder, 'access.log');
  // Caddy makes folders in HOME
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
    /** Reloads: a new server takes new connections. Resolves when it has answered a request. */
    async reload(generation: number) {
      writeFileSync(file, configuration(folder, usedPort, generation, upstream));
      const address = `unix/${join(folder, 'admin.sock')}`;
      await runProgram(t, 'caddy', ['reload', '--config', file, '--address', address], env);
      await until(() => readFileSync(log, 'utf8').includes(`"Generation":["${generation}"]`));
    },
    /** Resolves when some thousand requests have been processed. */
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
  'when Go is stopped, processed requests are answered and the others refused',
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

test(
  'Go is reloaded while requests are open, and each is processed once',
  needs('caddy'),
  async (t) => {
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
  },
);

test('Go as a client of our server gets every answer', needs('caddy'), async (t) => {
  const processed: string[] = [];
  const server = await startServer({
    ...certificate,
    port: 0,
    maxStreams: 100,
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
