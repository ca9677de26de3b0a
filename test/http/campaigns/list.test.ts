import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppView } from '../../../functions/http/apps.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import type { Page } from '../../../functions/ports/ports.ts';
import { createSenders } from '../../../functions/providers/senders.ts';
import { credentials } from '../../providers/fixture.ts';
import { apnsToken, campaign, createFixture, failAll, jsonOf } from '../fixture.ts';

const LATER = { schedule: { at: '2030-12-24T18:00:00Z' } };

/** Campaigns `Autumn 1` (closed), `Autumn 2` (scheduled) and `Winter` of the app `shop`, a second apart. */
async function withThree(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const { ask, clock, store, ports } = fixture;
  const own = ports.senders.get.bind(ports.senders);
  ports.senders = { ...ports.senders, get: (_, ...rest) => own('default', ...rest) };
  for (const it of [
    { name: 'Autumn 1' },
    { name: 'Autumn 2', ...LATER },
    { name: 'Winter', app: 'shop', message: { title: 'Snow' } },
  ]) {
    const { id } = await jsonOf<CampaignView>(
      await ask('POST', '/v1/campaigns', { ...campaign, ...it }),
    );
    if (it.name === 'Autumn 1') await failAll(store, id, [apnsToken(1), apnsToken(2)]);
    clock.now += 1000;
  }
  const list = async (query: string) =>
    (await jsonOf<Page<CampaignView>>(await ask('GET', `/v1/campaigns?${query}`))).items;
  const names = async (query: string) => (await list(query)).map((it) => it.name);
  return { ...fixture, list, names };
}

test('a campaign says what made it, and is found by that', async (t) => {
  const { ask, names, list } = await withThree(t);
  const message = { installationIds: ['phone-1'], message: { title: 'Order' } };
  const sent = await jsonOf<CampaignView>(await ask('POST', '/v1/messages', message));
  assert.equal(sent.kind, 'message');
  assert.deepEqual(await names('kind=message'), ['message']);
  assert.deepEqual(await names('kind=campaign'), ['Winter', 'Autumn 2', 'Autumn 1']);
  assert.deepEqual(await names('kind=trigger'), []);
  assert.deepEqual(await names('kind=message,campaign&q=a'), ['message', 'Autumn 2', 'Autumn 1']);
  assert.deepEqual(
    (await list('')).map((it) => it.kind),
    ['message', 'campaign', 'campaign', 'campaign'],
  );
  const wrong = await ask('GET', '/v1/campaigns?kind=push');
  assert.equal(wrong.status, 400);
  assert.match(
    (await jsonOf<Problem>(wrong)).faults![0]!.message,
    /some of campaign, message, trigger/,
  );
});

test('campaigns are found by state, app, text and time', async (t) => {
  const { names } = await withThree(t);
  const cases = {
    '': ['Winter', 'Autumn 2', 'Autumn 1'],
    'state=completed': ['Autumn 1'],
    'state=scheduled,accepted': ['Winter', 'Autumn 2'],
    'app=shop': ['Winter'],
    'app=elsewhere': [],
    'q=AUTUMN': ['Autumn 2', 'Autumn 1'],
    'q=%20snow%20': ['Winter'],
    'q=%25': [],
    'from=2026-11-21T13:00:01Z': ['Winter', 'Autumn 2'],
    // the same instant in another zone
    'to=2026-11-21T14:00:01%2B01:00': ['Autumn 1'],
    'q=autumn&from=2026-11-21T13:00:01Z&state=scheduled&app=default': ['Autumn 2'],
  };
  for (const [query, expected] of Object.entries(cases))
    assert.deepEqual(await names(query), expected, query);
});

test('a list names every fault of its filters', async (t) => {
  const { ask } = await createFixture(t);
  const query = 'state=running,ended&app=&q=%20&from=2026-11-21T13:00:00&limit=1000&sort=name';
  const { faults } = await jsonOf<Problem>(await ask('GET', `/v1/campaigns?${query}`));
  assert.deepEqual(faults!.map((it) => it.path).sort(), [
    'query.app',
    'query.from',
    'query.limit',
    'query.q',
    'query.sort',
    'query.state',
  ]);
  const times = 'from=2026-11-21T13:00:00Z&to=2026-11-21T13:00:00Z';
  const turned = await jsonOf<Problem>(await ask('GET', `/v1/campaigns?${times}`));
  assert.deepEqual(turned.faults, [{ path: 'query.to', message: 'must be after `from`' }]);
  const cursor = await ask('GET', '/v1/campaigns?q=a&after=nonsense');
  assert.equal(cursor.status, 400);
  const long = await ask('GET', `/v1/campaigns?q=${'x'.repeat(101)}`);
  assert.equal(long.status, 400);
});

test('the rows of closed and of waiting campaigns are shown without their shards', async (t) => {
  const { ask, apiOver, list } = await withThree(t);
  const counts = { recipients: 2, accepted: 0, failed: 2, skipped: 0, pending: 0 };
  const [winter, , autumn] = await list('');
  assert.deepEqual(autumn?.counts, counts);
  assert.deepEqual(winter?.counts, { ...counts, recipients: 0, failed: 0 });
  const api = apiOver({
    counts: async () => {
      throw new Unavailable('shards are not there to be read');
    },
  });
  assert.equal((await ask('GET', '/v1/campaigns', undefined, {}, api)).status, 200);
  const one = await ask('GET', `/v1/campaigns/${autumn!.id}`, undefined, {}, api);
  assert.deepEqual((await jsonOf<CampaignView>(one)).counts, counts);
});

test('apps are listed by name, with their providers and their pause, in pages', async (t) => {
  const { ask, ports } = await createFixture(t);
  const both = credentials('https://localhost:1', 'https://localhost:1');
  const senders = createSenders({ shop: both, droid: { ...both, apns: null }, a: both });
  t.after(() => senders.close());
  ports.senders = senders;
  await ask('POST', '/v1/apps/shop/pause');
  const page = async (query: string) =>
    jsonOf<Page<AppView>>(await ask('GET', `/v1/apps?${query}`));
  const first = await page('limit=2');
  assert.deepEqual(first.items, [
    { app: 'a', paused: null, providers: ['apns', 'fcm'] },
    { app: 'droid', paused: null, providers: ['fcm'] },
  ]);
  const second = await page(`limit=2&after=${first.next}`);
  assert.deepEqual([second.items.map((it) => it.app), second.next], [['shop'], null]);
  const by = 'key "campaigns+installations+read+admin"';
  assert.deepEqual(second.items[0]?.paused, { at: '2026-11-21T13:00:00.000Z', by });
  assert.deepEqual(await jsonOf(await ask('GET', '/v1/apps/shop')), second.items[0]);
});

test('a key without the scope sees neither campaigns nor apps', async (t) => {
  const { ask, addKey } = await createFixture(t);
  const headers = { Authorization: `Bearer ${await addKey('installations')}` };
  for (const path of ['/v1/campaigns?app=default', '/v1/apps'])
    assert.equal((await ask('GET', path, undefined, headers)).status, 403, path);
});
