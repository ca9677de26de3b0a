import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../functions/http/core/problems.ts';
import type { Installation } from '../../../functions/model/installation.ts';
import { apnsToken, createFixture, jsonOf } from '../fixture.ts';

const registration = {
  platform: 'ios',
  token: apnsToken(1),
  language: 'de',
  tags: ['news'],
  attributes: { plan: 'pro', age: 3, beta: true },
};

test('an app registers, is found, registers again and is removed', async (t) => {
  const { ask, clock } = await createFixture(t);
  const put = await ask('PUT', '/v1/installations/device-1', registration);
  assert.equal(put.status, 200);
  const expected = {
    ...registration,
    id: 'device-1',
    app: 'default',
    provider: 'apns',
    environment: 'production',
    refreshedAt: '2026-11-21T13:00:00.000Z',
  };
  assert.deepEqual(await put.json(), expected);
  const got = await ask('GET', '/v1/installations/device-1');
  assert.deepEqual(await got.json(), expected);

  clock.now += 1000;
  const anew = { platform: 'ios', token: apnsToken(2) };
  await ask('PUT', '/v1/installations/device-1', anew);
  const after = await jsonOf<Installation>(await ask('GET', '/v1/installations/device-1'));
  assert.equal(after.token, apnsToken(2));
  assert.equal(after.language, undefined);
  assert.equal(after.refreshedAt, '2026-11-21T13:00:01.000Z');

  assert.equal((await ask('DELETE', '/v1/installations/device-1')).status, 204);
  assert.equal((await ask('GET', '/v1/installations/device-1')).status, 404);
  assert.equal((await ask('DELETE', '/v1/installations/device-1')).status, 404);
});

test('a device that has changed its time zone changes on', async (t) => {
  const { ask, store, clock } = await createFixture(t);
  const path = '/v1/installations/device-1';
  await ask('PUT', path, { ...registration, timeZone: 'Europe/Berlin' });
  clock.now += 1000;
  const moved = clock.now;
  for (const change of [{ timeZone: 'Asia/Tokyo' }, { language: 'ja' }, { tags: ['games'] }]) {
    const answer = await ask('PATCH', path, change);
    assert.ok(answer.ok, `${answer.status} ${await answer.text()}`);
    clock.now += 1000;
  }
  assert.equal((await store.getInstallation('default', 'device-1'))?.movedAt, moved);
  await ask('PUT', path, { ...registration, timeZone: 'Asia/Tokyo' });
  assert.equal((await store.getInstallation('default', 'device-1'))?.movedAt, moved);
});

test('apps do not see each other’s installations', async (t) => {
  const { ask } = await createFixture(t);
  await ask('PUT', '/v1/installations/device-1', { ...registration, app: 'shop' });
  assert.equal((await ask('GET', '/v1/installations/device-1')).status, 404);
  assert.equal((await ask('DELETE', '/v1/installations/device-1')).status, 404);
  assert.equal((await ask('GET', '/v1/installations/device-1?app=shop')).status, 200);
  assert.equal((await ask('DELETE', '/v1/installations/device-1?app=shop')).status, 204);
});

test('a registration with faults has all of them named, its id too', async (t) => {
  const { ask, store } = await createFixture(t);
  const body = { platform: 'ios', token: 'a b', attributes: { a: [] }, tag: 'x', language: 1 };
  const response = await ask('PUT', '/v1/installations/a%20b', body);
  assert.equal(response.status, 400);
  const { faults } = await jsonOf<Problem>(response);
  assert.deepEqual(faults!.map((it) => it.path).sort(), [
    'attributes.a',
    'language',
    'path.id',
    'tag',
    'token',
  ]);
  const hex = await ask('PUT', '/v1/installations/b', { platform: 'ios', token: 'xyz' });
  assert.match(await hex.text(), /an APNs token is 64 to 200 hexadecimal digits/);
  assert.equal(await store.getInstallation('default', 'b'), null);
});

test('an app sets the badge count of an existing installation', async (t) => {
  const { ask, store } = await createFixture(t);
  const counted: unknown[] = [];
  store.setBadge = async (...args) => void counted.push(args);
  await ask('PUT', '/v1/installations/a', { platform: 'ios', token: apnsToken(1) });
  const say = async (path: string, body: unknown) =>
    (await ask('PUT', `/v1/installations/${path}`, body)).status;
  assert.equal(await say('a/badge', { count: 3 }), 204);
  assert.deepEqual(counted, [['default', 'a', 3]]);
  assert.equal(await say('b/badge', { count: 3 }), 404);
  assert.equal(await say('a/badge?app=other', { count: 3 }), 404);
  for (const body of [{ count: -1 }, { count: 1.5 }, {}, { count: 1, x: 1 }])
    assert.equal(await say('a/badge', body), 400);
});
