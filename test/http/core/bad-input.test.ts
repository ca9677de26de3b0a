import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { apnsToken, campaign, createFixture, jsonOf } from '../fixture.ts';

const problemOf = async (response: Response) => {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const problem = (await response.json()) as Problem;
  assert.equal(problem.status, response.status);
  assert.ok(problem.title && problem.detail && problem.next);
  return problem;
};

test('one problem document names every fault of header and body', async (t) => {
  const { ask, store } = await createFixture(t);
  const body = {
    nme: 'typo',
    audience: { tags: { any: [1], foo: 2 }, language: 3, platform: ['ios', 'amiga'], userIds: [] },
    message: {
      ttlSeconds: 28 * 24 * 60 * 60 + 1,
      badge: '1',
      imageUrl: 'http://x',
      data: { a: 1 },
    },
    rate: { perMinute: 1 },
  };
  const response = await ask('POST', '/v1/campaigns', body, { 'Idempotency-Key': 'ü' });
  assert.equal(response.status, 400);
  const { faults } = await problemOf(response);
  assert.deepEqual(faults!.map((it) => it.path).sort(), [
    'audience.language',
    'audience.platform[1]',
    'audience.tags.any[0]',
    'audience.tags.foo',
    'audience.userIds',
    'header.idempotency-key',
    'message.badge',
    'message.data.a',
    'message.imageUrl',
    'message.ttlSeconds',
    'name',
    'nme',
    'rate.perMinute',
  ]);
  const message = (path: string) => faults!.find((it) => it.path === path)!.message;
  assert.equal(message('name'), 'is missing: string expected');
  assert.equal(message('nme'), 'is unknown');
  assert.equal(message('audience.language'), 'must be string or array');
  assert.equal(message('audience.platform[1]'), 'must be one of ios, android, web');
  assert.match(message('audience.userIds'), /^has no condition/);
  assert.equal(message('rate.perMinute'), 'must be at least 60');
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
});

test('a body that is not JSON is a fault, whatever it is', async (t) => {
  const { ask } = await createFixture(t);
  const bodies = {
    'the body is not valid JSON': ['', '{', '{"name":1,}', 'name=x', '[1', "{'a':1}"],
    'the body is not UTF-8': [new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
    'expected object, received string': ['"x"'],
    'expected object, received null': ['null'],
    'expected object, received array': ['[]'],
  };
  for (const [message, list] of Object.entries(bodies))
    for (const body of list) {
      const response = await ask('POST', '/v1/campaigns', body);
      assert.equal(response.status, 400);
      assert.deepEqual((await problemOf(response)).faults, [{ path: '', message }], String(body));
    }
});

test('a body may be nested only so deep, and has no __proto__', async (t) => {
  const { ask } = await createFixture(t);
  const deep = `{"message":{"apns":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}}`;
  const response = await ask('POST', '/v1/campaigns', deep);
  assert.equal(response.status, 400);
  const { faults } = await problemOf(response);
  assert.equal(faults!.length, 1);
  assert.match(faults![0]!.message, /nested more than 32 deep/);

  const polluting = '{"message":{"apns":{"__proto__":{"x":1}},"__proto__":{}}}';
  const paths = (await problemOf(await ask('POST', '/v1/campaigns', polluting))).faults!;
  assert.deepEqual(paths.map((it) => it.path).sort(), [
    'message.__proto__',
    'message.apns.__proto__',
  ]);
});

test('half a character is a fault wherever it stands, and a whole one is none', async (t) => {
  const { ask, store } = await createFixture(t);
  const body = `{"name":"a\\ud83d","audience":{"userIds":["\\udd14"],"tags":["\\ud83d\\udd14"]},
    "message":{"title":"x","data":{"a\\ud83d":"1"},"fcm":{"x":[{"y":"\\ud83d \\udd14"}]}}}`;
  const response = await ask('POST', '/v1/campaigns', body);
  assert.equal(response.status, 400);
  const { faults } = await problemOf(response);
  assert.deepEqual(
    faults!.map((it) => it.path),
    ['name', 'audience.userIds[0]', 'message.data.a\ufffd', 'message.fcm.x[0].y'],
  );
  for (const { message } of faults!) assert.match(message, /has half a character/);
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  const token = 'a'.repeat(64);
  const device = `{"platform":"ios","token":"${token}","userId":"u\\ud83d"}`;
  assert.equal((await ask('PUT', '/v1/installations/device-1', device)).status, 400);
});

test('a body over the bound is refused, with and without a Content-Length', async (t) => {
  const { ask } = await createFixture(t);
  const large = JSON.stringify({ ...campaign, name: 'x'.repeat(600_000) });
  const headers = { 'Content-Length': String(large.length) };
  for (const it of [{}, headers]) {
    const response = await ask('POST', '/v1/campaigns', large, it);
    assert.equal(response.status, 413);
    await problemOf(response);
  }
});

test('a body of another type is not guessed at', async (t) => {
  const { ask } = await createFixture(t);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
    const response = await ask('POST', '/v1/campaigns', campaign, { 'Content-Type': type });
    assert.equal(response.status, 415, type);
    await problemOf(response);
  }
  const type = 'Application/JSON; charset=utf-8';
  const response = await ask('POST', '/v1/campaigns', campaign, { 'Content-Type': type });
  assert.equal(response.status, 202);
});

