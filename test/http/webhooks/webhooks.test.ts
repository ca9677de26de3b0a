import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../../functions/http/api.ts';
import type { DeliveryView, WebhookView } from '../../../functions/http/webhooks/view.ts';
import { createReceiver, status, verified } from '../../webhooks/receiver.ts';
import { createFixture, jsonOf } from '../fixture.ts';

type WithSecret = WebhookView & { secret: string };
type Problem = { faults: { path: string; message: string }[]; next: string };

const url = 'https://example.com/hook';

async function local(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const api = createApi(fixture.ports, { isLocal: true });
  const receiver = await createReceiver(t);
  const ask = (method: string, path: string, body?: unknown) =>
    fixture.ask(method, path, body, {}, api);
  const add = async (rest = {}) =>
    jsonOf<WithSecret>(await ask('POST', '/v1/webhooks', { url: receiver.url, ...rest }));
  return { ...fixture, ask, receiver, add };
}

test('a webhook is registered, read, changed and removed; its secret is shown once', async (t) => {
  const { ask } = await createFixture(t);
  const response = await ask('POST', '/v1/webhooks', { url, app: 'news', description: 'ours' });
  assert.equal(response.status, 201);
  const { secret, ...made } = await jsonOf<WithSecret>(response);
  assert.match(secret, /^whsec_[\w+/]{43}=$/);
  assert.equal(response.headers.get('location'), `/v1/webhooks/${made.id}`);
  assert.deepEqual([made.app, made.campaignId, made.enabled], ['news', null, true]);
  assert.ok(made.types.includes('campaign.completed') && !made.types.includes('push.failed'));

  const path = `/v1/webhooks/${made.id}`;
  assert.deepEqual(await jsonOf(await ask('GET', path)), made);
  assert.deepEqual(await jsonOf(await ask('GET', '/v1/webhooks')), { items: [made], next: null });
  const types = ['push.failed'];
  const changed = await jsonOf<WebhookView>(await ask('PATCH', path, { types, enabled: false }));
  assert.deepEqual([changed.types, changed.enabled, changed.url], [types, false, url]);
  assert.match(changed.disabledReason!, /turned off/);
  const on = await jsonOf<WebhookView>(await ask('PATCH', path, { enabled: true }));
  assert.deepEqual([on.enabled, on.disabledReason], [true, null]);
  assert.equal((await ask('DELETE', path)).status, 204);
  for (const method of ['GET', 'DELETE'])
    assert.equal((await ask(method, path)).status, 404, method);
  assert.equal((await ask('PATCH', path, {})).status, 404);
  for (const verb of ['test', 'rotate'])
    assert.equal((await ask('POST', `${path}:${verb}`)).status, 404, verb);
});

test('what cannot be a webhook is refused with every fault', async (t) => {
  const { ask, store } = await createFixture(t);
  const cases: [object, string[]][] = [
    [{}, ['url']],
    [{ url: 'http://example.com/' }, ['url']],
    [{ url: 'https://127.0.0.1/' }, ['url']],
    [{ url: 'https://169.254.169.254/', types: ['campaign.dreamt'] }, ['types[0]', 'url']],
    [{ url, types: [] }, ['types']],
    [{ url, types: ['webhook.test'] }, ['types[0]']],
    [{ url, app: 'a', campaignId: 'b' }, ['campaignId']],
    [{ url, format: 'slack', types: ['push.failed'] }, ['types']],
    [{ url, format: 'irc', secret: 'mine' }, ['format', 'secret']],
  ];
  for (const [body, paths] of cases) {
    const response = await ask('POST', '/v1/webhooks', body);
    assert.equal(response.status, 400);
    const { faults } = await jsonOf<Problem>(response);
    assert.deepEqual(faults.map((it) => it.path).toSorted(), paths, JSON.stringify(faults));
  }
  assert.deepEqual((await store.listWebhooks(null, 9)).items, []);

  const { id } = await jsonOf<WebhookView>(await ask('POST', '/v1/webhooks', { url }));
  for (const bad of ['http://example.com/', 'https://10.0.0.1/', 'https://[::ffff:a00:1]/'])
    assert.equal((await ask('PATCH', `/v1/webhooks/${id}`, { url: bad })).status, 400, bad);
  assert.equal((await store.getWebhook(id))?.url, url, 'nor is it led elsewhere later');
});

