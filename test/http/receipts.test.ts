import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ApiOptions } from '../../functions/http/api.ts';
import { clientAddressBehind } from '../../functions/http/auth/address.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { NewKey } from '../../functions/http/keys.ts';
import type { ReceiptsTaken } from '../../functions/http/receipts.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import { isSampled, receiptName } from '../../functions/model/receipt.ts';
import { campaignOf, EVERYBODY, person, running } from '../contracts/store-fixture.ts';
import { createFixture, jsonOf, NOW } from './fixture.ts';

const SECOND = 1000;
const DAY = 24 * 3600 * SECOND;
const receipts = { delivered: 1 };
const rfc = (at: number) => new Date(at).toISOString();

/** The app `shop` with a registration key, three devices, and a campaign that is being sent. */
async function shop(t: TestContext, options: ApiOptions = {}) {
  const fixture = await createFixture(t, options);
  const { store, ask } = fixture;
  const made = await ask('POST', '/v1/keys', { name: 'app', scopes: ['register'], app: 'shop' });
  const { key } = await jsonOf<NewKey>(made);
  const ids = ['device-1', 'device-2', 'device-3'];
  await store.putInstallations(ids.map((id) => person(id, { app: 'shop', userId: `user-${id}` })));
  const sent = (rest: Partial<Campaign> = {}) =>
    running(store, 1, { app: 'shop', receipts, ...rest });
  const campaignId = await sent();
  const opened = (rest = {}) => ({
    installationId: 'device-1',
    campaignId,
    kind: 'opened',
    at: rfc(NOW),
    ...rest,
  });
  const send = (all: unknown[], from = '203.0.113.7', as = key) =>
    ask(
      'POST',
      '/v1/receipts',
      { receipts: all },
      {
        Authorization: `Bearer ${as}`,
        'X-Forwarded-For': from,
      },
    );
  const taken = async (all: unknown[], as = key) => {
    const response = await send(all, undefined, as);
    assert.equal(response.status, 202);
    return jsonOf<ReceiptsTaken>(response);
  };
  return { ...fixture, registrationKey: key, campaignId, sent, opened, send, taken };
}

test('a device reports what happened to a push, with the key that lies in its app', async (t) => {
  const { store, campaignId, opened, taken } = await shop(t);
  const all = [
    opened(),
    opened({ kind: 'dismissed' }),
    opened({ installationId: 'device-2', at: '2026-11-21T14:00:00+01:00' }),
  ];
  assert.deepEqual(await taken(all), { counted: 3, known: 0, dropped: 0 });
  assert.deepEqual(await taken(all), { counted: 0, known: 3, dropped: 0 });
  assert.deepEqual(await store.receiptCounts(campaignId), {
    opened: 2,
    delivered: 0,
    dismissed: 1,
  });
});

test('the same receipt a hundred times is one', async (t) => {
  const { store, campaignId, opened, taken } = await shop(t);
  const fifty = Array.from({ length: 50 }, () => opened());
  assert.deepEqual(await taken(fifty), { counted: 1, known: 49, dropped: 0 });
  assert.deepEqual(await taken(fifty), { counted: 0, known: 50, dropped: 0 });
  assert.equal((await store.receiptCounts(campaignId)).opened, 1);
});

test('what cannot be counted is dropped, and the rest is counted', async (t) => {
  const { store, sent, opened, taken, addKey } = await shop(t);
  await store.putInstallations([person('other', { app: 'bank' })]);
  const foreign = await running(store, 1, { app: 'bank', receipts });
  const off = await sent({ receipts: undefined as never });
  const dry = await sent({ dryRun: true });
  const early = campaignOf({ app: 'shop', receipts });
  await store.createCampaign(early, null, NOW);
  assert.deepEqual(
    await taken([
      opened(),
      opened({ campaignId: 'unheard-of' }),
      opened({ installationId: 'unheard-of' }),
      opened({ installationId: 'other', campaignId: foreign }),
      opened({ campaignId: off }),
      opened({ campaignId: dry }),
      opened({ campaignId: early.id }),
    ]),
    { counted: 1, known: 0, dropped: 6 },
  );
  const server = await addKey('installations');
  assert.deepEqual(
    await taken([opened(), opened({ installationId: 'other', campaignId: foreign })], server),
    { counted: 1, known: 1, dropped: 0 },
  );
});

