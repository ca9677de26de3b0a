import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Document } from './described.ts';
import { createFixture, jsonOf } from './fixture.ts';

test('the API describes itself, from the schemas it checks with', async (t) => {
  const { api, ask } = await createFixture(t);
  const response = await api.request('/openapi.json');
  assert.equal(response.status, 200);
  const document = await jsonOf<Document>(response);
  assert.equal(document.openapi, '3.1.0');
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  assert.deepEqual(calls.sort(), [
    'delete /v1/installations/{id}',
    'delete /v1/keys/{id}',
    'delete /v1/schedules/{id}',
    'delete /v1/segments/{name}',
    'delete /v1/triggers/{name}',
    'delete /v1/users/{id}',
    'delete /v1/webhooks/{id}',
    'get /',
    'get /healthz',
    'get /openapi.json',
    'get /v1/apps',
    'get /v1/apps/{app}',
    'get /v1/apps/{app}/policy',
    'get /v1/audiences/{id}',
    'get /v1/campaigns',
    'get /v1/campaigns/{id}',
    'get /v1/campaigns/{id}/events',
    'get /v1/campaigns/{id}/export',
    'get /v1/campaigns/{id}/failures',
    'get /v1/campaigns/{id}/history',
    'get /v1/campaigns/{id}/receipts',
    'get /v1/campaigns/{id}/recipients/{installationId}',
    'get /v1/campaigns/{id}/report',
    'get /v1/costs',
    'get /v1/doctor',
    'get /v1/events/dead-letters',
    'get /v1/installations',
    'get /v1/installations/{id}',
    'get /v1/installations/{id}/pushes',
    'get /v1/installations:count',
    'get /v1/keys',
    'get /v1/me',
    'get /v1/schedules',
    'get /v1/schedules/{id}',
    'get /v1/segments',
    'get /v1/segments/{name}',
    'get /v1/triggers',
    'get /v1/triggers/{name}',
    'get /v1/triggers/{name}/failed',
    'get /v1/users/{id}/export',
    'get /v1/webhooks',
    'get /v1/webhooks/{id}',
    'get /v1/webhooks/{id}/deliveries',
    'patch /v1/installations/{id}',
    'patch /v1/webhooks/{id}',
    'post /v1/apps/{app}/cancel',
    'post /v1/apps/{app}/pause',
    'post /v1/apps/{app}/resume',
    'post /v1/audiences',
    'post /v1/audiences:estimate',
    'post /v1/campaigns',
    'post /v1/campaigns/{id}/cancel',
    'post /v1/campaigns/{id}/export',
    'post /v1/campaigns/{id}/pause',
    'post /v1/campaigns/{id}/resume',
    'post /v1/campaigns/{id}/retry-failures',
    'post /v1/campaigns:check',
    'post /v1/campaigns:test',
    'post /v1/events/dead-letters:redrive',
    'post /v1/installations:find',
    'post /v1/installations:import',
    'post /v1/installations:normalize',
    'post /v1/installations:prune',
    'post /v1/keys',
    'post /v1/messages',
    'post /v1/messages:render',
    'post /v1/receipts',
    'post /v1/schedules',
    'post /v1/schedules/{id}/pause',
    'post /v1/schedules/{id}/resume',
    'post /v1/schedules/{id}/run',
    'post /v1/schedules:check',
    'post /v1/triggers/{name}',
    'post /v1/triggers/{name}/failed/{id}:replay',
    'post /v1/webhooks',
    'post /v1/webhooks/{id}/deliveries/{delivery}:replay',
    'post /v1/webhooks/{id}:rotate',
    'post /v1/webhooks/{id}:test',
    'put /v1/apps/{app}/policy',
    'put /v1/campaigns/{id}/schedule',
    'put /v1/installations/{id}',
    'put /v1/installations/{id}/badge',
    'put /v1/schedules/{id}',
    'put /v1/segments/{name}',
    'put /v1/triggers/{name}',
  ]);
  // generated clients are made of these
  const operations = Object.values(document.paths).flatMap((it) => Object.values(it));
  const names = operations.map((it) => it.operationId);
  assert.equal(new Set(names).size, calls.length);
  for (const name of names) assert.match(name, /^[a-z]+[A-Za-z]+$/);
  const groups = document.tags.map((it) => it.name);
  const used = operations.map(({ tags, operationId }) => {
    assert.equal(tags.length, 1, operationId);
    return tags[0]!;
  });
  assert.deepEqual([...new Set(used)].sort(), groups.toSorted());
  const { schemas } = document.components;
  assert.deepEqual(schemas.CampaignRequest!.required, ['name', 'audience', 'message']);
  assert.ok('faults' in schemas.Problem!.properties!);
  // every reference leads somewhere
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
    assert.ok(schemas[name!]);
  // what needs a key says so, and does
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, { security, responses }] of Object.entries(methods)) {
      const bare = await api.request(path, { method: method.toUpperCase() });
      assert.equal(bare.status === 401, security.length > 0, `${method} ${path}`);
      assert.equal('401' in responses, security.length > 0);
    }
  assert.equal((await ask('GET', '/healthz')).status, 200);
});

