import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import { campaign, createFixture, jsonOf } from './fixture.ts';

const PATH = '/v1/apps/default/policy';
const CAPS = [
  { max: 5, per: '7d' },
  { max: 2, per: '24h' },
];
const USUAL = {
  receipts: { enabled: true, delivered: 0.02 },
  caps: [],
  quiet: null,
  defaultZone: 'Etc/UTC',
  exempt: [],
};

test('an app has the default policy until it puts one, and what is left out has its default', async (t) => {
  const { ask, logged } = await createFixture(t);
  assert.deepEqual(await jsonOf(await ask('GET', PATH)), USUAL);
  for (const [put, becomes] of [
    [{ receipts: { enabled: false } }, { ...USUAL, receipts: { enabled: false, delivered: 0.02 } }],
    [{ receipts: { delivered: 0.5 } }, { ...USUAL, receipts: { enabled: true, delivered: 0.5 } }],
    [{ receipts: { delivered: 0 } }, { ...USUAL, receipts: { enabled: true, delivered: 0 } }],
    [{ caps: CAPS }, { ...USUAL, caps: CAPS }],
    [{ caps: [{ max: 20, per: '30d' }] }, { ...USUAL, caps: [{ max: 20, per: '30d' }] }],
    [{ caps: [] }, USUAL],
    [
      { exempt: ['security', 'account', 'security'] },
      { ...USUAL, exempt: ['account', 'security'] },
    ],
    [{ receipts: {} }, USUAL],
    [{}, USUAL],
  ]) {
    const response = await ask('PUT', PATH, put);
    assert.equal(response.status, 200);
    assert.deepEqual(await jsonOf(response), becomes);
    assert.deepEqual(await jsonOf(await ask('GET', PATH)), becomes);
  }
  const told = logged.map((line) => JSON.parse(line)).filter((it) => /policy/.test(it.message));
  assert.equal(told.length, 9);
  assert.deepEqual([told[0].app, typeof told[0].by], ['default', 'string']);
});

test('a policy with faults is refused with all of them, and nothing is stored', async (t) => {
  const { ask, store } = await createFixture(t);
  const faultsOf = async (body: unknown) => {
    const response = await ask('PUT', PATH, body);
    assert.equal(response.status, 400);
    const { faults = [] } = await jsonOf<Problem>(response);
    return faults.map(({ path, message }) => `${path}: ${message}`);
  };
  const wrong = { receipts: { enabled: 'yes', delivered: 2, opened: 1 }, loud: {} };
  const faults = await faultsOf(wrong);
  assert.deepEqual(
    faults.map((it) => it.split(':')[0]),
    ['receipts.enabled', 'receipts.delivered', 'receipts.opened', 'loud'],
  );
  assert.deepEqual(await faultsOf({ quiet: { from: '24:00' }, defaultZone: 'Europe/Nowhere' }), [
    'quiet.from: must be a time of the day such as 22:00',
    'quiet.to: is missing: string expected',
    'defaultZone: must be a zone such as Europe/Berlin or UTC',
  ]);
  assert.deepEqual(await faultsOf({ quiet: { from: '22:00', to: '22:00' } }), [
    'quiet.to: must not be `from`: it would be quiet all day',
  ]);
  assert.deepEqual(await faultsOf({ receipts: { delivered: 0.012345 } }), [
    'receipts.delivered: must have 4 decimals at most',
  ]);
  const faultsOfCaps = (...caps: unknown[]) => faultsOf({ caps });
  const some = await faultsOfCaps({ max: 0, per: '24h' }, { max: 21, per: '31d' }, { max: 1.5 });
  assert.deepEqual(
    some.map((it) => it.split(':')[0]),
    ['caps[0].max', 'caps[1].max', 'caps[1].per', 'caps[2].max', 'caps[2].per'],
  );
  for (const per of ['0h', '721h', '24', '24m', '1.5h', '-1h', '', '1e1h', ' 24h', 24, null])
    assert.equal((await faultsOfCaps({ max: 1, per })).length, 1, String(per));
  assert.deepEqual(await faultsOfCaps({ max: 2, per: '24h' }, { max: 3, per: '1d' }), [
    'caps[1]: has the same time as another cap: 24h',
  ]);
  assert.deepEqual(await faultsOfCaps({ max: 5, per: '24h' }, { max: 2, per: '7d' }), [
    'caps[1]: 2 per 7d and 5 per 24h: the longer time must allow as many',
  ]);
  assert.deepEqual(
    (await faultsOfCaps(...['1h', '2h', '3h', '4h'].map((per) => ({ max: 1, per })))).length,
    1,
  );
  assert.deepEqual((await faultsOf({ exempt: ['Security', 'a b'] })).length, 2);
  for (const body of ['{"receipts":{"delivered":1e999}}', 'null', '[]', '{"receipts":null}'])
    assert.equal((await ask('PUT', PATH, body)).status, 400, body);
  assert.equal(await store.getAppPolicy('default'), null);
});

test('the policy of an unknown app is neither stored nor shown, and a key needs the scope', async (t) => {
  const { ask, addKey, store } = await createFixture(t);
  for (const method of ['GET', 'PUT']) {
    const body = method === 'PUT' ? {} : undefined;
    const response = await ask(method, '/v1/apps/shpo/policy', body);
    assert.equal(response.status, 404);
    assert.match((await jsonOf<Problem>(response)).detail, /There is no app "shpo"/);
    const headers = { Authorization: `Bearer ${await addKey('read')}` };
    const status = (await ask(method, PATH, body, headers)).status;
    assert.equal(status, method === 'PUT' ? 403 : 200);
  }
  assert.equal(await store.getAppPolicy('shpo'), null);
  assert.equal(await store.getAppPolicy('default'), null);
});

test('a campaign, a message and a test keep the policy that held when they were accepted', async (t) => {
  const { ask, store, ports, clock } = await createFixture(t);
  const device = { platform: 'ios', token: 'a1'.repeat(32), userId: 'ada' };
  await ask('PUT', '/v1/installations/device', device);
  const { message } = campaign;
  const named = { userIds: ['ada'], message };
  const ways: [string, object][] = [
    ['/v1/campaigns', campaign],
    ['/v1/campaigns', { ...campaign, dryRun: true }],
    ['/v1/messages', named],
    ['/v1/campaigns:test', { name: 'me', audience: { userIds: ['ada'] }, message }],
  ];
  const kept = async () => {
    const found = [];
    for (const [path, body] of ways) {
      const response = await ask('POST', path, body);
      assert.equal(response.status, 202, path);
      const answer = await jsonOf<CampaignView & { campaign?: CampaignView }>(response);
      const view = answer.campaign ?? answer;
      assert.ok(!Object.hasOwn(view, 'receipts'));
      found.push((await store.getCampaign(view.id))!.receipts);
    }
    return found;
  };
  assert.deepEqual(
    await kept(),
    ways.map(() => ({ delivered: 0.02 })),
  );
  await ask('PUT', PATH, { receipts: { delivered: 0.25 } });
  assert.deepEqual(
    await kept(),
    ways.map(() => ({ delivered: 0.25 })),
  );
  await ask('PUT', PATH, { receipts: { enabled: false } });
  assert.deepEqual(
    await kept(),
    ways.map(() => undefined),
  );
  // another process has changed it: known here within 30 seconds
  await ports.store.putAppPolicy('default', USUAL);
  clock.now += 30_000;
  assert.deepEqual(
    await kept(),
    ways.map(() => ({ delivered: 0.02 })),
  );
});