test('an unknown or wrong query is a fault', async (t) => {
  const { ask } = await createFixture(t);
  const response = await ask('GET', '/v1/campaigns?limit=1000&offset=3');
  assert.equal(response.status, 400);
  assert.deepEqual((await problemOf(response)).faults!.map((it) => it.path).sort(), [
    'query.limit',
    'query.offset',
  ]);
  for (const name of ['constructor', '__proto__', 'toString']) {
    const named = await ask('GET', `/v1/campaigns?${name}=1`);
    assert.equal(named.status, 400, name);
    const [fault] = (await problemOf(named)).faults!;
    assert.deepEqual(fault, { path: `query.${name}`, message: 'is unknown' });
  }
  await ask('PUT', '/v1/triggers/orders', {
    proof: { kind: 'github', secret: 'a secret of sixteen' },
    audience: { userIds: ['{{user.id}}'] },
    message: { title: 'Hallo' },
  });
  for (const list of ['campaigns', 'schedules', 'triggers', 'segments', 'webhooks'])
    for (const after of ['%00nonsense', '..%2f..', 'a/b', '1e999.x/', 'NaN.x%0a']) {
      const cursor = await ask('GET', `/v1/${list}?after=${after}`);
      assert.equal(cursor.status, 400, `${list} ${after}`);
      const [fault] = (await problemOf(cursor)).faults!;
      assert.equal(fault?.path, 'query.after');
    }
});

test('an unknown address or method is answered with a problem', async (t) => {
  const { ask } = await createFixture(t);
  const missing = await ask('GET', '/v1/nothing');
  assert.equal(missing.status, 404);
  await problemOf(missing);
  const wrong = await ask('PATCH', '/v1/campaigns');
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'POST, GET');
  await problemOf(wrong);
  assert.equal((await ask('GET', '/v1/installations:import')).status, 405);
});

test('a query parameter that a call does not know is a fault of every call', async (t) => {
  const { api, ask, store } = await createFixture(t);
  const document = await jsonOf<{ paths: Record<string, Record<string, object>> }>(
    await api.request('/openapi.json'),
  );
  /** what strangers call, who may add parameters of their own */
  const taken: string[] = [];
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods).map((it) => it.toUpperCase())) {
      const address = `${path.replaceAll(/{\w+}/g, 'device-1')}?constructor=x&elsewhere=1`;
      const response = await ask(method, address, method === 'GET' ? undefined : {});
      const { faults = [] } =
        response.status === 400 ? await jsonOf<Problem>(response) : { faults: [] };
      const about = faults
        .filter((it) => it.path.startsWith('query.') && !/missing/.test(it.message))
        .map((it) => `${it.path} ${it.message}`);
      if (about.length === 0) taken.push(`${method} ${path}`);
      else
        assert.deepEqual(
          about.sort(),
          ['query.constructor is unknown', 'query.elsewhere is unknown'],
          `${method} ${path}`,
        );
    }
  assert.deepEqual(taken.sort(), ['GET /', 'GET /healthz', 'POST /v1/triggers/{name}']);

  const device = { platform: 'ios', token: apnsToken(1) };
  const elsewhere = await ask('PUT', '/v1/installations/device-1?app=shop', device);
  assert.equal(elsewhere.status, 400);
  assert.equal(await store.getInstallation('default', 'device-1'), null);
});

test('of very many faults the first are listed, and the others counted', async (t) => {
  const { ask } = await createFixture(t);
  const many = (n: number, it: (n: number) => string) => Array.from({ length: n }, (_, i) => it(i));
  const texts = many(100, (n) => `"k${n}":"${'{{}}'.repeat(1_000)}"`).join();
  const bodies: [string, number][] = [
    [`{${many(20_000, (n) => `"k${n}":1`)}}`, 20_000 + 3],
    [`{"name":"x","audience":{"everybody":true},"message":{"data":{${texts}}}}`, 100],
    [`{"message":{"data":{${many(20_000, (n) => `"{{a}}${n}":1`)}}}}`, 20_000 + 2],
    [`{"message":{"data":{${many(20_000, (n) => `"k${n}":"\\ud83d"`)}}}}`, 20_000],
  ];
  for (const [body, count] of bodies) {
    const response = await ask('POST', '/v1/campaigns', body);
    const what = body.slice(0, 60);
    assert.equal(response.status, 400, what);
    const { detail, faults = [] } = await problemOf(response);
    assert.equal(detail, `The request has ${count} faults.`, what);
    assert.equal(faults.length, Math.min(count, 201), what);
    if (count > 200)
      assert.deepEqual(faults.at(-1), { path: '', message: `and ${count - 200} more` }, what);
  }
});

