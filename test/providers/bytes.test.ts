/** The bytes that a push takes on the wire, TLS included: what `volley estimate` bills as traffic. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { PUSH_BYTES } from '../../functions/model/cost/estimate.ts';
import { providers } from '../../functions/model/provider/registry.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { batch, credentials, push, start } from './fixture.ts';

const PUSHES = 2_000;

/** Counts what goes to a server. */
async function countingProxy(t: TestContext, port: number) {
  let bytes = 0;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    client.on('data', (data) => {
      bytes += data.length;
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port: own } = server.address() as AddressInfo;
  return { origin: `https://localhost:${own}`, bytes: () => bytes };
}

for (const provider of providers)
  test(`${provider}: a push takes the bytes that the estimate says`, async (t) => {
    const { simulator } = await start(t, provider);
    const proxy = await countingProxy(t, Number(new URL(simulator.origin).port));
    const apps = { default: credentials(proxy.origin, proxy.origin) };
    const senders = createSenders(apps, { ca: simulator.ca });
    t.after(() => senders.close());
    const message = {
      title: 'The autumn sale has begun',
      body: 'Everything for the garden is a fifth cheaper until Sunday, in the shops and here.',
      data: { screen: 'sale', id: 'autumn-2026' },
    };
    const { it, outcomes } = batch(provider, PUSHES, { push: push(message) });
    await senders.get('default', provider, 'production')!.send(it);
    assert.equal(outcomes.size, PUSHES);
    const each = proxy.bytes() / PUSHES;
    t.diagnostic(`${each.toFixed(0)} bytes`);
    assert.ok(each <= PUSH_BYTES[provider] && each > 0.8 * PUSH_BYTES[provider], `${each} bytes`);
  });
