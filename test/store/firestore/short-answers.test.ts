/** A Firestore whose answers to queries break off, or are short: what is listed is whole all the same. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import {
  allFailures,
  allPages,
  EVERYBODY,
  finish,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { schedule } from '../../contracts/store-schedules.ts';
import { failed, trigger } from '../../contracts/store-triggers.ts';
import { webhookOf } from '../../contracts/store-webhooks.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openThroughProxy } from './emulated.ts';
import { oneByOne } from './one-by-one.ts';
import { type Call, type Fault, type FirestoreProxy, startProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');

const isList = ({ method, query }: Call) => method === 'RunQuery' && (query?.limit?.value ?? 0) > 1;

/** Every other answer to a query is cut, so that the next attempt succeeds, whatever is asked beside it. */
function breaksOff(proxy: FirestoreProxy) {
  const cut = new Set<string>();
  proxy.fault = (call) => {
    const query = JSON.stringify(call.query);
    if (!isList(call) || cut.delete(query)) return null;
    cut.add(query);
    return { code: status.UNAVAILABLE, when: 'halfway' };
  };
}

/** As a client library would answer that takes a cut answer for a whole one. */
function isShort(proxy: FirestoreProxy) {
  proxy.fault = (call): Fault => (isList(call) ? 'short' : null);
}

const faults = [
  ['that break off after a report of progress', breaksOff],
  ['that are short', isShort],
] as const;

for (const [which, occur] of faults)
  test(`with answers ${which}, a campaign goes to all 5,000`, { skip }, async (t) => {
    const { store, proxy, script, campaign, run } = await oneByOne(t);
    await store.putInstallations(Array.from({ length: 5_000 }, (_, n) => person(`device-${n}`)));
    const id = await campaign({});
    occur(proxy);
    await run();
    proxy.fault = () => null;
    assert.equal(new Set(script.sent.map((it) => it.token)).size, 5_000);
    const { recipients, accepted } = await store.counts(id);
    assert.deepEqual([recipients, accepted], [5_000, 5_000]);
    assert.equal((await store.getCampaign(id))?.state, 'completed');
  });

const range = (length: number) => Array.from({ length }, (_, n) => n);

