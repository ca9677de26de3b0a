/**
 * The clients for phones. Their requests are recorded (`recorded/`), so that they are held against the API
 * where no compiler is to be had. `VOLLEY_RECORD=1` writes the records anew, with a compiler.
 */

import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createApi } from '../../functions/http/api.ts';
import { hashKey, makeKey } from '../../functions/http/auth/authorize.ts';
import type { InstallationView } from '../../functions/http/installations/view.ts';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import { DELIVERED_SHARE } from '../../functions/model/receipt.ts';
import type { Ports, Store } from '../../functions/ports/ports.ts';
import { running } from '../contracts/store-fixture.ts';
import { withoutEmulators } from '../emulators.ts';
import { apnsToken, createFixture, jsonOf, NOW } from '../http/fixture.ts';
import { openStore } from '../store/firestore/emulated.ts';
import { makeFolder } from '../store/folder.ts';
import { type NativeClient, nativeClients } from './compilers.ts';
import { type Phone, storageOf, turnOn } from './phone.ts';
import { type Recorded, startRecorder } from './recorder.ts';

/** One that reports `delivered`: its bucket is 0.2 % of all. */
const ID = '00000000-0000-4000-8000-000000000004';
/** One that does not. */
const OTHER_ID = '00000000-0000-4000-8000-000000000001';
const DAY = 24 * 60 * 60 * 1000;
const TAKEN = { status: 202 };
const push = (campaign: string, share?: number) =>
  JSON.stringify({ c: campaign, ...(share !== undefined && { d: share }) });

const fileOf = ({ name }: NativeClient) => `test/clients/recorded/${name}.json`;
const sourceOf = ({ source }: NativeClient) => hash('sha256', readFileSync(source, 'utf8'));
const recorded = (client: NativeClient): { source: string; requests: Recorded[] } =>
  JSON.parse(readFileSync(fileOf(client), 'utf8'));

async function registrationKey(store: Store) {
  const key = makeKey();
  await store.putKey({ hash: hashKey(key), name: 'phones', scopes: ['register'], app: 'default' });
  return key;
}

/** The campaigns whose pushes the device gets. */
async function sentCampaigns(store: Store) {
  for (const id of ['campaign-1', 'campaign-2'])
    await running(store, 1, { id, receipts: { delivered: DELIVERED_SHARE } });
}

/** What the device did is counted, each once. */
async function areCounted(store: Store) {
  const counts = await Promise.all(
    ['campaign-1', 'campaign-2'].map((it) => store.receiptCounts(it)),
  );
  assert.deepEqual(counts, [
    { opened: 1, delivered: 0, dismissed: 0 },
    { opened: 0, delivered: 1, dismissed: 1 },
  ]);
}

/** A server, and an app that has never run. */
async function createSituation(t: TestContext, client: NativeClient, id = ID) {
  const { api, store, ask } = await createFixture(t);
  const key = await registrationKey(store);
  const server = await startRecorder(t, api, key);
  const folder = makeFolder(t);
  const storage = storageOf(client, folder, id);
  const start = async () => {
    const phone = await turnOn(t, client, { folder, url: server.url, key });
    await phone.tell(`now ${NOW}`, 'language de-CH', 'zone Europe/Zurich', 'permission denied');
    return phone;
  };
  return { ...server, start, store, ask, storage };
}

/** Everything that a client asks of the API, in the life of an installation. */
async function live(phone: Phone, since: number) {
  await phone.tell('start');
  await phone.tell(`token ${apnsToken(7)}`);
  await phone.tell('permission granted', 'shown', 'shown');
  await phone.tell('set {"userId":"user-7","tags":["beta"],"attributes":{"plan":"pro"}}');
  await phone.tell('language pt-BR', 'zone America/Sao_Paulo', 'shown');
  await phone.tell(`now ${since + 1000}`, `opened ${push('campaign-1')}`);
  await phone.tell(`dismissed ${push('campaign-2')}`, `received ${push('campaign-2')}`);
  await phone.tell('set {"userId":null}');
  await phone.tell(`now ${since + 29 * DAY}`, 'shown', 'shown');
}

