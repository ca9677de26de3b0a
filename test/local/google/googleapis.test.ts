/** A process whose connections are led to this machine, as those of a deployed function are in tests. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { redirectTo, startGoogleApis } from '../../../functions/local/google/run/googleapis.ts';

const run = promisify(execFile);

/** What each address answers to a GET, or that it does not. */
const script = `
  const said = {};
  for (const url of process.argv.slice(1))
    said[url] = await fetch(url, { headers: { 'Metadata-Flavor': 'Google' } }).then(
      async (it) => [it.status, await it.text()],
      () => 'nothing',
    );
  console.log(JSON.stringify(said));
`;

/** Connects in each of the ways that `net` has, and says to which port of this machine that went. */
const connecting = `
  import net from 'node:net';
  const said = [];
  const ways = [
    (done) => net.connect({ port: 443, host: 'a.example' }, done),
    (done) => net.connect(443, 'a.example', done),
    (done) => new net.Socket().connect({ port: 443, host: 'a.example' }, done),
    (done) => new net.Socket().connect(443, 'a.example', done),
    (done) => new net.Socket().connect('443', 'a.example', done),
    (done) => new net.Socket().connect(443, done),
    (done) => new net.Socket().connect(443, 'a.example').once('connect', done),
    (done) => new net.Socket().connect(80, '192.0.2.1', done),
  ];
  for (const way of ways) {
    const { promise, resolve } = Promise.withResolvers();
    const socket = way(resolve).once('error', resolve);
    await promise;
    said.push(socket.remotePort ?? null);
    socket.destroy();
  }
  console.log(JSON.stringify(said));
`;

test('every way to connect a socket is led to this machine', async (t) => {
  const google = await startGoogleApis({});
  t.after(google.close);
  const folder = await mkdtemp(join(tmpdir(), 'volley-google-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, google.ca);
  const { stdout } = await run(process.execPath, [
    ...['--import', redirectTo(google, ca), '--input-type=module', '-e', connecting],
  ]);
  const https = Array.from({ length: 7 }, () => google.https);
  assert.deepEqual(JSON.parse(stdout), [...https, google.http]);
});

test('a name is answered by its player, and one that has none is not, and is told', async (t) => {
  const player = createServer((request, response) => response.end(`hello ${request.headers.host}`));
  player.listen(0, '127.0.0.1');
  await once(player, 'listening');
  t.after(() => player.close());
  const google = await startGoogleApis({
    'pubsub.googleapis.com': { port: (player.address() as AddressInfo).port },
  });
  t.after(google.close);
  const folder = await mkdtemp(join(tmpdir(), 'volley-google-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, google.ca);

  const token = 'http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token';
  const asked = [
    'https://pubsub.googleapis.com/v1',
    token,
    'https://stranger.example/',
    'https://other.example:8443/',
    'http://stranger.example/',
    `http://127.0.0.1:${google.https + 1}/`,
  ];
  const { stdout } = await run(process.execPath, [
    ...['--import', redirectTo(google, ca), '--input-type=module', '-e', script],
    ...['--', ...asked],
  ]);
  const said = JSON.parse(stdout);
  assert.deepEqual(said[asked[0]!], [200, 'hello pubsub.googleapis.com']);
  assert.equal(said[token][0], 200);
  assert.equal(JSON.parse(said[token][1]).access_token, 'owner');
  for (const url of [asked[2]!, asked[3]!, asked[5]!]) assert.equal(said[url], 'nothing', url);
  assert.deepEqual(google.strangers.toSorted(), [
    'no TLS: ERR_SSL_HTTP_REQUEST',
    'other.example',
    'stranger.example',
    'stranger.example',
  ]);
});