test('of a sample, only devices in it are counted as reached', async (t) => {
  const { store, sent, taken } = await shop(t);
  const campaignId = await sent({ receipts: { delivered: 0.02 } });
  const ids = Array.from({ length: 1_000 }, (_, i) => `phone-${i}`);
  const [inside, outside] = [true, false].map(
    (is) => ids.find((it) => isSampled(it, 0.02) === is)!,
  );
  await store.putInstallations([inside!, outside!].map((id) => person(id, { app: 'shop' })));
  const of = (installationId: string | undefined, kind: string) => ({
    installationId,
    campaignId,
    kind,
    at: rfc(NOW),
  });
  assert.deepEqual(
    await taken([of(inside, 'delivered'), of(outside, 'delivered'), of(outside, 'opened')]),
    { counted: 2, known: 0, dropped: 1 },
  );
});

test('an app that has switched receipts off counts none of earlier campaigns either', async (t) => {
  const { store, opened, taken } = await shop(t);
  await store.putAppPolicy('shop', {
    receipts: { enabled: false, delivered: 1 },
    caps: [],
    quiet: null,
    defaultZone: 'Etc/UTC',
    exempt: [],
  });
  assert.deepEqual(await taken([opened()]), { counted: 0, known: 0, dropped: 1 });
});

test('a time from the future is now, and one before the campaign its begin', async (t) => {
  const { store, clock, campaignId, opened, taken } = await shop(t);
  clock.now = NOW + 10 * SECOND;
  await taken([
    opened({ at: rfc(NOW + DAY) }),
    opened({ installationId: 'device-2', at: '1971-01-01T00:00:00Z' }),
    opened({ installationId: 'device-3', at: rfc(NOW + 5 * SECOND) }),
  ]);
  const times = new Map<string, number>();
  for await (const part of store.readReceipts(campaignId, 'opened', EVERYBODY))
    for (const [index, name] of part.names.entries()) times.set(name, part.times[index]!);
  const timeOf = (id: string) => times.get(receiptName(id));
  assert.equal(timeOf('device-1'), NOW + 10 * SECOND);
  assert.equal(timeOf('device-2'), NOW);
  assert.equal(timeOf('device-3'), NOW + 5 * SECOND);
});

test('after the retention, and of a device that was erased, nothing is counted', async (t) => {
  const { store, clock, ask, campaignId, opened, taken } = await shop(t);
  assert.equal((await ask('DELETE', '/v1/users/user-device-1')).status, 200);
  assert.deepEqual(await taken([opened()]), { counted: 0, known: 0, dropped: 1 });
  await store.moveCampaign({ id: campaignId, from: ['running'], to: 'completed', reason: null });
  const late = await store.getCampaign(campaignId);
  assert.equal(late?.state, 'completed');
  clock.now = NOW + 60 * DAY;
  const ended = campaignOf({ app: 'shop', receipts, closedAt: NOW, shards: 1, state: 'completed' });
  await store.createCampaign(ended, null, NOW);
  const of = opened({ campaignId: ended.id, installationId: 'device-2' });
  assert.deepEqual(await taken([of]), { counted: 0, known: 0, dropped: 1 });
});

