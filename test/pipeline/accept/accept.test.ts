import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import type { Provider } from '../../../functions/model/provider/registry.ts';
import { LOST_AFTER_MS } from '../../../functions/model/timing.ts';
import { accept } from '../../../functions/pipeline/accept/accept.ts';
import { singlePush } from '../../../functions/pipeline/single-push.ts';
import { sweep } from '../../../functions/pipeline/sweep.ts';
import { createWorld, eachOnce, NOW, type World } from '../world.ts';

const request = (rest: Partial<CampaignRequest> = {}): CampaignRequest => ({
  name: 'Autumn',
  app: 'default',
  audience: {},
  dryRun: false,
  message: { title: 'Hallo', ttlSeconds: 3600, priority: 'high' },
  ...rest,
});

/** Credentials for these only. */
const withOnly = (world: World, ...providers: Provider[]) => {
  const { senders } = world.ports;
  world.ports.senders = {
    apps: () => [],
    get: (app, provider, environment) =>
      app === 'default' && providers.includes(provider)
        ? senders.get(app, provider, environment)
        : null,
  };
};

test('an accepted campaign is stored as it was asked for, under an id of its own', async (t) => {
  const world = createWorld(t);
  const asked = request({ audience: { language: ['de'] }, rate: { perMinute: 600 } });
  const first = await accept(world.ports, asked, null);
  const second = await accept(world.ports, asked, null);
  assert.ok(first.kind === 'accepted' && second.kind === 'accepted');
  assert.notEqual(first.campaign.id, second.campaign.id);
  assert.deepEqual(first.campaign, {
    ...asked,
    id: first.campaign.id,
    receipts: { delivered: 0.02 },
    state: 'accepted',
    reason: null,
    createdAt: NOW,
    firstPushAt: null,
    closedAt: null,
    shards: 0,
  });
  assert.deepEqual(await world.store.getCampaign(first.campaign.id), first.campaign);
  assert.equal(world.logged.campaignAccepted?.length, 2);
});

test('the same key gives the same campaign, though it would be refused by now', async (t) => {
  const world = createWorld(t);
  await world.people(3);
  for (const ask of [
    () => accept(world.ports, request(), 'key'),
    async () => (await singlePush(world.ports, request(), 'another')).accepted,
  ]) {
    const first = await ask();
    assert.equal(first.kind, 'accepted');
    world.script.faults = [{ path: '', message: 'the payload has 5000 bytes' }];
    const again = await ask();
    assert.ok('campaign' in first && again.kind === 'existing');
    assert.equal(again.campaign.id, first.campaign.id);
    world.script.faults = [];
  }
  world.script.faults = [{ path: '', message: 'the payload has 5000 bytes' }];
  const other = request({ name: 'Winter' });
  assert.equal((await accept(world.ports, other, 'key')).kind, 'conflict');
  assert.equal((await singlePush(world.ports, other, 'another')).accepted.kind, 'conflict');
  assert.equal((await accept(world.ports, other, 'new')).kind, 'refused');
  assert.equal((await accept(world.ports, other, null)).kind, 'refused');
});

test('the same key gives the same campaign, immediately and when it is over', async (t) => {
  const world = createWorld(t);
  const people = await world.people(10);
  const ask = () => accept(world.ports, request(), 'key');
  const both = await Promise.all([ask(), ask()]);
  assert.deepEqual(both.map((it) => it.kind).toSorted(), ['accepted', 'existing']);
  await world.run();
  const late = await ask();
  assert.ok(late.kind === 'existing');
  assert.equal(late.campaign.state, 'completed');
  await world.run();
  await world.closed(late.campaign.id);
  eachOnce(world, people);
  const other = await accept(world.ports, request({ name: 'Winter' }), 'key');
  assert.deepEqual(other, { kind: 'conflict' });
});

for (const how of ['the same key', 'the sweep'] as const)
  test(`a campaign that was stored but not queued is found by ${how}`, async (t) => {
    const world = createWorld(t);
    await world.people(10);
    world.ports.queue = {
      ...world.queue,
      create: async () => {
        throw new Error('killed');
      },
    };
    await assert.rejects(accept(world.ports, request(), 'key'), /killed/);
    world.ports.queue = world.queue;
    if (how === 'the same key') {
      assert.equal((await accept(world.ports, request(), 'key')).kind, 'existing');
    } else {
      world.clock.now += LOST_AFTER_MS;
      assert.equal(await sweep(world.ports), 2, 'its plan, and that it was accepted');
    }
    await world.run();
    const { items } = await world.store.listCampaigns(null, 10);
    assert.equal(items.length, 1);
    await world.closed(items[0]!.id);
  });

test('what cannot be sent is refused with every fault, and nothing is stored', async (t) => {
  const world = createWorld(t);
  const faultsOf = async (rest: Partial<CampaignRequest>) => {
    const answer = await accept(world.ports, request(rest), 'key');
    assert.equal(answer.kind, 'refused');
    return answer.kind === 'refused' ? answer.faults.map((it) => `${it.path}: ${it.message}`) : [];
  };
  world.script.faults = [{ path: '', message: 'the payload has 5000 bytes' }];
  const empty = { ttlSeconds: 60, priority: 'high' as const };
  assert.deepEqual(await faultsOf({ message: empty }), [
    'message: needs a title, a body, data, a link, a sound or a badge',
    'message: apns, fcm: the payload has 5000 bytes',
  ]);
  assert.deepEqual(await faultsOf({ audience: { platform: ['ios'] } }), [
    'message: apns: the payload has 5000 bytes',
  ]);
  world.script.faults = [];
  withOnly(world, 'apns');
  assert.deepEqual(await faultsOf({ audience: { platform: ['ios', 'android', 'web'] } }), [
    'audience.platform: "default" has no credentials for android',
    'audience.platform: "default" has no credentials for web',
  ]);
  assert.deepEqual(await faultsOf({ audience: { platform: ['android'] } }), [
    'app: "default" has no credentials for android',
  ]);
  assert.deepEqual(await faultsOf({ app: 'unknown' }), [
    'app: "unknown" has no credentials for ios, android, web',
  ]);
  assert.deepEqual((await world.store.listCampaigns(null, 10)).items, []);
  await world.run();
  assert.equal(world.script.sent.length, 0);
});

test('with credentials for one provider a campaign to everybody is accepted', async (t) => {
  const world = createWorld(t);
  withOnly(world, 'fcm');
  assert.equal((await accept(world.ports, request(), null)).kind, 'accepted');
  const toPhones = request({ audience: { platform: ['ios'] } });
  assert.equal((await accept(world.ports, toPhones, null)).kind, 'accepted', 'fcm reaches ios');
});

test('a message of data alone is enough', async (t) => {
  const world = createWorld(t);
  const message = { data: { article: '7' }, ttlSeconds: 60, priority: 'normal' as const };
  assert.equal((await accept(world.ports, request({ message }), null)).kind, 'accepted');
});