test('a body of more values than any request has is refused as one', async (t) => {
  const { ask } = await createFixture(t);
  const token = apnsToken(1);
  for (const tags of ['1,'.repeat(200_000), '[],'.repeat(100_000), '{"a":{}},'.repeat(40_000)]) {
    const body = `{"platform":"ios","token":"${token}","tags":[${tags}1]}`;
    const response = await ask('PUT', '/v1/installations/device-1', body);
    assert.equal(response.status, 400);
    const { faults } = await problemOf(response);
    assert.deepEqual(faults, [{ path: '', message: 'the body has more than 25000 values' }]);
  }
  const data = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`k${n}`, 'x']));
  const languages = ['de', 'fr', 'it', 'es', 'pt', 'nl', 'pl', 'cs', 'da', 'sv'];
  const localized = Object.fromEntries(languages.map((it) => [it, { data }]));
  const large = { ...campaign, message: { ...campaign.message, localized } };
  assert.equal((await ask('POST', '/v1/campaigns', large)).status, 202);
});

test('a number that no double holds is refused where it stands, and never rounded', async (t) => {
  const { ask, store } = await createFixture(t);
  const token = apnsToken(1);
  const device = (attributes: string) =>
    `{"platform":"ios","token":"${token}","attributes":${attributes}}`;
  const path = '/v1/installations/device-1';
  const message = 'is a number that cannot be kept exactly; write it as text';
  const wrong =
    '{"id":2916334247900527531,"low":-9007199254740993,"far":1e999,"x.y":9007199254740993.5,"e":9007199254740993e0}';
  for (const method of ['PUT', 'PATCH']) {
    const response = await ask(
      method,
      path,
      method === 'PUT' ? device(wrong) : `{"attributes":${wrong}}`,
    );
    assert.equal(response.status, 400, method);
    assert.deepEqual((await problemOf(response)).faults, [
      { path: 'attributes.id', message },
      { path: 'attributes.low', message },
      { path: 'attributes.far', message },
      { path: 'attributes.x.y', message },
      { path: 'attributes.e', message },
    ]);
  }
  assert.equal(await store.getInstallation('default', 'device-1'), null);
  const kept =
    '{"even":9007199254740994,"round":100000000000000000000,"e":1e300,"third":0.3333333333333333333}';
  assert.equal((await ask('PUT', path, device(kept))).status, 200);
  assert.deepEqual((await store.getInstallation('default', 'device-1'))?.attributes, {
    even: 9007199254740994,
    round: 1e20,
    e: 1e300,
    third: 1 / 3,
  });
  // in a text it is a text
  const named = { ...campaign, name: ': 2916334247900527531' };
  assert.equal((await ask('POST', '/v1/campaigns', named)).status, 202);
  // what a provider is given is not rounded either
  const override = `{"name":"x","audience":{"everybody":true},
    "message":{"title":"x","apns":{"payload":{"order":[{"id":2916334247900527531}]}}}}`;
  const { faults } = await problemOf(await ask('POST', '/v1/campaigns', override));
  assert.deepEqual(faults, [{ path: 'message.apns.payload.order[0].id', message }]);
  const deep = `{"name":${'['.repeat(100_000)}1234567890123456789${']'.repeat(100_000)}}`;
  const nested = await problemOf(await ask('POST', '/v1/campaigns', deep));
  assert.match(nested.faults![0]!.message, /nested more than 32 deep/);
});

test('a name that is given twice is a fault, whichever value would count', async (t) => {
  const { ask, store } = await createFixture(t);
  const body = `{"name":"x","name":"y","audience":{"tags":["a"],"tags":["b"]},"message":{"title":"x"}}`;
  const { faults } = await problemOf(await ask('POST', '/v1/campaigns', body));
  const message = 'is given more than once';
  assert.deepEqual(faults, [
    { path: 'name', message },
    { path: 'audience.tags', message },
  ]);
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  const many = `{${Array.from({ length: 20_000 }, () => '"a":1').join()}}`;
  const all = await problemOf(await ask('POST', '/v1/campaigns', many));
  assert.match(all.detail, /19999 faults/);
});

test('a query parameter that is given twice is a fault, whichever value would count', async (t) => {
  const { ask } = await createFixture(t);
  const path = '/v1/installations/device-1?app=default&app=shop&app=shop';
  const { faults } = await problemOf(await ask('DELETE', path));
  assert.deepEqual(faults, [{ path: 'query.app', message: 'is given more than once' }]);
  assert.equal((await ask('GET', '/v1/segments?limit=1&limit=1')).status, 400);
});
