import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhyView } from '../../../functions/http/campaigns/why-view.ts';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import { unregisteredId } from '../../../functions/model/installation.ts';
import { campaignOf, chunkOf, finish, person } from '../../contracts/store-fixture.ts';
import { apnsToken, createFixture, type Fixture, jsonOf, NOW } from '../fixture.ts';

type Listed = Pick<WhyView, 'campaign' | 'state' | 'delivery' | 'summary'>;

const WHOLE = { from: 0, to: BUCKETS };

/** A campaign of its own time, to these devices, all accepted. */
async function sent(
  { store }: Fixture,
  minute: number,
  ids: string[],
  rest: Partial<Campaign> = {},
) {
  const at = NOW - 1_000_000_000 + minute * 60_000;
  const it = campaignOf({ createdAt: at, ...rest });
  await store.createCampaign(it, null, at);
  await store.startCampaign({ id: it.id, shards: [WHOLE], dueAt: at, at });
  const chunk = chunkOf(it.id, [0, 0, 0], 0);
  chunk.recipients = ids.map((installationId) => ({ installationId, token: installationId }));
  const page = { campaignId: it.id, shard: 0, page: 0, skipped: 0, cursor: null, last: true };
  const chunks = ids.length > 0 ? [chunk] : [];
  await store.freezePage({ ...page, chunks, dueAt: at, now: at });
  if (ids.length > 0) await finish(store, chunk.id, at);
  return it.id;
}

async function pageOf(it: Fixture, device: string, query = '') {
  const response = await it.ask('GET', `/v1/installations/${device}/pushes?app=default${query}`);
  assert.equal(response.status, 200, await response.clone().text());
  return jsonOf<{ items: Listed[]; next: string | null }>(response);
}

/** All pages of the list. */
async function allOf(it: Fixture, device: string, limit: number) {
  const all: string[] = [];
  let pages = 0;
  for (let after: string | null = ''; after !== null; pages++) {
    const query: string = `&limit=${limit}${after && `&after=${after}`}`;
    const { items, next }: Awaited<ReturnType<typeof pageOf>> = await pageOf(it, device, query);
    assert.ok(items.length <= limit, `${items.length} of ${limit}`);
    all.push(...items.map(({ campaign }) => campaign.id));
    after = next;
  }
  return { all, pages };
}

const register = ({ ask }: Fixture, id: string, more: object = {}) =>
  ask('PUT', `/v1/installations/${id}`, { platform: 'ios', token: apnsToken(1), ...more });

test('the pushes to a device are listed, the newest first, each with its outcome', async (t) => {
  const it = await createFixture(t);
  await register(it, 'phone', { userId: 'ada' });
  const first = await sent(it, 1, ['phone', 'other']);
  await sent(it, 2, ['other']);
  const named = await sent(it, 3, ['phone'], { audience: { userIds: ['ada'] } });
  await sent(it, 4, ['other'], { audience: { installationIds: ['other'] } });
  await sent(it, 5, ['condition'], { audience: { topic: 'news' } });
  await sent(it, 6, ['phone'], { app: 'shop' });
  const { items, next } = await pageOf(it, 'phone');
  assert.deepEqual(
    items.map(({ campaign, state, delivery }) => [campaign.id, state, delivery!.outcome]),
    [
      [named, 'accepted', 'accepted'],
      [first, 'accepted', 'accepted'],
    ],
  );
  assert.equal(next, null);
  assert.match(items[0]!.summary, /^FCM accepted the push by /);
});

