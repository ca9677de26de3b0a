import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFixture, jsonOf } from '../fixture.ts';

const ORIGIN = 'https://shop.example';
const body = { platform: 'ios', token: 'a1'.repeat(32) };

/** The headers of the answer that are about other origins. */
const corsOf = (response: Response) =>
  Object.fromEntries(Array.from(response.headers).filter(([name]) => /^access-control/.test(name)));

test('a page of any origin may register, change and remove its browser, and report', async (t) => {
  const { api } = await createFixture(t);
  const calls = [
    ['PUT', '/v1/installations/d1'],
    ['PATCH', '/v1/installations/d1'],
    ['DELETE', '/v1/installations/d1'],
    ['PUT', '/v1/installations/d1/badge'],
    ['POST', '/v1/receipts'],
  ] as const;
  for (const [method, path] of calls) {
    const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': method };
    const response = await api.request(path, { method: 'OPTIONS', headers });
    assert.equal(response.status, 204, `${method} ${path}`);
    const { 'access-control-allow-methods': methods = '', ...rest } = corsOf(response);
    assert.ok(methods.split(', ').includes(method), methods);
    // nothing about credentials: a browser then sends no cookie, and shows no answer to a page that did
    assert.deepEqual(rest, {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': '7200',
    });
  }
});

test('no other call is for pages of other origins', async (t) => {
  const { api, ask } = await createFixture(t);
  const { paths } = await jsonOf<{ paths: Record<string, Record<string, unknown>> }>(
    await ask('GET', '/openapi.json'),
  );
  const allowed: string[] = [];
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods).map((it) => it.toUpperCase())) {
      const headers = { Origin: ORIGIN, 'Access-Control-Request-Method': method };
      const at = path.replaceAll(/{\w+}/g, 'x');
      const asked = corsOf(await api.request(at, { method: 'OPTIONS', headers }));
      const answered = corsOf(await api.request(at, { method, headers: { Origin: ORIGIN } }));
      const isAllowed = 'access-control-allow-origin' in asked;
      assert.equal('access-control-allow-origin' in answered, isAllowed, `${method} ${path}`);
      if (isAllowed) allowed.push(`${method} ${path}`);
    }
  assert.deepEqual(allowed.sort(), [
    'DELETE /v1/installations/{id}',
    'PATCH /v1/installations/{id}',
    'POST /v1/receipts',
    'PUT /v1/installations/{id}',
    'PUT /v1/installations/{id}/badge',
  ]);
});

test('a page of another origin can read refusals, and how long it has to wait', async (t) => {
  const { api, ask } = await createFixture(t, {
    limits: { perKey: { perSecond: 1, burst: 2 }, perAddress: { perSecond: 1, burst: 2 } },
  });
  const key = { name: 'page', scopes: ['register'], app: 'default' };
  const { key: register } = await jsonOf<{ key: string }>(await ask('POST', '/v1/keys', key));
  const put = (token: string) =>
    api.request('/v1/installations/d1', {
      method: 'PUT',
      headers: {
        Origin: ORIGIN,
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify(body),
    });
  const statuses = [];
  for (const token of ['volley_none', register, register, register]) {
    const response = await put(token);
    statuses.push(response.status);
    assert.equal(corsOf(response)['access-control-allow-origin'], '*');
    assert.equal(corsOf(response)['access-control-expose-headers'], 'Retry-After');
  }
  assert.deepEqual(statuses, [401, 200, 200, 429]);
});

test('an app that is no page gets no such headers', async (t) => {
  const { ask } = await createFixture(t);
  assert.deepEqual(corsOf(await ask('PUT', '/v1/installations/d1', body)), {});
});