async function flat<T>(pages: AsyncIterable<T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Each list with more than a page of what it reads in one query, or than a page of the API. */
async function fill(t: TestContext) {
  const { store, proxy } = await openThroughProxy(t);
  await store.putInstallations(range(310).map((n) => person(`device-${n}`, { userId: 'ada' })));
  const uploaded = { id: 'upload', app: 'default', of: 'userIds', size: null } as const;
  const upload = { ...uploaded, createdAt: NOW, expiresAt: NOW + MINUTE };
  await store.putUpload(upload);
  await store.addToUpload(
    upload,
    range(1_000).map((n) => `user-${n}`),
  );
  const campaignId = await running(store);
  for (const page of range(53))
    await store.freezePage(pageOf(campaignId, Array(10).fill(1), { page }));
  const failing = range(25).map((page) => `${campaignId}.0.${page}.0`);
  for (const chunkId of failing) await finish(store, chunkId, NOW, [0]);
  await Promise.all(range(310).map(() => running(store, 1, { app: 'other' })));
  for (const n of range(25)) {
    const name = `name-${n}`;
    await Promise.all([
      store.putSegment({ app: 'default', name, audience: {}, updatedAt: NOW }),
      store.putSchedule(schedule(name), null),
      store.putTrigger(trigger(name)),
      store.putFailedPing(failed('name-0', name, NOW + n)),
      store.addWebhook(webhookOf(), 99),
    ]);
  }
  return { store, proxy, campaignId };
}

const LIMIT = 10;
const paged = (read: Parameters<typeof allPages<object>>[0]) => allPages(read, LIMIT);

/** What each list has, and how many it should have. */
const lists: Record<string, [number, (store: Store, campaignId: string) => Promise<unknown[]>]> = {
  installations: [
    310,
    async (store) => {
      const all: unknown[] = [];
      const audience = { userIds: ['ada'] };
      for await (const it of store.streamAudience({
        app: 'default',
        audience,
        range: EVERYBODY,
        after: null,
        size: 90,
      }))
        all.push(...it.installations);
      return all;
    },
  ],
  'an upload': [1_000, (store) => flat(store.readUpload('upload', EVERYBODY, null, 90))],
  'open chunks': [505, (store, id) => flat(store.openChunks(id, null))],
  'chunks of a shard': [505, (store, id) => flat(store.openChunks(id, 0))],
  'open campaigns': [310, (store) => flat(store.openCampaigns('other'))],
  failures: [25, (store, id) => allFailures(store, id, LIMIT)],
  'what is known of a user': [310, (store) => flat(store.readUser('ada'))],
  campaigns: [311, (store) => allPages((after) => store.listCampaigns(after, 100), 100)],
  segments: [25, (store) => paged((after) => store.listSegments('default', after, LIMIT))],
  schedules: [25, (store) => paged((after) => store.listSchedules(after, LIMIT))],
  triggers: [25, (store) => paged((after) => store.listTriggers(after, LIMIT))],
  'failed pings': [25, (store) => paged((it) => store.listFailedPings('name-0', it, LIMIT))],
  webhooks: [25, (store) => paged((after) => store.listWebhooks(after, LIMIT))],
};

test('every list is whole, whatever becomes of answers', { skip }, async (t) => {
  const { store, proxy, campaignId } = await fill(t);
  for (const [name, [size, read]] of Object.entries(lists)) {
    const whole = await read(store, campaignId);
    assert.equal(whole.length, size, name);
    for (const [which, occur] of faults) {
      occur(proxy);
      assert.deepEqual(await read(store, campaignId), whole, `${name}, with answers ${which}`);
      proxy.fault = () => null;
    }
  }
  isShort(proxy);
  const overdue = await store.takeOverdue(NOW + 60 * MINUTE, NOW + 75 * MINUTE, 5_000);
  const taken = Map.groupBy(overdue, (it) => it.kind);
  assert.deepEqual([taken.get('shard')?.length, taken.get('chunk')?.length], [311, 505]);
  const erased = await store.eraseUser('ada', NOW);
  assert.equal(erased.installations, 310);
  proxy.fault = () => null;
  assert.deepEqual(await flat(store.readUser('ada')), []);
});

for (const [which, occur] of faults)
  test(`with answers ${which}, prune finds all that an import had not, and no other`, {
    skip,
  }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    const people = range(600).map((n) => ({ ...person(`device-${n}`), refreshedAt: null }));
    await store.importInstallations(people, { run: null, now: NOW });
    await store.importInstallations(people.slice(0, 400), { run: 'run', now: NOW + 1 });
    occur(proxy);
    let found = 0;
    for (let after: string | null = null; ; ) {
      const part = await store.pruneInstallations('default', 'run', after, false);
      found += part!.found;
      after = part!.next;
      if (after === null) break;
    }
    assert.equal(found, 200);
    proxy.fault = () => null;
    assert.equal(await store.estimateAudience('default', {}), 400);
  });

test('a query that breaks off is asked again whole, whatever its order needs', {
  skip,
}, async (t) => {
  const proxy = await startProxy(emulator);
  process.env.FIRESTORE_EMULATOR_HOST = proxy.host;
  const client = createClient({ project: freshProject(), emulator: proxy.host });
  process.env.FIRESTORE_EMULATOR_HOST = emulator;
  t.after(() => client.close());
  t.after(() => proxy.stop());
  const some = client.db.collection('some');
  await Promise.all(range(10).map((n) => some.doc(`${n}`).set({ n })));
  breaksOff(proxy);
  proxy.calls.splice(0);
  // the SDK itself would go on after the last document by a field that it has not got
  const query = some.orderBy('n').select().limit(8);
  const { docs } = await client.read(() => query.get());
  assert.deepEqual(
    docs.map((it) => it.id),
    range(8).map(String),
  );
  assert.deepEqual(
    proxy.calls.map((it) => it.query?.limit?.value),
    [8, 8],
  );
});