test('the list goes on by next, however many campaigns lie between', async (t) => {
  const it = await createFixture(t);
  await register(it, 'phone', { userId: 'ada' });
  const theirs: string[] = [];
  for (let n = 0; n < 70; n++) {
    const isTheirs = n % 9 === 0;
    const audience = n % 2 === 0 ? {} : { userIds: [isTheirs ? 'ada' : 'bob'] };
    const id = await sent(it, n, isTheirs ? ['phone'] : ['other'], { audience });
    if (isTheirs) theirs.unshift(id);
  }
  for (const limit of [1, 3, 20, 100]) {
    const { all, pages } = await allOf(it, 'phone', limit);
    assert.deepEqual(all, theirs, `${limit}`);
    assert.ok(pages > 1, 'at most 30 of those that may have it are looked into for a page');
  }
});

test('campaigns that name others are not looked into, and are passed 200 at a time', async (t) => {
  const it = await createFixture(t);
  await register(it, 'phone', { userId: 'ada' });
  const id = await sent(it, 0, ['phone']);
  for (let n = 1; n <= 210; n++)
    await it.store.createCampaign(
      campaignOf({
        createdAt: NOW - 900_000_000 + n,
        audience: n % 3 === 0 ? { tokens: ['another'] } : { userIds: ['bob'] },
      }),
      null,
      NOW,
    );
  const { findRecipient } = it.store;
  let asked = 0;
  it.ports.store.findRecipient = (...args) => {
    asked += 1;
    return findRecipient(...args);
  };
  const first = await pageOf(it, 'phone');
  // the tokens may have been its own before it registered last
  assert.deepEqual([first.items, first.next !== null], [[], true]);
  assert.ok(asked <= 30, `${asked} looked into`);
  const { all } = await allOf(it, 'phone', 20);
  assert.deepEqual(all, [id]);
});

test('a list of tokens is looked into if it names the device, or may have', async (t) => {
  const it = await createFixture(t);
  // after its campaigns
  await register(it, 'new', { token: apnsToken(2) });
  await it.store.putInstallations([
    person('old', { platform: 'ios', provider: 'apns', token: apnsToken(1) }, NOW - 2_000_000_000),
  ]);
  const tokens = { audience: { tokens: [apnsToken(1)] } };
  const both = await sent(it, 1, ['old', 'new'], tokens);
  const others = await sent(it, 2, ['old', 'new'], { audience: { tokens: [apnsToken(3)] } });
  assert.deepEqual((await allOf(it, 'old', 20)).all, [both], 'it had its token all the time');
  assert.deepEqual((await allOf(it, 'new', 20)).all, [others, both], 'it may have had another one');
});

test('a retry of a list of tokens is a push to the device, whatever its token is by then', async (t) => {
  const it = await createFixture(t);
  const tokens = [apnsToken(2)];
  await register(it, 'phone', { token: apnsToken(1) });
  const retryOf = await sent(it, 30_000, ['other'], { audience: { tokens } });
  const id = await sent(it, 30_001, ['phone'], { audience: { tokens }, retryOf });
  assert.deepEqual((await allOf(it, 'phone', 20)).all, [id]);
});

test('what was sent to a device that is gone is listed while it is kept, and nothing of others', async (t) => {
  const it = await createFixture(t);
  await register(it, 'phone', { userId: 'ada' });
  const id = await sent(it, 1, ['phone', unregisteredId('x')]);
  await it.ask('DELETE', '/v1/installations/phone?app=default');
  assert.deepEqual((await allOf(it, 'phone', 20)).all, [id]);
  assert.deepEqual((await allOf(it, unregisteredId('x'), 20)).all, [id]);
  const refused = async (path: string, headers = {}) =>
    (await it.ask('GET', `/v1/installations/${path}`, undefined, headers)).status;
  assert.equal(await refused('never/pushes?app=default'), 404);
  assert.equal(await refused('phone/pushes?app=shop'), 404);
  assert.equal(await refused('phone/pushes?limit=0'), 400);
  assert.equal(await refused('phone/pushes?after=x'), 400);
  const key = await it.addKey('installations', 'campaigns');
  const bearer = { Authorization: `Bearer ${key}` };
  assert.equal(await refused('phone/pushes?app=default', bearer), 403);
});