test('every fault of a call is named, and nothing of it is counted', async (t) => {
  const { store, ask, campaignId, opened, send } = await shop(t);
  const faultsOf = async (all: unknown[]) => {
    const response = await send(all);
    assert.equal(response.status, 400);
    return (await jsonOf<Problem>(response)).faults?.map((it) => it.path);
  };
  assert.deepEqual(await faultsOf([]), ['receipts']);
  assert.deepEqual(await faultsOf(Array.from({ length: 51 }, () => opened())), ['receipts']);
  assert.deepEqual(
    await faultsOf([
      opened(),
      opened({ kind: 'clicked', at: '2026-11-21T13:00:00' }),
      opened({ installationId: 'a/b', campaignId: '../x', more: 1 }),
    ]),
    [
      ...['receipts[1].kind', 'receipts[1].at', 'receipts[2].installationId'],
      ...['receipts[2].campaignId', 'receipts[2].more'],
    ],
  );
  assert.equal((await store.receiptCounts(campaignId)).opened, 0);
  const large = await ask('POST', '/v1/receipts', `{"receipts":[],"x":"${'x'.repeat(40_000)}"}`);
  assert.equal(large.status, 413);
});

test('only keys of installations and of registration may report', async (t) => {
  const { addKey, opened, send } = await shop(t);
  for (const scope of ['campaigns', 'read', 'admin'] as const)
    assert.equal((await send([opened()], '', await addKey(scope))).status, 403, scope);
});

test('receipts have limits of their own, and a call counts as often as it has receipts', async (t) => {
  const { clock, opened, send, ask, registrationKey } = await shop(t, {
    clientAddress: clientAddressBehind(1),
    limits: { perKey: { perSecond: 1, burst: 1 }, perAddress: { perSecond: 1, burst: 1 } },
  });
  const fifty = Array.from({ length: 50 }, () => opened());
  const flood = async (from: string, most: number) => {
    for (let calls = 0; calls < most; calls++) {
      const response = await send(fifty, from);
      if (response.status === 429) return { calls, response };
      assert.equal(response.status, 202);
    }
    return { calls: most, response: null };
  };
  const { calls, response } = await flood('203.0.113.7', 100);
  assert.equal(calls, 10, '500 at once from one address');
  assert.equal(response?.headers.get('retry-after'), '1');
  assert.equal((await flood('203.0.113.8', 1)).calls, 1, 'others are not held up');
  clock.now += SECOND;
  assert.equal((await flood('203.0.113.7', 100)).calls, 1, 'then 50 a second');
  const rest = 20_000 / 50 - 11;
  let passed = 0;
  for (let n = 0; n < rest + 200; n++)
    if ((await send(fifty, `198.51.100.${n % 250}`)).status === 202) passed++;
  assert.ok(passed >= rest && passed <= rest + 45, `2,000 a second of a key: ${passed} calls`);
  const device = { platform: 'web', token: 't'.repeat(100), app: 'shop' };
  const register = () =>
    ask('PUT', '/v1/installations/device-9', device, {
      Authorization: `Bearer ${registrationKey}`,
    });
  assert.equal((await register()).status, 200, 'registrations are counted apart');
});

test('calls that come at the same time do not hold more receipts than one after another', async (t) => {
  const { clock, opened, send } = await shop(t, { clientAddress: clientAddressBehind(1) });
  const fifty = Array.from({ length: 50 }, () => opened());
  const together = (count: number, from: (n: number) => string) =>
    Promise.all(Array.from({ length: count }, async (_, n) => (await send(fifty, from(n))).status));
  const passed = (all: number[]) => all.filter((it) => it === 202).length;
  const one = await together(60, () => '203.0.113.7');
  assert.ok(passed(one) <= 10, `of one address: ${passed(one)}`);
  clock.now += 2 * SECOND;
  const other = await send([opened()], '203.0.113.8');
  assert.equal(other.status, 202, 'it has not used up the rate of the key');
  const all = await together(450, (n) => `198.51.100.${n % 250}`);
  assert.ok(passed(all) <= 20_000 / 50, `of a key: ${passed(all)}`);
});

test('a flood of forged ids costs few reads', async (t) => {
  const { store, apiOver, registrationKey, opened } = await shop(t);
  let reads = 0;
  const api = apiOver({
    getCampaign(id) {
      reads++;
      return store.getCampaign(id);
    },
  });
  for (let call = 0; call < 20; call++) {
    const all = Array.from({ length: 25 }, () => [opened(), opened({ campaignId: 'forged' })]);
    const response = await api.request('/v1/receipts', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${registrationKey}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ receipts: all.flat() }),
    });
    assert.equal(response.status, 202);
  }
  assert.equal(reads, 2);
});