test('the root links to the description and the health check, without a key', async (t) => {
  const { api } = await createFixture(t);
  const response = await api.request('/?utm_source=x');
  assert.equal(response.status, 200);
  const { links, ...words } = await jsonOf<{
    links: Record<string, string>;
    version?: string;
  }>(response);
  assert.deepEqual(Object.keys(words), ['name', 'description', 'version', 'next']);
  const { info } = await jsonOf<Document>(await api.request('/openapi.json'));
  assert.equal(words.version, info.version);
  assert.deepEqual(links, { api: '/openapi.json', health: '/healthz' });
  for (const path of Object.values(links)) assert.equal((await api.request(path)).status, 200);
});

test('every call is described, and every example of a body is taken', async (t) => {
  const { api, ask } = await createFixture(t);
  const { paths } = await jsonOf<Document>(await api.request('/openapi.json'));
  const made = async (path: string, body: object) =>
    (await jsonOf<{ id: string }>(await ask('POST', path, body))).id;
  const exampleOf = (path: string) =>
    paths[path]!.post!.requestBody!.content['application/json']!.example as object;
  const schedule = { at: '2026-12-01T00:00:00Z' };
  const ids: Record<string, string> = {
    '/v1/campaigns/{id}/schedule': await made('/v1/campaigns', {
      ...exampleOf('/v1/campaigns'),
      schedule,
    }),
    '/v1/schedules/{id}': await made('/v1/schedules', exampleOf('/v1/schedules')),
    '/v1/webhooks/{id}': await made('/v1/webhooks', exampleOf('/v1/webhooks')),
  };
  // what others name comes first
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({ path, method, ...it })),
  );
  calls.sort((a, b) => Number(b.method === 'put') - Number(a.method === 'put'));
  for (const { path, method, summary, description, requestBody } of calls) {
    assert.ok(summary && description, `${method} ${path}`);
    for (const [type, { example }] of Object.entries(requestBody?.content ?? {})) {
      assert.notEqual(example, undefined, `${method} ${path} shows no ${type}`);
      const to = path
        .replace('{id}', ids[path] ?? 'device-1')
        .replace('{name}', 'vip')
        .replace('{app}', 'default');
      const query = path.endsWith(':import') ? '?run=devices-2026-11-21' : '';
      const headers = { 'Content-Type': type };
      const response = await ask(method.toUpperCase(), to + query, example, headers);
      assert.ok(response.ok, `${method} ${path}: ${await response.clone().text()}`);
      const { faults = [] } = (await response.json().catch(() => ({}))) as { faults?: object[] };
      assert.deepEqual(faults, [], `${method} ${path}`);
    }
  }
});
