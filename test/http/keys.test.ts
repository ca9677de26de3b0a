import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { KeyView, NewKey } from '../../functions/http/keys.ts';
import { createFixture, jsonOf } from './fixture.ts';

test('a key is made, shown once, works, is listed and revoked', async (t) => {
  const { ask, store, clock } = await createFixture(t);
  const made = await ask('POST', '/v1/keys', { name: ' CI ', scopes: ['read', 'read'] });
  assert.equal(made.status, 201);
  const { key, ...view } = await jsonOf<NewKey>(made);
  assert.match(key, /^volley_[\w-]{43}$/);
  assert.deepEqual(
    { ...view, id: '' },
    {
      id: '',
      name: 'CI',
      scopes: ['read'],
      app: null,
      createdAt: '2026-11-21T13:00:00.000Z',
    },
  );
  const asCi = () => ask('GET', '/v1/campaigns', undefined, { Authorization: `Bearer ${key}` });
  assert.equal((await asCi()).status, 200);

  const listed = await ask('GET', '/v1/keys');
  const text = await listed.text();
  assert.doesNotMatch(text, new RegExp(key.slice(7)));
  const { items } = JSON.parse(text) as { items: KeyView[] };
  assert.deepEqual(
    items.find((it) => it.name === 'CI'),
    view,
  );
  const stored = JSON.stringify(await store.listKeys());
  assert.ok(!stored.includes(key), 'only its hash is kept');

  assert.equal((await ask('DELETE', `/v1/keys/${view.id}`)).status, 204);
  assert.equal((await ask('DELETE', `/v1/keys/${view.id}`)).status, 404);
  clock.now += 30_001;
  assert.equal((await asCi()).status, 401);
});

test('only an administrator can make keys', async (t) => {
  const { ask, addKey } = await createFixture(t);
  const other = await addKey('campaigns', 'installations', 'read');
  const headers = { Authorization: `Bearer ${other}` };
  const body = { name: 'x', scopes: ['admin'] };
  assert.equal((await ask('POST', '/v1/keys', body, headers)).status, 403);
  assert.equal((await ask('GET', '/v1/keys', undefined, headers)).status, 403);
  assert.equal((await ask('DELETE', `/v1/keys/${'a'.repeat(16)}`, undefined, headers)).status, 403);
});

test('a registration key has one app and no other scope', async (t) => {
  const { ask, store } = await createFixture(t);
  const before = (await store.listKeys()).length;
  const faults = async (body: object) => {
    const response = await ask('POST', '/v1/keys', body);
    assert.equal(response.status, 400, JSON.stringify(body));
    return (await jsonOf<Problem>(response)).faults!.map((it) => it.path).sort();
  };
  assert.deepEqual(await faults({ name: 'a', scopes: ['register'] }), ['app']);
  assert.deepEqual(await faults({ name: 'a', scopes: ['register', 'read'], app: 'shop' }), [
    'scopes',
  ]);
  assert.deepEqual(await faults({ name: 'a', scopes: ['read'], app: 'shop' }), ['app']);
  assert.deepEqual(await faults({ name: '', scopes: [], key: 'x' }), ['key', 'name', 'scopes']);
  assert.deepEqual(await faults({ name: 'a', scopes: ['root'] }), ['scopes[0]']);
  assert.equal((await store.listKeys()).length, before);
});

test('a key cannot revoke itself', async (t) => {
  const { ask } = await createFixture(t);
  const { items } = await jsonOf<{ items: KeyView[] }>(await ask('GET', '/v1/keys'));
  const response = await ask('DELETE', `/v1/keys/${items[0]!.id}`);
  assert.equal(response.status, 409);
  assert.equal((await ask('GET', '/v1/keys')).status, 200);
});
