import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Campaign } from '../../functions/model/campaign.ts';
import { createClient } from '../../functions/store/firestore/client.ts';
import { changedAt } from '../../functions/store/firestore/pages/markers.ts';
import { createSchema } from '../../functions/store/firestore/schema.ts';
import { RETRY_FOR_MS } from '../../functions/webhooks/retry.ts';
import { storeContract } from '../contracts/store.ts';
import {
  atNow,
  campaignOf,
  finish,
  lonelyChunk,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../contracts/store-fixture.ts';
import { deliveryOf } from '../contracts/store-webhooks.ts';
import { freshProject, withoutEmulators } from '../emulators.ts';
import { emulator, openStore } from './firestore/emulated.ts';
import { declared, needed } from './firestore/indexes.ts';
import { collectionOf, startProxy } from './firestore/proxy.ts';

const skip = withoutEmulators('firestore');
const idOfPath = (path: string) => path.slice(path.lastIndexOf('/') + 1);
const proxy = skip ? null : await startProxy(emulator);
after(() => proxy?.stop());

storeContract('firestore', async (t, now = atNow) => openStore(t, proxy!.host, { now }), skip);

test('what has changed in a cell is found in the order of its markers', { skip }, async (t) => {
  const project = freshProject();
  await openStore(t, proxy!.host, { project }).putInstallations([person('a'), person('b')]);
  process.env.FIRESTORE_EMULATOR_HOST = proxy!.host;
  const client = createClient({ project, emulator: proxy!.host });
  process.env.FIRESTORE_EMULATOR_HOST = emulator;
  t.after(client.close);
  const { installations } = createSchema(client.db);
  const { docs } = await installations.orderBy('changed').startAt('default~').get();
  assert.equal(docs.length, 2);
});

test('the contract asks for no index that is not declared, and for all that are', { skip }, () => {
  const queries = proxy!.calls.flatMap((it) => it.query ?? []);
  const needs = queries.map(needed);
  assert.ok(queries.length > 500);
  assert.deepEqual(
    queries.filter((_, i) => needs[i]?.composite),
    declared.composite,
  );
  assert.deepEqual(
    [...new Set(needs.flatMap((it) => it.single))].toSorted(),
    declared.single.toSorted(),
  );
});

test('what is written of installations is marked, what is removed is gone, by a transaction that has read', {
  skip,
}, () => {
  let [marked, gone] = [0, 0];
  for (const call of proxy!.calls.filter((it) => it.method === 'Commit' && it.code === 0)) {
    const of = (collection: string) =>
      call.documents.filter((it) => collectionOf(it.name) === collection);
    for (const { name, fields } of of('installations')) {
      const [app, bucket] = idOfPath(name!).split('~');
      const changed = fields?.changed?.stringValue ?? '';
      assert.ok(changed.startsWith(`${app}~${bucket![0]}~`), `${name}: ${changed}`);
      assert.ok(Math.abs(changedAt(changed) - Date.now()) < 60 * MINUTE);
      marked++;
    }
    const removed = call.gone.filter((it) => collectionOf(it) === 'installations').map(idOfPath);
    const named = of('gone').flatMap(({ name, fields }) => {
      const [app, cell] = idOfPath(name!).split('~');
      const ids = fields?.ids?.arrayValue?.values ?? [];
      return ids.map((it) => `${app}~${cell}~${it.stringValue}`);
    });
    const short = removed.map((it) => it.replace(/~(.).{7}~/, '~$1~'));
    assert.deepEqual(named.toSorted(), short.toSorted());
    gone += removed.length;
    if (removed.length + of('installations').length > 0) assert.ok(call.hasRead, 'no transaction');
  }
  assert.ok(marked > 500 && gone > 20, `${marked} marked, ${gone} gone`);
});

test('what is indexed does not only grow at its end, unless behind a slot', { skip }, () => {
  const written = new Map<string, Set<string>>();
  for (const { name, fields } of proxy!.calls.flatMap((it) => it.documents)) {
    const collection = collectionOf(name);
    assert.ok(declared.exempt.includes(collection), `all fields of ${collection} are exempt`);
    for (const [field, value] of Object.entries(fields ?? {})) {
      const key = `${collection} ${field}`;
      if (!declared.single.some((it) => it.startsWith(`${key} `))) continue;
      const text = value.stringValue ?? '';
      const kind = /^[0-7]~\d{4}-\d\d-\d\dT/.test(text)
        ? 'slot and time'
        : /\d{4}-\d\d-\d\d|\b\d{13}\b/.test(text)
          ? 'time'
          : Object.keys(value).find((it) => it !== 'valueType')!;
      written.set(key, (written.get(key) ?? new Set()).add(kind));
    }
  }
  assert.deepEqual(
    Object.fromEntries([...written].map(([key, kinds]) => [key, [...kinds].join()]).toSorted()),
    {
      'campaigns due': 'slot and time',
      'campaigns listed': 'slot and time',
      // hashes
      'campaigns names': 'arrayValue',
      'campaigns open': 'booleanValue',
      'chunks due': 'slot and time',
      // begins with the campaign's random id
      'chunks openIn': 'stringValue',
      // all in one slot: their queue hands out 50 a second
      'deliveries due': 'slot and time',
      // begins with the webhook's random id
      'deliveries listed': 'time',
      'events due': 'slot and time',
      // begins with the trigger's name; only what failed is in it
      'failedPings listed': 'time',
      // hashes
      'formerUsers devices': 'arrayValue',
      'formerUsers users': 'arrayValue',
      // begins with the app and the cell; those of a minute are in the order of a hash
      'installations changed': 'stringValue',
      'installations platform': 'stringValue',
      'installations spoken': 'arrayValue',
      'installations tags': 'arrayValue',
      // a few hundred values; those of one are in the order of a hash
      'installations timeZone': 'stringValue',
      'installations userId': 'stringValue',
      // small numbers, of sets that are written in any order
      'receiptSets size': 'integerValue',
      // people write schedules and webhooks: a few a day
      'schedules due': 'slot and time',
      'shards due': 'slot and time',
      // a campaign's random id
      'shards openOf': 'stringValue',
      'webhooks key': 'stringValue',
      'webhooks listed': 'time',
    },
  );
});

test('what is kept for a while only has a time to live', () => {
  assert.deepEqual(declared.ttl.toSorted(), [
    'campaigns expireAt',
    'caps expireAt',
    'chunks expireAt',
    'deliveries expireAt',
    'erasures expireAt',
    'events expireAt',
    'failedPings expireAt',
    'failures expireAt',
    'formerUsers expireAt',
    'gone expireAt',
    'idempotency expireAt',
    'names expireAt',
    'pages expireAt',
    'receiptSets expireAt',
    'recipients expireAt',
    'seen expireAt',
    'shards expireAt',
    'uploads expireAt',
  ]);
});

test('a campaign to those it names goes with what it knew of them; of others the sums stay', {
  skip,
}, async (t) => {
  const store = openStore(t, proxy!.host);
  const goes = async (audience: Campaign['audience']) => {
    const id = await running(store, 1, { audience });
    await store.freezePage(pageOf(id, [1], { last: true }));
    await finish(store, `${id}.0.0.0`);
    const own = proxy!.calls
      .flatMap((it) => it.documents)
      .filter(({ name }) => name?.endsWith(`/campaigns/${id}`) || name?.includes(`/shards/${id}~`));
    return own.filter(({ fields }) => fields?.expireAt).map(({ name }) => collectionOf(name));
  };
  assert.deepEqual((await goes({ userIds: ['ada'] })).toSorted(), ['campaigns', 'shards']);
  assert.deepEqual(await goes({ tags: { any: ['news'] }, and: [{ userIds: ['ada'] }] }), []);
});

test('nothing of a campaign that is still open has a time to live', { skip }, async (t) => {
  const store = openStore(t, proxy!.host);
  const id = await running(store, 2, { audience: { userIds: ['ada'] } });
  const expires = () =>
    proxy!.calls
      .flatMap((it) => it.documents)
      .filter(({ name, fields }) => fields?.expireAt && name?.includes(`/shards/${id}~`))
      .map(({ name }) => name!.split('~')[1]);
  await store.freezePage(pageOf(id, [1], { last: true }));
  await finish(store, `${id}.0.0.0`);
  assert.deepEqual(expires(), [], 'its other shard may be paused for months');
  await store.freezePage(pageOf(id, [1], { shard: 1, last: true }));
  await finish(store, `${id}.1.0.0`);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  assert.deepEqual(expires().toSorted(), ['00000', '00001']);
});

test('who was erased lately is read by who freezes a page, so it is not kept', {
  skip,
}, async (t) => {
  const store = openStore(t, proxy!.host);
  await store.putInstallations([person('phone', { userId: 'ada' })]);
  await store.eraseUser('ada', NOW);
  await store.putInstallations([person('phone', { userId: 'ada' })]);
  await store.eraseUser('ada', NOW - MINUTE);
  const written = proxy!.calls
    .flatMap((it) => it.documents)
    .filter(({ name }) => name?.includes('/erasures/'));
  const { seconds } = written.at(-1)!.fields!.expireAt!.timestampValue!;
  // the last of them matters until then, and ten minutes more for clocks that differ
  assert.equal(Number(seconds) * 1000, NOW + (10 + 10) * MINUTE);
});

test('to erase a user, no chunk is looked for of campaigns whose chunks have expired', {
  skip,
}, async (t) => {
  const store = openStore(t, proxy!.host);
  const { campaignId, chunkId } = await lonelyChunk(store, 1);
  await finish(store, chunkId);
  const looksAt = async (now: number) => {
    await store.putInstallations([person('phone', { userId: 'ada' })]);
    const before = proxy!.calls.length;
    await store.eraseUser('ada', now);
    return proxy!.calls
      .slice(before)
      .flatMap((it) => it.reads)
      .some((it) => it === 'chunks' || it === 'shards');
  };
  assert.equal((await store.getCampaign(campaignId))?.closedAt, NOW);
  const days = (count: number) => NOW + count * 24 * 60 * MINUTE;
  assert.equal(await looksAt(days(30)), true);
  assert.equal(await looksAt(days(38)), false);
});

test('the key of a campaign that is far away is kept until it begins', { skip }, async (t) => {
  const store = openStore(t, proxy!.host, { retentionDays: 30 });
  const at = NOW + 60 * 24 * 60 * MINUTE;
  const campaign = campaignOf({ state: 'scheduled', schedule: { at } });
  await store.createCampaign(campaign, { key: 'far', requestHash: 'h' }, at);
  const [kept] = proxy!.calls
    .flatMap((it) => it.documents)
    .filter(({ name, fields }) => {
      return name?.includes('/idempotency/') && fields?.campaignId?.stringValue === campaign.id;
    });
  const { seconds } = kept!.fields!.expireAt!.timestampValue!;
  assert.ok(Number(seconds) * 1000 > at);
});

test('a delivery is kept as long as it is retried, however short all else is kept', {
  skip,
}, async (t) => {
  const store = openStore(t, proxy!.host, { retentionDays: 1 });
  const delivery = deliveryOf('short-lived');
  await store.createDeliveries([delivery]);
  const [kept] = proxy!.calls
    .flatMap((it) => it.documents)
    .filter(({ name }) => name?.endsWith(`/${delivery.id}`));
  const { seconds } = kept!.fields!.expireAt!.timestampValue!;
  assert.ok(Number(seconds) * 1000 > delivery.begunAt + RETRY_FOR_MS);
});