test('many receipts of a campaign that is read again wait for one read', async (t) => {
  const { store, clock, apiOver, registrationKey, opened } = await shop(t);
  let reads = 0;
  const api = apiOver({
    getCampaign(id) {
      reads++;
      return store.getCampaign(id);
    },
  });
  const send = async () => {
    const response = await api.request('/v1/receipts', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${registrationKey}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ receipts: [opened()] }),
    });
    assert.equal(response.status, 202);
  };
  await send();
  clock.now += 120 * SECOND;
  await Promise.all(Array.from({ length: 20 }, send));
  assert.equal(reads, 2);
});

test('a receipt that came before its campaign began drops none of those that come after', async (t) => {
  const { store, opened, taken } = await shop(t);
  const early = campaignOf({ app: 'shop', receipts });
  await store.createCampaign(early, null, NOW);
  const of = opened({ campaignId: early.id });
  assert.deepEqual(await taken([of]), { counted: 0, known: 0, dropped: 1 });
  const shards = [EVERYBODY];
  await store.startCampaign({ id: early.id, shards, dueAt: NOW + DAY, at: NOW });
  assert.deepEqual(await taken([of]), { counted: 1, known: 0, dropped: 0 });
});

test('forged receipts change nothing but counts of receipts', async (t) => {
  const { store, campaignId, ask, opened, taken } = await shop(t);
  const everything = async () => ({
    counts: await store.counts(campaignId),
    campaign: await store.getCampaign(campaignId),
    history: await store.history(campaignId),
    timeline: await store.timeline(campaignId, 0),
    unpublished: await store.unpublished(campaignId),
    failures: await store.listFailures(campaignId, null, 100),
    devices: await Promise.all(
      ['device-1', 'device-2', 'device-3'].map((id) => store.getInstallation('shop', id)),
    ),
    others: await (await ask('GET', '/v1/users/user-device-2/export')).text(),
  });
  const before = await everything();
  const forged = ['opened', 'delivered', 'dismissed'].flatMap((kind) => [
    opened({ kind, installationId: 'device-1' }),
    opened({ kind, installationId: 'device-3' }),
    opened({ kind, installationId: 'made-up' }),
    opened({ kind, campaignId: 'made-up' }),
  ]);
  assert.deepEqual(await taken(forged), { counted: 6, known: 0, dropped: 6 });
  assert.deepEqual(await everything(), before);
});

test('events are told to webhooks that ask for them, every few seconds', async (t) => {
  const { store, ports, clock, campaignId, opened, apiOver, registrationKey, ask } = await shop(t);
  const told: unknown[] = [];
  ports.events.publish = async (event) => {
    if (event.type === 'campaign.receipts') told.push(event.data.receipts);
  };
  const api = apiOver({});
  const send = async (installationId: string) => {
    const response = await api.request('/v1/receipts', {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${registrationKey}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ receipts: [opened({ installationId })] }),
    });
    assert.equal(response.status, 202);
  };
  const hook = { url: 'https://example.com/hook', app: 'shop' };
  assert.equal((await ask('POST', '/v1/webhooks', hook)).status, 201);
  await send('device-1');
  assert.deepEqual(told, [], 'it is not among the types that are sent by default');
  const types = ['campaign.receipts'];
  assert.equal((await ask('POST', '/v1/webhooks', { ...hook, types })).status, 201);
  clock.now += 61 * SECOND;
  await send('device-2');
  assert.deepEqual(told, [{ opened: 2, delivered: 0, dismissed: 0 }]);
  await send('device-3');
  assert.equal(told.length, 1, 'that was a moment ago');
  const overdue = await store.takeOverdue(clock.now + 6 * SECOND, clock.now + DAY, 10);
  assert.ok(
    overdue.some((it) => it.kind === 'receipts' && it.campaignId === campaignId),
    'the sweep tells it',
  );
  assert.equal((await store.getCampaign(campaignId))?.state, 'running');
});
