import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ApiOptions } from '../../../functions/http/api.ts';
import {
  clientAddressBehind,
  forwardedAddress,
  socketAddress,
} from '../../../functions/http/auth/address.ts';
import { createLimit } from '../../../functions/http/auth/limit.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import type { NewKey } from '../../../functions/http/keys.ts';
import { apnsToken, createFixture, jsonOf } from '../fixture.ts';

const device = { platform: 'ios', token: apnsToken(1), app: 'shop' };

/** An app with its key to register. */
async function registry(t: TestContext, options?: ApiOptions) {
  const fixture = await createFixture(t, options);
  const made = await fixture.ask('POST', '/v1/keys', {
    name: 'shop app',
    scopes: ['register'],
    app: 'shop',
  });
  const { key } = await jsonOf<NewKey>(made);
  const asApp = (method: string, path: string, body?: unknown, from = '') =>
    fixture.ask(method, path, body, {
      Authorization: `Bearer ${key}`,
      ...(from && { 'X-Forwarded-For': from }),
    });
  const get = (id = 'device-1') => fixture.store.getInstallation('shop', id);
  return { ...fixture, asApp, get };
}

test('a registration key can register, change and delete an installation, and nothing else', async (t) => {
  const { asApp, get, api } = await registry(t);
  assert.equal((await asApp('PUT', '/v1/installations/device-1', device)).status, 200);
  const patched = await asApp('PATCH', '/v1/installations/device-1?app=shop', { userId: 'ada' });
  assert.equal(patched.status, 204);
  assert.equal((await get())?.userId, 'ada');
  const badge = await asApp('PUT', '/v1/installations/device-1/badge?app=shop', { count: 0 });
  assert.equal(badge.status, 204);

  const document = await jsonOf<{
    paths: Record<string, Record<string, { security: unknown[]; description?: string }>>;
  }>(await api.request('/openapi.json'));
  let refused = 0;
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { security, description }] of Object.entries(methods)) {
      if (security.length === 0 || description?.includes('`register`.')) continue;
      const response = await asApp(method.toUpperCase(), path.replace(/{\w+}/, 'device-1'));
      if (description?.includes('`installations` or `register`')) continue;
      if (description?.startsWith('For any API key')) continue;
      assert.equal(response.status, 403, `${method} ${path}`);
      refused++;
    }
  assert.ok(refused > 15, `${refused} calls were refused`);
  assert.equal((await asApp('GET', '/v1/installations/device-1?app=shop')).status, 403);
  const many = await asApp('POST', '/v1/installations:import', 'id,platform,token\n');
  assert.equal(many.status, 403);

  assert.equal((await asApp('DELETE', '/v1/installations/device-1?app=shop')).status, 204);
  assert.equal(await get(), null);
});

test('a registration key works only for its own app', async (t) => {
  const { asApp, ask, store } = await registry(t);
  const other = { ...device, app: 'bank' };
  await ask('PUT', '/v1/installations/device-1', other);
  for (const [method, path, body] of [
    ['PUT', '/v1/installations/device-1', { ...other, token: apnsToken(2) }],
    ['PUT', '/v1/installations/device-1', { platform: 'ios', token: apnsToken(2) }],
    ['PATCH', '/v1/installations/device-1?app=bank', { userId: 'eve' }],
    ['PUT', '/v1/installations/device-1/badge?app=bank', { count: 3 }],
    ['DELETE', '/v1/installations/device-1?app=bank', undefined],
  ] as const) {
    const response = await asApp(method, path, body);
    assert.equal(response.status, 403, method);
    assert.match((await jsonOf<Problem>(response)).next, /Name the app "shop"/);
  }
  const kept = (await store.getInstallation('bank', 'device-1'))!;
  assert.deepEqual([kept.token, kept.userId], [apnsToken(1), undefined]);
});

test('a token is refreshed, a user logs in and out, and the rest stays', async (t) => {
  const { asApp, get, clock } = await registry(t);
  const whole = {
    ...device,
    language: 'de',
    timeZone: 'Europe/Zurich',
    country: 'CH',
    appVersion: '1.0',
    tags: ['news'],
    attributes: { plan: 'pro', age: 41 },
  };
  await asApp('PUT', '/v1/installations/device-1', whole);
  clock.now += 1000;
  const change = (body: object) => asApp('PATCH', '/v1/installations/device-1?app=shop', body);
  assert.equal((await change({ token: apnsToken(2) })).status, 204);
  assert.equal((await get())?.token, apnsToken(2));
  assert.equal((await get())?.refreshedAt, clock.now);
  await change({ userId: 'ada', appVersion: '1.1' });
  assert.deepEqual([(await get())?.userId, (await get())?.appVersion], ['ada', '1.1']);
  await change({ userId: null, language: null, tags: [], attributes: { plan: null, beta: true } });
  const { bucket: _, refreshedAt: __, ...rest } = (await get())!;
  assert.deepEqual(rest, {
    id: 'device-1',
    app: 'shop',
    platform: 'ios',
    provider: 'apns',
    environment: 'production',
    token: apnsToken(2),
    timeZone: 'Europe/Zurich',
    country: 'CH',
    appVersion: '1.1',
    tags: [],
    attributes: { age: 41, beta: true },
  });
  assert.equal((await change({})).status, 204);
  assert.equal((await asApp('PATCH', '/v1/installations/nobody?app=shop', {})).status, 404);
});

