/** Our client against nghttpd, nginx and h2o. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startPool, until } from '../http2/peer.ts';
import { needs, startProgram, temporaryFolder } from './programs.ts';
import { askAll, askWhile, assertAnswers, assertProcessedOnce, requests } from './requests.ts';

// ---------------------------------------------------------------------------------------- nghttpd

async function startNghttpd(t: TestContext, more: string[]) {
  const folder = temporaryFolder(t);
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'ok'), 'the same for all');
  const nghttpd = await startProgram(t, 'nghttpd', (port) => [
    '--verbose',
    '--address=127.0.0.1',
    `--htdocs=${files}`,
    ...more,
    String(port),
    join(folder, 'key.pem'),
    join(folder, 'cert.pem'),
  ]);
  return nghttpd;
}

const variants: Record<string, string[]> = {
  'by default': [],
  'with padding, trailers and no header table': [
    '--padding=200',
    '--trailer=a: b',
    '--header-table-size=0',
  ],
  'with windows of one byte and seven streams': ['--window-bits=1', '--max-concurrent-streams=7'],
};
for (const [variant, options] of Object.entries(variants))
  test(`nghttpd ${variant} answers every request`, needs('nghttpd'), async (t) => {
    const asked = requests(6000);
    const nghttpd = await startNghttpd(t, options);
    const pool = startPool(t, { origin: nghttpd.origin, maxConnections: 3 });
    assertAnswers(asked, await askAll(pool, asked), 404, () => /<h1>404 Not Found<\/h1>/);
    await nghttpd.stop();
    // the name may be coloured by an escape sequence
    const paths = nghttpd.output().matchAll(/:path\S*: (\S+)/g);
    assertProcessedOnce(
      asked,
      Array.from(paths, ([, path]) => path!),
    );
  });

// ------------------------------------------------------------------------------------------ nginx

async function startNginx(t: TestContext, requestsPerConnection: number) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'nginx.conf');
  const log = join(folder, 'access.log');
  const nginx = await startProgram(t, 'nginx', (port) => {
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`)
      .join('\n');
    writeFileSync(
      file,
      `daemon off;
      user ${userInfo().username};
      worker_processes 1;
      pid ${folder}/nginx.pid;
      error_log stderr warn;
      events { worker_connections 256; }
      http {
        ${temp}
        log_format paths '$pid $connection $request_method $request_uri $http_apns_id';
        access_log ${log} paths;
        keepalive_requests ${requestsPerConnection};
        server {
          listen 127.0.0.1:${port} ssl http2;
          ssl_certificate ${folder}/cert.pem;
          ssl_certificate_key ${folder}/key.pem;
          default_type application/json;
          location /ok { return 200 '{}'; }
          location /gone { return 410 '{"reason":"Unregistered","path":"$request_uri"}'; }
        }
      }`,
    );
    return ['-e', 'stderr', '-p', folder, '-c', file];
  });
  return {
    ...nginx,
    logged: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ')),
  };
}

const goneBody = ({ path }: { path: string }) => `{"reason":"Unregistered","path":"${path}"}`;

test(
  'nginx sends GOAWAY after every 100 requests, and each request is processed once',
  needs('nginx'),
  async (t) => {
    const asked = requests(10_000, (i) => 'x'.repeat(i % 4096));
    const nginx = await startNginx(t, 100);
    const pool = startPool(t, { origin: nginx.origin, maxConnections: 4 });
    assertAnswers(asked, await askAll(pool, asked), 410, goneBody);
    await nginx.stop('SIGQUIT');
    const logged = nginx.logged();
    assertProcessedOnce(
      asked,
      logged.map(([, , , path]) => path!),
    );
    for (const [, , method, path, id] of logged)
      assert.deepEqual([method, id], ['POST', `id-${path!.split('?')[1]}`]);
    const connections = new Set(logged.map(([, connection]) => connection)).size;
    assert.ok(connections >= asked.length / 100 - 1, `${connections} connections`);
    t.diagnostic(`${asked.length} requests, ${connections} connections`);
  },
);

test(
  'nginx is reloaded while requests are open, and each is processed once',
  needs('nginx'),
  async (t) => {
    const nginx = await startNginx(t, 1_000_000);
    const pool = startPool(t, { origin: nginx.origin, maxConnections: 4 });
    const workers = () => new Set(nginx.logged().map(([pid]) => pid)).size;
    let reloaded = false;
    const sent = askWhile(pool, 1000, () => !reloaded);
    await until(() => nginx.logged().length > 5000);
    nginx.child.kill('SIGHUP');
    await until(() => workers() === 2).finally(() => {
      reloaded = true;
    });
    const { asked, answers } = await sent;
    assertAnswers(asked, answers, 410, goneBody);
    await nginx.stop('SIGQUIT');
    assertProcessedOnce(
      asked,
      nginx.logged().map(([, , , path]) => path!),
    );
    t.diagnostic(`${asked.length} requests`);
  },
);

// -------------------------------------------------------------------------------------------- h2o

/** h2o has no answers of its own, so it proxies this server over HTTP/1. */
async function startBackend(t: TestContext) {
  const processed: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url!;
      processed.push(path);
      response.writeHead(path.startsWith('/ok') ? 200 : 410, { 'retry-after': '7' });
      response.end(Buffer.concat(chunks));
    });
  });
  // h2o could use a connection at the moment it is closed, which is not tested here
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, processed };
}

async function startH2o(t: TestContext) {
  const backend = await startBackend(t);
  const folder = temporaryFolder(t);
  const file = join(folder, 'h2o.conf');
  const h2o = await startProgram(t, 'h2o', (port) => {
    const config = {
      'num-threads': 1,
      'error-log': join(folder, 'error.log'),
      listen: {
        host: '127.0.0.1',
        port,
        ssl: {
          'certificate-file': join(folder, 'cert.pem'),
          'key-file': join(folder, 'key.pem'),
          'ocsp-update-interval': 0,
        },
      },
      hosts: {
        default: { paths: { '/': { 'proxy.reverse.url': `http://127.0.0.1:${backend.port}/` } } },
      },
    };
    // h2o reads YAML, of which JSON is a part
    writeFileSync(file, JSON.stringify(config));
    return ['-c', file];
  });
  return { ...h2o, processed: backend.processed };
}

test(
  'h2o passes on bodies of all sizes, and each request is processed once',
  needs('h2o'),
  async (t) => {
    const asked = requests(5000, (i) =>
      `${i} `.padEnd(i % 50 === 1 ? 40_000 : 200 + (i % 700), 'x'),
    );
    const h2o = await startH2o(t);
    const pool = startPool(t, { origin: h2o.origin, maxConnections: 4 });
    assertAnswers(asked, await askAll(pool, asked), 410, ({ body }) => body);
    assertProcessedOnce(asked, h2o.processed);
  },
);

test(
  'when h2o is stopped, processed requests are answered and the others refused',
  needs('h2o'),
  async (t) => {
    const asked = requests(20_000);
    const h2o = await startH2o(t);
    const pool = startPool(t, { origin: h2o.origin, maxConnections: 4 });
    const sent = askAll(pool, asked);
    await until(() => h2o.processed.length > 1000);
    await h2o.stop('SIGTERM');
    const answers = await sent;
    const replied = asked.filter((_, i) => answers[i]!.kind === 'reply');
    assertProcessedOnce(replied, h2o.processed);
    const refused = answers.filter(({ kind }) => kind === 'refused').length;
    assert.equal(replied.length + refused, asked.length);
    t.diagnostic(`${replied.length} replied, ${refused} refused`);
  },
);
