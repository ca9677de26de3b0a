import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFixture, jsonOf } from './fixture.ts';

interface Document {
  openapi: string;
  paths: Record<
    string,
    Record<string, { responses: Record<string, unknown>; security: unknown[] }>
  >;
  components: { schemas: Record<string, { required?: string[]; properties?: object }> };
}

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
  ]);
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
