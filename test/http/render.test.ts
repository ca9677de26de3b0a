import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { RenderedMessage } from '../../functions/http/render.ts';
import { createSenders } from '../../functions/providers/senders.ts';
import { credentials, TOPIC } from '../providers/fixture.ts';
import { createFixture, jsonOf, NOW } from './fixture.ts';

/** Real senders: nothing is sent, so they do not connect. The app `droid` has FCM alone. */
async function withSenders(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const both = credentials('https://localhost:1', 'https://localhost:1');
  const senders = createSenders({ default: both, droid: { ...both, apns: null } });
  t.after(() => senders.close());
  fixture.ports.senders = senders;
  const ask = (body: object) => fixture.ask('POST', '/v1/messages:render', body);
  const render = async (body: object) => {
    const response = await ask(body);
    assert.equal(response.status, 200);
    return jsonOf<RenderedMessage>(response);
  };
  const refused = async (body: object) => {
    const response = await ask(body);
    const { faults = [] } = await jsonOf<Problem>(response);
    return [response.status, ...faults.map((it) => `${it.path}: ${it.message}`)];
  };
  return { ...fixture, render, refused };
}

const message = {
  title: 'Hi {{name|there}}',
  subtitle: 'For {{city}}',
  link: 'shop://sale',
  collapseId: 'sale',
  badge: '+1',
  localized: { pt: { title: 'Olá {{name|você}}' } },
};

test('a push is shown for a platform, a language and attributes, with its bytes and limits', async (t) => {
  const { render, tasks, store, ports } = await withSenders(t);
  const ID = '3f1c9a0b5d7e2c4a6b80';
  ports.newId = () => ID;
  const attributes = { name: 'Zoë "✓"', city: 'Porto' };
  const ios = await render({ message, platform: 'ios', language: 'pt_BR', attributes });
  const volley = { c: ID };
  const payload = {
    volley,
    link: 'shop://sale',
    aps: { alert: { title: 'Olá Zoë "✓"', subtitle: 'For Porto' }, badge: 1 },
  };
  assert.deepEqual(ios, {
    provider: 'apns',
    language: 'pt',
    warnings: [],
    faults: [],
    headers: {
      'apns-collapse-id': 'sale',
      'apns-expiration': NOW / 1000 + 86_400,
      'apns-priority': 10,
      'apns-push-type': 'alert',
      'apns-topic': TOPIC,
    },
    payload,
    bytes: Buffer.byteLength(JSON.stringify(payload)),
    mostBytes: 4096,
  });

  const android = await render({ message, platform: 'android', language: 'de' });
  assert.deepEqual([android.provider, android.language], ['fcm', null]);
  assert.deepEqual(
    android.warnings.map((it) => it.path),
    ['message.badge', 'message.subtitle', 'attributes.city'],
  );
  const sent = android.payload.message as Record<string, unknown>;
  assert.deepEqual(
    [sent.token, sent.notification, sent.data],
    ['TOKEN', { title: 'Hi there' }, { volley: JSON.stringify(volley), link: 'shop://sale' }],
  );
  // as FCM counts them: names and values of the data and of the notification
  assert.equal(
    android.bytes,
    `volley|{"c":"${ID}"}|link|shop://sale|title|Hi there|tag|sale`.replaceAll('|', '').length,
  );

  const byFcm = await render({ message, platform: 'ios', provider: 'fcm', attributes });
  const { apns } = byFcm.payload.message as { apns: { payload: { aps: object } } };
  assert.deepEqual(apns.payload.aps, {
    alert: { title: 'Hi Zoë "✓"', subtitle: 'For Porto' },
    badge: 1,
  });
  assert.deepEqual([tasks, (await store.listCampaigns(null, 1)).items], [[], []]);
});

test('a push of an app without receipts is shown without their key', async (t) => {
  const { ask, render } = await withSenders(t);
  await ask('PUT', '/v1/apps/default/policy', { receipts: { enabled: false } });
  const { payload } = await render({ message: { title: 'Hi' }, platform: 'ios' });
  assert.deepEqual(payload, { aps: { alert: { title: 'Hi' } } });
});

test('a push that could not be sent is shown with its faults', async (t) => {
  const { render } = await withSenders(t);
  const at = async (body: object) =>
    (await render(body)).faults.map((it) => `${it.path}: ${it.message}`);
  const long = await render({ message: { title: 'x', body: 'x'.repeat(4090) }, platform: 'ios' });
  assert.ok(long.bytes > 4096);
  assert.match(long.faults[0]!.message, /^the APNs payload is \d+ bytes, 4096 are allowed/);
  const pages = Object.fromEntries(
    Array.from({ length: 20 }, (_, n) => [`a${n}`, 'x'.repeat(256)]),
  );
  const body = Object.keys(pages).map((name) => `{{${name}}}`);
  const wide = { message: { body: body.join('') }, platform: 'web', attributes: pages };
  // 5,120 of the values, with the names of body and tag and an id of 20; it is not the key that is too much
  assert.deepEqual(await at(wide), [
    'attributes: the payload has 5147 bytes with them, 4096 are allowed: the push would fail with PayloadTooLarge',
  ]);
  assert.deepEqual(await at({ message: {}, platform: 'ios' }), [
    'message: needs a title, a body, data, a link, a sound or a badge',
  ]);
});

test('a bad request names every fault, and an app without credentials is refused', async (t) => {
  const { refused } = await withSenders(t);
  const title = { title: 'x' };
  assert.deepEqual(await refused({ message: title, platform: 'ios', app: 'droid' }), [
    422,
    'app: "droid" has no credentials for APNs',
  ]);
  assert.deepEqual(await refused({ message: title, platform: 'ios', app: 'constructor' }), [
    422,
    'app: "constructor" has no credentials for APNs',
  ]);
  assert.deepEqual(await refused({ message: title, platform: 'android', provider: 'apns' }), [
    400,
    'provider: apns serves ios only',
  ]);
  const [status, ...faults] = await refused({
    message: { title: '{{a b}}', link: 'javascript:x' },
    platform: 'palm',
    provider: 'expo',
    language: 'no language',
    environment: 'test',
    attributes: { name: { first: 'Ada' }, ['x'.repeat(65)]: 1 },
    token: 'x',
  });
  assert.equal(status, 400);
  assert.deepEqual(
    new Set(faults.map((it) => String(it).split(': ')[0]!)),
    new Set([
      'message.title',
      'message.link',
      'platform',
      'provider',
      'language',
      'environment',
      'attributes.name',
      'attributes.xxxxxx…xxxx',
      'token',
    ]),
  );
});

test('a key that may only register is refused', async (t) => {
  const { ask, addKey } = await withSenders(t);
  for (const [scope, status] of [
    ['installations', 403],
    ['read', 200],
  ] as const) {
    const headers = { Authorization: `Bearer ${await addKey(scope)}` };
    const body = { message: { title: 'x' }, platform: 'web' };
    const response = await ask('POST', '/v1/messages:render', body, headers);
    assert.equal(response.status, status, scope);
  }
});
