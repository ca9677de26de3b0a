import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createFront } from '../../../functions/entry/front.ts';
import { createHealth } from '../../../functions/http/service/health.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';

test('however often a load balancer asks, the store is asked once in five seconds', async () => {
  let clock = 0;
  let asked = 0;
  let serving = true;
  const faults: string[] = [];
  const check = async () => {
    asked++;
    if (!serving) throw new Unavailable('the disk does not answer');
  };
  const log = { unexpected: (it: { where: string }) => faults.push(it.where) };
  const isServing = createHealth({ check }, log, () => clock);
  assert.deepEqual(await Promise.all([isServing(), isServing()]), [true, true]);
  serving = false;
  clock = 4_999;
  assert.equal(await isServing(), true);
  assert.equal(asked, 1);
  clock = 5_000;
  assert.equal(await isServing(), false);
  serving = true;
  clock = 10_000;
  assert.equal(await isServing(), true);
  assert.deepEqual([asked, faults], [3, ['the check of the store']]);
});

test('a function with an unavailable store is unhealthy; one without a store is healthy', async (t) => {
  const log = { unexpected() {}, drained() {} };
  const check = () => Promise.reject(new Unavailable('Firestore cannot be reached'));
  for (const [status, more] of [
    [503, { check }],
    [200, {}],
  ] as const) {
    const front = createFront({ handle() {}, close: async () => {}, ...more }, log);
    const server = createServer(front.listener).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
    const response = await fetch(url);
    assert.equal(response.status, status);
    const { status: said } = (await response.json()) as { status: unknown };
    assert.equal(said, status === 200 ? 'ok' : 503);
  }
});