test('a change with faults has all of them named, and what does not fit is not stored', async (t) => {
  const { asApp, get } = await registry(t);
  await asApp('PUT', '/v1/installations/device-1', device);
  const change = async (body: object) => {
    const response = await asApp('PATCH', '/v1/installations/device-1?app=shop', body);
    assert.equal(response.status, 400);
    return (await jsonOf<Problem>(response)).faults!.map((it) => it.path).sort();
  };
  const bad = { language: 'x!', timeZone: 'Mars', country: 'CHE', token: null, id: 'b', app: 'c' };
  assert.deepEqual(await change(bad), ['app', 'country', 'id', 'language', 'timeZone', 'token']);
  assert.deepEqual(await change({ token: 'xyz' }), ['token']);
  assert.deepEqual(await change({ platform: 'android', provider: 'apns' }), ['provider']);
  assert.deepEqual(await change({ attributes: { a: [] } }), ['attributes.a']);
  assert.equal((await get())?.token, apnsToken(1));
  const moved = { platform: 'android', token: 'fcm:token' };
  assert.equal((await asApp('PATCH', '/v1/installations/device-1?app=shop', moved)).status, 204);
  assert.equal((await get())?.provider, 'fcm');
});

test('attributes are a hundred at most, however they came', async (t) => {
  const { asApp, ask, get } = await registry(t);
  const some = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${from + i}`, i]));
  const put = (attributes: object) =>
    asApp('PUT', '/v1/installations/device-1', { ...device, attributes });
  const change = (attributes: object) =>
    asApp('PATCH', '/v1/installations/device-1?app=shop', { attributes });
  const faults = async (response: Response) => {
    assert.equal(response.status, 400);
    return (await jsonOf<Problem>(response)).faults;
  };
  const told = [{ path: 'attributes', message: 'must be 100 at most' }];
  assert.deepEqual(await faults(await put(some(0, 101))), told);
  assert.equal((await put(some(0, 60))).status, 200);
  assert.equal((await change(some(50, 50))).status, 204);
  assert.deepEqual(await faults(await change({ another: 1 })), told);
  assert.equal((await change({ another: 1, a0: null })).status, 204);
  assert.equal(Object.keys((await get())!.attributes).length, 100);
  const row = { ...device, id: 'device-2', attributes: some(0, 101) };
  const imported = await ask('POST', '/v1/installations:import', JSON.stringify(row), {
    'Content-Type': 'application/x-ndjson',
  });
  assert.match(await imported.text(), /must be 100 at most/);
  assert.equal(Object.keys((await get('device-2'))!.attributes).length, 100, 'the row is kept');
});

test('an opt-out stays until the app sends the opposite, whatever else it registers', async (t) => {
  const { asApp, get, store } = await registry(t);
  await asApp('PUT', '/v1/installations/device-1', device);
  const change = (body: object) => asApp('PATCH', '/v1/installations/device-1?app=shop', body);
  await change({ optedOut: true });
  await asApp('PUT', '/v1/installations/device-1', { ...device, token: apnsToken(2) });
  await change({ userId: 'ada' });
  assert.equal((await get())?.optedOut, true);
  const reached = async () => {
    const all = store.streamAudience({
      app: 'shop',
      audience: {},
      range: { from: 0, to: 2 ** 32 },
      after: null,
      size: 10,
    });
    let count = 0;
    for await (const page of all) count += page.installations.length;
    return count;
  };
  assert.equal(await reached(), 0);
  await change({ optedOut: false });
  assert.equal((await get())?.optedOut, undefined);
  assert.equal(await reached(), 1);
});

test('an installation opts out of categories, and hears of the others', async (t) => {
  const { asApp, get } = await registry(t);
  const put = (more: object) => asApp('PUT', '/v1/installations/device-1', { ...device, ...more });
  const patch = (more: object) => asApp('PATCH', '/v1/installations/device-1?app=shop', more);
  const stored = async () => (await get())?.optedOutOf;
  await put({ optedOutOf: ['orders', 'marketing', 'orders'] });
  assert.deepEqual(await stored(), ['marketing', 'orders'], 'each once, in order');
  await put({});
  assert.deepEqual(await stored(), ['marketing', 'orders'], 'nothing was said of it');
  assert.equal((await patch({ optedOutOf: ['digest'] })).status, 204);
  assert.deepEqual(await stored(), ['digest']);
  assert.equal((await patch({ tags: ['vip'] })).status, 204);
  assert.deepEqual(await stored(), ['digest']);
  assert.equal((await patch({ optedOutOf: [] })).status, 204);
  assert.equal(await stored(), undefined);

  const message = 'must be 1 to 32 lower-case letters, digits and - _ ., such as marketing';
  const faulty = await patch({ optedOutOf: ['Marketing', '', 'a b', 'x'.repeat(33)] });
  assert.deepEqual(
    (await jsonOf<Problem>(faulty)).faults,
    [0, 1, 2, 3].map((n) => ({ path: `optedOutOf[${n}]`, message })),
  );
  const many = Array.from({ length: 21 }, (_, n) => `c${n}`);
  assert.equal((await put({ optedOutOf: many })).status, 400);
});

test('an app tells whether it may show notifications, and may no longer know', async (t) => {
  const { asApp, get } = await registry(t);
  const put = (body: object) => asApp('PUT', '/v1/installations/device-1', { ...device, ...body });
  const change = (body: object) => asApp('PATCH', '/v1/installations/device-1?app=shop', body);
  await put({ permission: 'provisional' });
  assert.equal((await get())?.permission, 'provisional');
  await change({ permission: 'denied' });
  await change({ userId: 'ada' });
  assert.equal((await get())?.permission, 'denied');
  await change({ permission: null });
  assert.equal((await get())?.permission, undefined);
  for (const permission of ['authorized', '', true, 1, ['granted']])
    for (const send of [put, change]) {
      const response = await send({ permission });
      const { faults } = await jsonOf<Problem>(response);
      assert.deepEqual([response.status, faults?.map((it) => it.path)], [400, ['permission']]);
    }
  assert.equal((await put({ permission: null })).status, 400);
});

test('one token belongs to one installation; a user has many', async (t) => {
  const { asApp, get } = await registry(t);
  for (const n of [1, 2, 3])
    await asApp('PUT', `/v1/installations/device-${n}`, {
      ...device,
      token: apnsToken(n),
      userId: 'ada',
    });
  await asApp('PATCH', '/v1/installations/device-3?app=shop', { token: apnsToken(1) });
  assert.equal(await get('device-1'), null);
  assert.equal((await get('device-3'))?.token, apnsToken(1));
  assert.equal((await get('device-2'))?.userId, 'ada');
});

test('a device that calls too often has to wait, and others do not', async (t) => {
  const { asApp, clock, ask } = await registry(t, {
    clientAddress: forwardedAddress(1),
    limits: {
      perKey: { perSecond: 1000, burst: 1000 },
      perAddress: { perSecond: 0.5, burst: 3 },
    },
  });
  const put = (from: string) => asApp('PUT', '/v1/installations/device-1', device, from);
  // the caller wrote the addresses before the last one, and they do not change who it is
  for (const said of ['', '1.1.1.1, ', '2.2.2.2, '])
    assert.equal((await put(`${said}9.9.9.9`)).status, 200);
  const refused = await put('3.3.3.3, 9.9.9.9');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '2');
  const problem = await jsonOf<Problem>(refused);
  assert.match(problem.next, /Retry-After/);
  assert.equal((await put('8.8.8.8')).status, 200);
  // of one network of an IPv6 subscriber all addresses are one
  for (const n of [1, 2, 3]) assert.equal((await put(`2001:db8::${n}`)).status, 200);
  assert.equal((await put('2001:db8::4')).status, 429);
  assert.equal((await put('2001:db8:1::1')).status, 200);
  clock.now += 2000;
  assert.equal((await put('9.9.9.9')).status, 200);
  assert.equal((await put('9.9.9.9')).status, 429);
  for (let n = 0; n < 20; n++)
    assert.equal((await ask('PUT', '/v1/installations/device-1', device)).status, 200);
});

test('faulty calls, and those for another app, count for the limit', async (t) => {
  const { asApp } = await registry(t, {
    limits: {
      perKey: { perSecond: 1, burst: 3 },
      perAddress: { perSecond: 1000, burst: 1000 },
    },
  });
  const path = '/v1/installations/device-1';
  assert.equal((await asApp('PUT', path, { app: 'shop' })).status, 400);
  assert.equal((await asApp('PUT', path, '{')).status, 400);
  assert.equal((await asApp('PUT', path, { ...device, app: 'bank' })).status, 403);
  for (const body of ['{', device]) assert.equal((await asApp('PUT', path, body)).status, 429);
});

test('all devices together have a limit too, which holds for their key', async (t) => {
  const { asApp, clock } = await registry(t, {
    limits: {
      perKey: { perSecond: 10, burst: 5 },
      perAddress: { perSecond: 1000, burst: 1000 },
    },
  });
  const put = () => asApp('PUT', '/v1/installations/device-1', device);
  for (let n = 0; n < 5; n++) assert.equal((await put()).status, 200);
  assert.equal((await put()).status, 429);
  clock.now += 100;
  assert.equal((await put()).status, 200);
  assert.equal((await put()).status, 429);
});

test('keys of the same name have limits of their own', async (t) => {
  const { asApp, ask } = await registry(t, {
    limits: {
      perKey: { perSecond: 10, burst: 1 },
      perAddress: { perSecond: 1000, burst: 1000 },
    },
  });
  const made = await ask('POST', '/v1/keys', {
    name: 'shop app',
    scopes: ['register'],
    app: 'bank',
  });
  const { key } = await jsonOf<NewKey>(made);
  const body = { ...device, app: 'bank' };
  const asBank = () =>
    ask('PUT', '/v1/installations/device-1', body, { Authorization: `Bearer ${key}` });
  assert.equal((await asApp('PUT', '/v1/installations/device-1', device)).status, 200);
  assert.equal((await asApp('PUT', '/v1/installations/device-1', device)).status, 429);
  assert.equal((await asBank()).status, 200);
  assert.equal((await asBank()).status, 429);
});

test('limits are remembered for many callers, not for endless ones', () => {
  const clock = { now: 0 };
  const limit = createLimit({ perSecond: 1, burst: 1 }, () => clock.now);
  assert.equal(limit('a'), 0);
  assert.equal(limit('a'), 1000);
  for (let n = 0; n < 10_000; n++) limit(`other ${n}`);
  assert.equal(limit('a'), 0, 'it was forgotten');
  clock.now -= 5000;
  assert.ok(limit('a') > 0, 'a clock that goes back gives nothing');
});

test('an address is that of the other end, unless that is on this machine', () => {
  const at = (remoteAddress: string) =>
    socketAddress({ env: { incoming: { socket: { remoteAddress } } } } as never);
  assert.equal(at('203.0.113.7'), '203.0.113.7');
  assert.equal(at('::ffff:203.0.113.7'), '203.0.113.7');
  assert.equal(at('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  assert.equal(at('127.0.0.1'), '');
  assert.equal(at('::1'), '');
  assert.equal(socketAddress({ env: undefined } as never), '');
});

test('an address is the one that the first trusted proxy wrote, whatever the caller wrote before it', () => {
  const at = (hops: number, forwarded: string | undefined) =>
    clientAddressBehind(hops)({
      env: { incoming: { socket: { remoteAddress: '198.51.100.1' } } },
      req: { header: () => forwarded },
    } as never);
  assert.equal(at(0, '192.0.2.1'), '198.51.100.1');
  assert.equal(at(1, '192.0.2.1, 203.0.113.7'), '203.0.113.7');
  assert.equal(at(2, '192.0.2.1, 203.0.113.7,198.51.100.9'), '203.0.113.7');
  assert.equal(at(3, '192.0.2.1, 203.0.113.7,198.51.100.9'), '192.0.2.1');
  // it came around a proxy
  assert.equal(at(3, '203.0.113.7'), '203.0.113.7');
  assert.equal(at(2, undefined), '');
  assert.equal(at(1, '192.0.2.1, unknown'), '');
  assert.equal(at(1, 'x'.repeat(10_000)), '');
  assert.equal(at(1, '203.0.113.7:4711'), '203.0.113.7');
  assert.equal(at(1, '[2001:db8::1]:4711'), '2001:db8:0:0');
  assert.equal(at(1, '[2001:db8::1]'), '2001:db8:0:0');
  assert.equal(at(1, '::ffff:203.0.113.7'), '203.0.113.7');
});

test('behind a load balancer devices are distinguished by the addresses it writes', async (t) => {
  const limits = {
    perKey: { perSecond: 1000, burst: 1000 },
    perAddress: { perSecond: 1, burst: 1 },
  };
  const balancer = '198.51.100.9';
  for (const [hops, second] of [
    [1, 429],
    [2, 200],
  ] as const) {
    const { asApp } = await registry(t, { clientAddress: clientAddressBehind(hops), limits });
    const put = async (from: string) =>
      (await asApp('PUT', '/v1/installations/device-1', device, from)).status;
    assert.equal(await put(`203.0.113.7, ${balancer}`), 200);
    assert.equal(await put(`203.0.113.8, ${balancer}`), second);
    assert.equal(await put(`192.0.2.1, 203.0.113.7, ${balancer}`), 429);
  }
});
