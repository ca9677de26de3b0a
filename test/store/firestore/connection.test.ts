/** The way to Firestore: refused, slow, silent, dead. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { Unavailable } from '../../../functions/lib/errors.ts';
import { bucketOf } from '../../../functions/model/bucket.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { EVERYBODY, person } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { until } from '../../until.ts';
import { emulator, openStore, openThroughProxy } from './emulated.ts';
import { type Call, failing, type Method } from './proxy.ts';

const skip = withoutEmulators('firestore');

type Fails = (error: Error) => boolean;

const commits = (call: Call) => call.method === 'Commit';

test('a moment of contention or absence is waited out', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  for (const code of [status.ABORTED, status.UNAVAILABLE, status.INTERNAL]) {
    const happened = failing(proxy, commits, { code, when: 'before', times: 3 });
    await store.putInstallations([person('one')]);
    happened();
  }
  const reads = (call: Call) => call.method === 'BatchGetDocuments';
  const happened = failing(proxy, reads, { code: status.UNAVAILABLE, when: 'before' });
  assert.ok(await store.getInstallation('default', 'one'));
  happened();
});

test('a Firestore that stays away is unavailable, and says why', { skip }, async (t) => {
  const says = (words: RegExp) => (error: Error) =>
    error instanceof Unavailable && words.test(error.message);
  const key = { hash: 'f'.repeat(64), name: 'ci', scopes: [] };
  // side by side: the retries of each take seconds
  const asking = async (code: number, ask: (store: Store) => Promise<unknown>, fails: Fails) => {
    const { store, proxy } = await openThroughProxy(t);
    failing(proxy, () => true, { code, when: 'before', times: 99 });
    await assert.rejects(ask(store), fails);
  };
  await Promise.all([
    asking(status.UNAVAILABLE, (it) => it.putKey(key), says(/cannot be reached/)),
    asking(
      status.PERMISSION_DENIED,
      (it) => it.findKey(key.hash),
      says(/grant it roles\/datastore.user/),
    ),
    asking(
      status.PERMISSION_DENIED,
      (it) => it.putKey(key),
      says(/grant it roles\/datastore.user/),
    ),
    asking(status.RESOURCE_EXHAUSTED, (it) => it.counts('any'), says(/quota/)),
    asking(
      status.INVALID_ARGUMENT,
      (it) => it.counts('any'),
      (error) => !(error instanceof Unavailable),
    ),
  ]);
});

test('a Firestore that takes calls and does not answer is waited for so long', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t, { deadlineMs: 300 });
  // a first answer may take longer than that
  await until(() =>
    store.findKey('x').then(
      () => true,
      () => false,
    ),
  );
  proxy.fault = () => 'never';
  const late = (error: Error) => error instanceof Unavailable && /in time/.test(error.message);
  await assert.rejects(store.putKey({ hash: 'x', name: 'x', scopes: [] }), late);
  await assert.rejects(store.findKey('x'), late);
  await assert.rejects(store.counts('x'), late);
  await assert.rejects(store.estimateAudience('default', {}), late);
  proxy.fault = () => null;
});

test('what is read while connections break is complete, and nothing of it twice', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const people = Array.from({ length: 60 }, (_, n) => person(`device-${n}`));
  await store.putInstallations(people);
  const breaking = (method: Method) =>
    failing(proxy, (call) => call.method === method, {
      code: status.UNAVAILABLE,
      when: 'midway',
      times: 3,
    });
  const inOrder = people.map((it) => it.id).toSorted((a, b) => bucketOf(a) - bucketOf(b));
  for (const [method, audience] of [
    ['RunQuery', {}],
    ['BatchGetDocuments', { installationIds: inOrder }],
  ] as const) {
    const happened = breaking(method);
    const read: string[] = [];
    for await (const page of store.streamAudience({
      app: 'default',
      audience,
      range: EVERYBODY,
      after: null,
      size: 25,
    }))
      read.push(...page.installations.map((it) => it.id));
    happened();
    assert.deepEqual(read, inOrder);
  }
  const happened = breaking('RunAggregationQuery');
  assert.equal(await store.estimateAudience('default', {}), people.length);
  happened();
});

/** Passes bytes on, until it is told to drop those of every connection that it has by then. */
async function startWire(t: TestContext, to: string) {
  const [host, port] = to.split(':');
  const ends = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect(Number(port), host);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      ends.add(from);
      from.on('data', (bytes) => ends.has(from) && into.write(bytes));
      from.on('error', () => {});
      from.on('close', () => into.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const all: Socket[] = [];
  t.after(() => {
    for (const it of [...all, ...ends]) it.destroy();
    server.close();
  });
  return {
    host: `127.0.0.1:${address.port}`,
    connections: () => connections,
    goSilent() {
      all.push(...ends);
      ends.clear();
    },
  };
}

test('a connection that died without a word is replaced', { skip }, async (t) => {
  const wire = await startWire(t, emulator);
  const store = openStore(t, wire.host, { keepAliveMs: 200, keepAliveTimeoutMs: 1_000 });
  await store.putInstallations([person('one')]);
  const before = wire.connections();
  wire.goSilent();
  // without a sign of life asked for, both would wait for their deadline on the dead one
  await store.putInstallations([person('two')]);
  assert.ok(await store.getInstallation('default', 'two'));
  assert.ok(wire.connections() > before);
});