for (const client of nativeClients) {
  const { name, skip } = client;

  test(`${name}: the recorded requests are those of the file as it is`, () => {
    const again = 'the file has changed: VOLLEY_RECORD=1 with a compiler records its requests anew';
    assert.equal(recorded(client).source, sourceOf(client), again);
  });

  test(`${name}: the API takes the recorded requests`, async (t) => {
    const { ports } = await createFixture(t);
    await takes(client, ports);
  });

  test(`${name}: the API on Firestore takes the recorded requests`, {
    skip: withoutEmulators('firestore'),
  }, async (t) => {
    const { ports } = await createFixture(t);
    await takes(client, { ...ports, store: openStore(t) });
  });

  test(`${name}: a device is registered, kept current, and reports`, { skip }, async (t) => {
    const { start, requests, store, ask } = await createSituation(t, client);
    await sentCampaigns(store);
    await live(await start(), NOW);
    await areCounted(store);
    const answer = await ask('GET', `/v1/installations/${ID}`);
    const found = await jsonOf<InstallationView>(answer);
    assert.equal(found.token, apnsToken(7));
    assert.equal(found.language, 'pt-BR');
    assert.equal(found.timeZone, 'America/Sao_Paulo');
    assert.equal(found.permission, 'granted');
    assert.deepEqual(found.tags, ['beta']);
    assert.equal(found.userId, undefined);
    const text = `${JSON.stringify({ source: sourceOf(client), requests }, null, 2)}\n`;
    if (process.env.VOLLEY_RECORD) writeFileSync(fileOf(client), text);
    else assert.deepEqual(requests, recorded(client).requests);
  });

  test(`${name}: an installation gets an id of its own, once`, { skip }, async (t) => {
    const { start, requests, storage } = await createSituation(t, client);
    rmSync(join(storage, 'id'));
    const first = await start();
    await first.tell('start', `token ${apnsToken(1)}`);
    await first.kill();
    const second = await start();
    await second.tell('start', `token ${apnsToken(2)}`);
    assert.deepEqual(callsOf(requests), ['PUT', 'PATCH']);
    const [id, again] = requests.map((it) => it.path.replace('?app=default', ''));
    assert.match(id!, /^\/v1\/installations\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(again, id);
  });

  test(`${name}: a receipt outlives the process, and waits as long as the server says`, {
    skip,
  }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client);
    answers.push({ status: 429, headers: { 'Retry-After': '120' } }, TAKEN);
    const first = await start();
    await first.tell('start', `opened ${push('campaign-1')}`);
    await first.kill();
    const second = await start();
    await second.tell(`now ${NOW + 119_000}`, 'start', 'shown');
    assert.equal(requests.length, 1);
    await second.tell(`now ${NOW + 121_000}`, 'shown', 'shown');
    assert.equal(requests.length, 2);
    assert.deepEqual(requests[1]!.body, requests[0]!.body);
  });

  test(`${name}: without an answer it waits longer each time`, { skip }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client);
    answers.push({ status: 500 }, { status: 503 }, TAKEN);
    const phone = await start();
    await phone.tell('start', `opened ${push('campaign-1')}`, 'shown');
    await phone.tell(`now ${NOW + 31_000}`, 'shown', 'shown');
    assert.equal(requests.length, 2);
    await phone.tell(`now ${NOW + 90_000}`, 'shown');
    assert.equal(requests.length, 2);
    await phone.tell(`now ${NOW + 92_000}`, 'shown');
    assert.equal(requests.length, 3);
  });

  test(`${name}: only the receipt that is refused is dropped`, { skip }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client);
    answers.push({ status: 503 }, { status: 400 }, { status: 400 }, TAKEN);
    const phone = await start();
    await phone.tell('start', `opened ${push('a')}`, `opened ${push('b')}`);
    await phone.tell(`now ${NOW + DAY}`, 'shown', 'shown');
    assert.deepEqual(requests.map(campaignsOf), [['a'], ['a', 'b'], ['a'], ['b']]);
  });

  test(`${name}: 51 receipts are two calls`, { skip }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client);
    answers.push({ status: 401 }, TAKEN, TAKEN);
    const phone = await start();
    await phone.tell('start');
    const names = Array.from({ length: 51 }, (_, i) => `c${i + 10}`);
    for (const it of names) await phone.tell(`opened ${push(it)}`);
    await phone.tell(`now ${NOW + DAY}`, 'shown');
    assert.deepEqual(
      requests.map((it) => campaignsOf(it).length),
      [1, 50, 1],
    );
    assert.deepEqual(requests.slice(1).flatMap(campaignsOf), names);
  });

  test(`${name}: only devices of the sample report that they got a push`, { skip }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client, OTHER_ID);
    answers.push(TAKEN);
    const phone = await start();
    const bucket = bucketOf(OTHER_ID);
    // APNs gives an object, FCM a text
    const text = name === 'swift' ? "'" : '';
    await phone.tell('start', `received ${push('a')}`, `received ${push('b', bucket / BUCKETS)}`);
    assert.deepEqual(requests, []);
    await phone.tell(`received ${text}${push('c', (bucket + 1) / BUCKETS)}`);
    assert.deepEqual(requests.map(campaignsOf), [['c']]);
  });

  test(`${name}: a registration that is refused waits for a change, or a day`, {
    skip,
  }, async (t) => {
    const { start, requests, answers } = await createSituation(t, client);
    answers.push({ status: 400 }, { status: 400 });
    const phone = await start();
    await phone.tell('start', `token ${apnsToken(1)}`, 'shown', 'shown');
    assert.deepEqual(callsOf(requests), ['PUT']);
    await phone.tell('set {"userId":"user-7"}', 'shown');
    assert.deepEqual(callsOf(requests), ['PUT', 'PATCH']);
    await phone.tell(`now ${NOW + DAY + 1000}`, 'shown', 'shown');
    assert.deepEqual(callsOf(requests), ['PUT', 'PATCH', 'PATCH', 'PUT']);
  });

  test(`${name}: pushes of others do no harm`, { skip }, async (t) => {
    const { start, requests } = await createSituation(t, client);
    const phone = await start();
    await phone.tell('start');
    for (const it of ['[]', '{}', '{"c":"../../a"}', '{"c":{}}', '"x"', 'x', `'{"c":"a/b"}`])
      await phone.tell(`opened ${it}`, `received ${it}`, `dismissed ${it}`);
    await phone.tell(`opened ${'[{"c":'.repeat(1_000)}`);
    if (name === 'kotlin') await phone.tell('hostile');
    assert.deepEqual(requests, []);
  });
}

const callsOf = (requests: Recorded[]) => requests.map((it) => it.method);

const campaignsOf = ({ body }: Recorded) =>
  (body as { receipts: { campaignId: string }[] }).receipts.map((it) => it.campaignId);

async function takes(client: NativeClient, ports: Ports) {
  const api = createApi(ports);
  const key = await registrationKey(ports.store);
  await sentCampaigns(ports.store);
  const { requests } = recorded(client);
  assert.ok(requests.length >= 8);
  for (const { method, path, headers, body, status } of requests) {
    const response = await api.request(path, {
      method,
      headers: { ...headers, authorization: headers.authorization!.replace('KEY', key) },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, status, `${method} ${path}: ${await response.text()}`);
  }
  await areCounted(ports.store);
}