test('webhooks need the scope campaigns', async (t) => {
  const { ask, addKey } = await createFixture(t);
  const key = await addKey('read', 'installations');
  for (const [method, path] of [
    ['GET', '/v1/webhooks'],
    ['POST', '/v1/webhooks'],
    ['POST', '/v1/webhooks/w:test'],
    ['GET', '/v1/webhooks/w/deliveries'],
    ['POST', '/v1/webhooks/w/deliveries/d:replay'],
  ] as const) {
    const headers = { Authorization: `Bearer ${key}` };
    assert.equal((await ask(method, path, undefined, headers)).status, 403, path);
  }
});

test('a key has fifty webhooks and no more', async (t) => {
  const { ask } = await createFixture(t);
  for (let i = 0; i < 50; i++)
    assert.equal((await ask('POST', '/v1/webhooks', { url })).status, 201);
  const response = await ask('POST', '/v1/webhooks', { url });
  assert.equal(response.status, 409);
  assert.match((await jsonOf<Problem>(response)).next, /Remove/);
  assert.equal((await ask('POST', '/v1/webhooks', { url, app: 'other' })).status, 201);
});

test('a test event is sent immediately, signed, and its result is answered and listed', async (t) => {
  const { ask, add, receiver } = await local(t);
  const { id, secret } = await add();
  const ping = async () => jsonOf<DeliveryView>(await ask('POST', `/v1/webhooks/${id}:test`));
  const well = await ping();
  assert.deepEqual([well.state, well.attempts[0]?.status], ['delivered', 204]);
  assert.equal(well.event.type, 'webhook.test');
  assert.ok(receiver.got[0], 'it has come');
  receiver.answer = status(500);
  assert.equal((await ping()).state, 'failed');
  const list = await jsonOf<{ items: DeliveryView[] }>(
    await ask('GET', `/v1/webhooks/${id}/deliveries`),
  );
  assert.ok(list.items.length >= 1);
  assert.match(secret, /^whsec_/);
});

test('after a rotation both secrets are valid, and only the new one is shown', async (t) => {
  const { ask, add, receiver, clock } = await local(t);
  clock.now = Date.now();
  const { id, secret: first } = await add();
  const { secret: second } = await jsonOf<WithSecret>(
    await ask('POST', `/v1/webhooks/${id}:rotate`),
  );
  assert.notEqual(first, second);
  await ask('POST', `/v1/webhooks/${id}:test`);
  const [got] = receiver.got;
  for (const secret of [first, second]) assert.equal(verified(got!, secret).type, 'webhook.test');
  assert.throws(() => verified({ ...got!, body: `${got!.body} ` }, second));
  clock.now += 24 * 3600_000;
  await ask('POST', `/v1/webhooks/${id}:test`);
  assert.equal(receiver.got[1]!.headers['webhook-signature']!.toString().split(' ').length, 1);
});

test('a delivery is replayed under the same id, not while the webhook is off', async (t) => {
  const { ask, add, tasks, store } = await local(t);
  const { id } = await add();
  const made = await jsonOf<DeliveryView>(await ask('POST', `/v1/webhooks/${id}:test`));
  const path = `/v1/webhooks/${id}/deliveries/${made.id}:replay`;
  const response = await ask('POST', path);
  assert.equal(response.status, 202);
  const again = await jsonOf<DeliveryView>(response);
  assert.deepEqual([again.state, again.event.id], ['pending', made.event.id]);
  const stored = (await store.getDelivery(made.id))!;
  assert.deepEqual(tasks.at(-1)?.body, {
    kind: 'delivery',
    deliveryId: made.id,
    webhookId: id,
    tries: stored.tries,
  });
  await ask('PATCH', `/v1/webhooks/${id}`, { enabled: false });
  assert.equal((await ask('POST', path)).status, 409);
  const { id: other } = await add();
  const elsewhere = await ask('POST', `/v1/webhooks/${other}/deliveries/${made.id}:replay`);
  assert.equal(elsewhere.status, 404, 'it is none of its deliveries');
  const none = await ask('POST', `/v1/webhooks/${id}/deliveries/nothing:replay`);
  assert.equal(none.status, 404);
});
