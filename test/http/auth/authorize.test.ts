import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashKey, makeKey } from '../../../functions/http/auth/authorize.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { apnsToken, campaign, createFixture } from '../fixture.ts';

const problemOf = async (response: Response) => (await response.json()) as Problem;

test('each key is new, and too long to be guessed', () => {
  assert.match(makeKey(), /^volley_[\w-]{43}$/);
  assert.notEqual(makeKey(), makeKey());
});

test('without a key, or with a wrong one, nothing is shown and nothing is stored', async (t) => {
  const { api, store, key } = await createFixture(t);
  const headers = [
    {},
    { Authorization: 'Bearer' },
    { Authorization: `Bearer ${makeKey()}` },
    { Authorization: `Basic ${key}` },
    { Authorization: `Bearer ${key.slice(0, -1)}` },
    { Authorization: `Bearer ${hashKey(key)}` },
  ];
  for (const it of headers) {
    const response = await api.request('/v1/campaigns', {
      method: 'POST',
      headers: { ...it, 'Content-Type': 'application/json' } as Record<string, string>,
      body: JSON.stringify(campaign),
    });
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate')!, /^Bearer realm="volley"/);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal((await problemOf(response)).type, '/problems/unauthorized');
  }
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
});

test('a key does only what its scopes say', async (t) => {
  const { addKey, ask, key } = await createFixture(t);
  const registration = { platform: 'ios', token: apnsToken(1) };
  const calls = [
    ['POST', '/v1/campaigns', campaign, ['campaigns']],
    ['POST', '/v1/campaigns/x/cancel', undefined, ['campaigns']],
    ['POST', '/v1/campaigns/x/resume', undefined, ['campaigns']],
    ['GET', '/v1/campaigns', undefined, ['campaigns', 'read']],
    ['GET', '/v1/campaigns/x', undefined, ['campaigns', 'read']],
    ['GET', '/v1/campaigns/x/report', undefined, ['campaigns', 'read']],
    ['GET', '/v1/campaigns/x/failures', undefined, ['read']],
    ['PUT', '/v1/installations/x', registration, ['installations']],
    ['GET', '/v1/installations/x', undefined, ['installations', 'read']],
    ['DELETE', '/v1/installations/x', undefined, ['installations']],
    ['POST', '/v1/installations:import', 'id', ['installations']],
  ] as const;
  for (const scope of ['campaigns', 'installations', 'read'] as const) {
    const own = await addKey(scope);
    for (const [method, path, body, scopes] of calls) {
      const response = await ask(method, path, body, { Authorization: `Bearer ${own}` });
      const may = (scopes as readonly string[]).includes(scope);
      assert.equal(response.status === 403, !may, `${scope}: ${method} ${path}`);
      if (!may) assert.match((await problemOf(response)).detail, new RegExp(`"${scope}" lacks`));
    }
  }
  const none = await addKey();
  for (const [method, path, body] of calls) {
    const response = await ask(method, path, body, { Authorization: `Bearer ${none}` });
    assert.equal(response.status, 403);
  }
  assert.ok(key);
});

test('the store is asked once for a key, and again half a minute later', async (t) => {
  const { apiOver, store, ask, clock, addKey } = await createFixture(t);
  let asked = 0;
  const api = apiOver({
    findKey: (hash) => {
      asked++;
      return store.findKey(hash);
    },
  });
  const look = async (key: string) =>
    (await ask('GET', '/v1/campaigns', undefined, { Authorization: `Bearer ${key}` }, api)).status;
  const key = await addKey('read');
  const statuses = await Promise.all(Array.from({ length: 20 }, () => look(key)));
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.equal(asked, 1);

  // many guesses later it is still remembered
  for (let n = 0; n < 1500; n++) await look(`guess-${n}`);
  asked = 0;
  await look(key);
  assert.equal(asked, 0);

  clock.now += 30_000;
  assert.equal(await look(key), 200);
  assert.equal(asked, 1);
});

test('a store that fails is not remembered as a wrong key', async (t) => {
  const { apiOver, store, ask, logged } = await createFixture(t);
  let broken = true;
  const api = apiOver({
    findKey: async (hash) => {
      if (broken) throw new Error('the disk is gone');
      return store.findKey(hash);
    },
  });
  const response = await ask('GET', '/v1/campaigns', undefined, {}, api);
  assert.equal(response.status, 500);
  const text = await response.text();
  assert.doesNotMatch(text, /disk/);
  assert.match(logged.join(''), /the disk is gone/);
  broken = false;
  assert.equal((await ask('GET', '/v1/campaigns', undefined, {}, api)).status, 200);
});
