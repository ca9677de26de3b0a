import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { getRequestListener } from '@hono/node-server';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { Imported } from '../../functions/http/installations/import.ts';
import { PAGE_ROWS } from '../../functions/import/rows.ts';
import { keptOpen } from '../kept-open.ts';
import { apnsToken, campaign, createFixture, failAll, jsonOf } from './fixture.ts';

type Test = { after(done: () => Promise<void>): void };

const header = 'id,platform,token\n';
const row = (n: number) => `device-${n},ios,${apnsToken(n)}\n`;

const servers = {
  'node:http': (listener: ReturnType<typeof getRequestListener>) => createServer(listener),
  'the Functions Framework': (listener: ReturnType<typeof getRequestListener>) => {
    http('api', listener);
    return getTestServer('api');
  },
};

async function listening(t: Test, make: (typeof servers)['node:http']) {
  const fixture = await createFixture(t);
  const server: Server = make(getRequestListener(fixture.api.fetch));
  Object.assign(server, keptOpen);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  const authorization = { Authorization: `Bearer ${fixture.key}` };
  const call = (method: string, path: string, type?: string, body?: unknown) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { ...authorization, ...(type && { 'Content-Type': type }) },
      ...(body !== undefined && { body: body as string, duplex: 'half' }),
      signal: AbortSignal.timeout(60_000),
    });
  return { ...fixture, port, call };
}

for (const [name, make] of Object.entries(servers))
  test(`the API works on ${name}`, async (t) => {
    const { call, store } = await listening(t, make);
    const json = 'application/json';
    const sent = await call('POST', '/v1/campaigns', json, JSON.stringify(campaign));
    assert.equal(sent.status, 202);
    const { id } = await jsonOf<CampaignView>(sent);
    const faulty = await call('POST', '/v1/campaigns', json, '{"audience":{"everybody":true}}');
    assert.equal(faulty.status, 400);
    assert.equal((await jsonOf<Problem>(faulty)).faults!.length, 2);

    const file = header + row(1) + row(2);
    const imported = await call('POST', '/v1/installations:import', 'text/csv', file);
    assert.equal((await jsonOf<Imported>(imported)).stored, 2);
    const ndjson = JSON.stringify({ id: 'a', platform: 'android', token: 'grüße' });
    const type = 'application/x-ndjson';
    const other = await call('POST', '/v1/installations:import', type, ndjson);
    assert.equal((await jsonOf<Imported>(other)).rejected, 1);

    await failAll(store, id, ['x']);
    const report = await call('GET', `/v1/campaigns/${id}/report`);
    assert.equal(report.status, 200);
    await report.body!.cancel();
    assert.equal((await call('POST', `/v1/campaigns/${id}/cancel`)).status, 409);
    assert.equal((await call('DELETE', '/v1/installations/device-1')).status, 204);
    assert.equal((await call('GET', '/v1/installations/device-1')).status, 404);
  });

test('an import is stored while the rest of it is still to come', async (t) => {
  const { call, store } = await listening(t, servers['node:http']);
  const stored = Promise.withResolvers<void>();
  const put = store.importInstallations;
  store.importInstallations = async (batch, options) => {
    const counts = await put(batch, options);
    stored.resolve();
    return counts;
  };
  async function* file() {
    yield Buffer.from(header);
    for (let n = 0; n < PAGE_ROWS; n++) yield Buffer.from(row(n));
    await stored.promise;
    yield Buffer.from(row(PAGE_ROWS));
  }
  const body = ReadableStream.from(file());
  const imported = await call('POST', '/v1/installations:import', 'text/csv', body);
  assert.equal((await jsonOf<Imported>(imported)).stored, PAGE_ROWS + 1);
});

test('a large upload with a wrong key is refused before it is read', async (t) => {
  const { port } = await listening(t, servers['node:http']);
  const socket = connect(port, '127.0.0.1');
  t.after(async () => void socket.destroy());
  socket.on('error', () => {});
  socket.write(
    'POST /v1/installations:import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n' +
      'Content-Type: text/csv\r\nContent-Length: 1000000000\r\n\r\nid,platform',
  );
  const [first] = await once(socket, 'data', { signal: AbortSignal.timeout(60_000) });
  assert.match(String(first), /^HTTP\/1\.1 401 /);
});

test('a client that breaks off an upload does not disturb others', async (t) => {
  const { port, call, key, logged, store } = await listening(t, servers['node:http']);
  const socket = connect(port, '127.0.0.1');
  const rows = Array.from({ length: PAGE_ROWS + 5000 }, (_, n) => row(n)).join('');
  const stored = Promise.withResolvers<void>();
  const put = store.importInstallations;
  store.importInstallations = async (batch, options) => {
    const counts = await put(batch, options);
    stored.resolve();
    return counts;
  };
  socket.write(
    `POST /v1/installations:import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: text/csv\r\nContent-Length: 1000000000\r\n\r\n${header}${rows}`,
  );
  await stored.promise;
  socket.destroy();
  await once(socket, 'close');
  assert.equal((await call('GET', '/healthz')).status, 200);
  assert.equal(await store.estimateAudience('default', {}), PAGE_ROWS, 'a page, or nothing of it');
  assert.deepEqual(logged, []);
});
