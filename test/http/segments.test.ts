import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { SegmentView } from '../../functions/http/segments.ts';
import { campaign, createFixture, jsonOf, NOW } from './fixture.ts';

const vip = { audience: { tags: 'vip', not: { country: 'ch' } } };

test('a segment is saved, read, listed and removed, in its app', async (t) => {
  const { ask } = await createFixture(t);
  const saved = await ask('PUT', '/v1/segments/vip', vip);
  assert.equal(saved.status, 200);
  const view = {
    app: 'default',
    name: 'vip',
    updatedAt: new Date(NOW).toISOString(),
    audience: { tags: { any: ['vip'] }, not: { country: ['CH'] } },
  };
  assert.deepEqual(await jsonOf(saved), view);
  assert.deepEqual(await jsonOf(await ask('GET', '/v1/segments/vip')), view);
  await ask('PUT', '/v1/segments/a.b-c?app=shop', { audience: { everybody: true } });
  assert.deepEqual(await jsonOf(await ask('GET', '/v1/segments')), { items: [view], next: null });
  for (const name of ['b', 'a'])
    await ask('PUT', `/v1/segments/${name}`, { audience: { everybody: true } });
  const page = await jsonOf<{ items: SegmentView[]; next: string }>(
    await ask('GET', '/v1/segments?limit=2'),
  );
  assert.deepEqual(
    page.items.map((it) => it.name),
    ['a', 'b'],
  );
  const rest = await jsonOf<{ items: SegmentView[] }>(
    await ask('GET', `/v1/segments?after=${page.next}`),
  );
  assert.deepEqual(
    rest.items.map((it) => it.name),
    ['vip'],
  );

  assert.equal((await ask('GET', '/v1/segments/vip?app=shop')).status, 404);
  assert.equal((await ask('DELETE', '/v1/segments/vip')).status, 204);
  assert.equal((await ask('DELETE', '/v1/segments/vip')).status, 404);
});

test('a segment that means nothing is refused, with every fault', async (t) => {
  const { ask, store } = await createFixture(t);
  const paths = async (name: string, body: unknown) => {
    const response = await ask('PUT', `/v1/segments/${name}`, body);
    assert.equal(response.status, 400);
    return (await jsonOf<Problem>(response)).faults!.map((it) => it.path).sort();
  };
  assert.deepEqual(await paths('vip', { audience: { langauge: 'de', or: [{ platform: 'x' }] } }), [
    'audience.langauge',
    'audience.or[0].platform',
  ]);
  assert.deepEqual(await paths('a%20b', { audience: { segment: 'other' } }), [
    'audience',
    'path.name',
  ]);
  assert.deepEqual(await paths('vip', { audience: { topic: 'news' } }), ['audience.topic']);
  assert.deepEqual(await paths('vip', {}), ['audience']);
  let deep: unknown = {};
  for (let n = 0; n < 1000; n++) deep = { not: deep };
  const [path] = await paths('vip', { audience: deep });
  assert.match(path!, /^audience\.not\./, 'where it is too deep');
  assert.deepEqual((await store.listSegments('default', null, 10)).items, []);
});

test('a campaign names segments; an unknown one is a fault', async (t) => {
  const { ask, store } = await createFixture(t);
  await ask('PUT', '/v1/segments/vip', vip);
  const send = (audience: unknown) => ask('POST', '/v1/campaigns', { ...campaign, audience });
  const gone = await send({
    or: [{ segment: 'vip' }, { segment: 'gone' }],
    upload: 'a'.repeat(20),
  });
  assert.equal(gone.status, 422);
  const { faults } = await jsonOf<Problem>(gone);
  assert.deepEqual(
    faults!.map((it) => it.path),
    ['audience', 'audience.upload'],
  );
  assert.match(faults![0]!.message, /there is no segment "gone" of "default"/);
  const sent = await send({ segment: 'vip', lastSeen: { withinDays: 30 } });
  assert.equal(sent.status, 202);
  const view = await jsonOf<CampaignView>(sent);
  assert.deepEqual(view.audience, { segment: 'vip', lastSeen: { withinDays: 30 } });
  assert.ok(!('meaning' in view));
  const after = new Date(NOW - 30 * 24 * 60 * 60_000).toISOString();
  assert.deepEqual((await store.getCampaign(view.id))!.meaning, {
    lastSeen: { after },
    and: [{ tags: { any: ['vip'] }, not: { country: ['CH'] } }],
  });
  const again = { 'Idempotency-Key': 'one' };
  const body = { ...campaign, audience: { segment: 'vip' } };
  const first = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', body, again));
  await ask('PUT', '/v1/segments/vip', { audience: { everybody: true } });
  const second = await ask('POST', '/v1/campaigns', body, again);
  assert.equal((await jsonOf<CampaignView>(second)).id, first.id, 'the same request');
});

test('segments need their scopes', async (t) => {
  const { api, addKey } = await createFixture(t);
  const as = async (key: string, method: string) => {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const body = method === 'PUT' ? JSON.stringify(vip) : undefined;
    return (await api.request('/v1/segments/vip', { method, headers, ...(body && { body }) }))
      .status;
  };
  const [read, campaigns, installations] = [
    await addKey('read'),
    await addKey('campaigns'),
    await addKey('installations'),
  ];
  assert.equal(await as(read, 'PUT'), 403);
  assert.equal(await as(installations, 'PUT'), 403);
  assert.equal(await as(campaigns, 'PUT'), 200);
  assert.equal(await as(read, 'GET'), 200);
  assert.equal(await as(installations, 'GET'), 403);
  assert.equal(await as(read, 'DELETE'), 403);
});
