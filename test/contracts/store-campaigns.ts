/** The part of the store's contract that is about campaigns, the sweep and keys. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Campaign,
  type CampaignState,
  campaignStates,
  noCounts,
  transitions,
} from '../../functions/model/campaign.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  allPages,
  campaignOf,
  EVERYBODY,
  finish,
  leaseOf,
  lonelyChunk,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  running,
  untried,
} from './store-fixture.ts';

const once = (key: string, requestHash = 'hash') => ({ key, requestHash });

/** How a campaign gets into a state, by the verbs of the port. */
async function inState(store: Store, state: CampaignState): Promise<Campaign> {
  const campaign = campaignOf({ state: state === 'scheduled' ? 'scheduled' : 'accepted' });
  const { id } = campaign;
  await store.createCampaign(campaign, null, NOW);
  if (state === 'scheduled') return campaign;
  if (state === 'cancelling' || state === 'cancelled')
    await store.moveCampaign({ id, from: ['accepted'], to: 'cancelling', reason: null });
  if (state !== 'accepted' && state !== 'cancelling')
    await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW });
  if (state === 'paused')
    await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'why' });
  if (state === 'completed' || state === 'cancelled')
    await store.freezePage(pageOf(id, [], { last: true }));
  const it = await store.getCampaign(id);
  assert.equal(it?.state, state);
  return it!;
}

export function campaignContract(name: string, makeStore: MakeStore) {
  test(`${name}: a campaign comes back as it was created`, async (t) => {
    const store = await makeStore(t);
    const campaign = campaignOf({
      audience: { tags: { any: ['a'], none: ['b'] }, language: ['de'] },
      rate: { perMinute: 600 },
      dryRun: true,
    });
    const { message } = campaign;
    campaign.message = {
      ...message,
      data: { 'Zoë "✓"': '\u{1F514}' },
      apns: { payload: { x: [1] } },
    };
    const created = await store.createCampaign(campaign, null, NOW);
    assert.deepEqual(created, { kind: 'created', campaign });
    assert.deepEqual(await store.getCampaign(campaign.id), campaign);
    assert.deepEqual(await store.counts(campaign.id), noCounts());
    assert.equal(await store.getCampaign('nothing'), null);
    assert.deepEqual(await store.counts('nothing'), noCounts());
  });

  test(`${name}: the same key gives the same campaign, with another body a conflict`, async (t) => {
    const store = await makeStore(t);
    const campaign = campaignOf();
    assert.equal(await store.findCampaign('default', once('k')), null);
    assert.equal((await store.createCampaign(campaign, once('k'), NOW)).kind, 'created');
    const moved = await store.moveCampaign({
      id: campaign.id,
      from: ['accepted'],
      to: 'cancelling',
      reason: null,
      at: NOW,
    });
    assert.deepEqual(await store.createCampaign(campaignOf(), once('k'), NOW), {
      kind: 'exists',
      campaign: moved,
    });
    assert.deepEqual(await store.createCampaign(campaignOf(), once('k', 'another'), NOW), {
      kind: 'conflict',
    });
    assert.deepEqual(await store.findCampaign('default', once('k')), {
      kind: 'exists',
      campaign: moved,
    });
    assert.deepEqual(await store.findCampaign('default', once('k', 'another')), {
      kind: 'conflict',
    });
    assert.equal(await store.findCampaign('other', once('k')), null);
    assert.equal((await store.createCampaign(campaignOf(), once('l'), NOW)).kind, 'created');
    const elsewhere = await store.createCampaign(campaignOf({ app: 'other' }), once('k'), NOW);
    assert.equal(elsewhere.kind, 'created');
    for (let i = 0; i < 2; i++)
      assert.equal((await store.createCampaign(campaignOf(), null, NOW)).kind, 'created');
    assert.equal((await store.listCampaigns(null, 100)).items.length, 5);
  });

  test(`${name}: of many with one key at the same time, one is created`, async (t) => {
    const store = await makeStore(t);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => store.createCampaign(campaignOf(), once('k'), NOW)),
    );
    assert.equal(all.filter((it) => it.kind === 'created').length, 1);
    assert.equal(all.filter((it) => it.kind === 'exists').length, 7);
    const ids = all.map((it) => (it.kind === 'conflict' ? '' : it.campaign.id));
    assert.equal(new Set(ids).size, 1);
    assert.equal((await store.listCampaigns(null, 100)).items.length, 1);
  });

  test(`${name}: campaigns are listed newest first, in pages without gap or double`, async (t) => {
    const store = await makeStore(t);
    const created: Campaign[] = [];
    for (let i = 0; i < 11; i++) {
      const campaign = campaignOf({ createdAt: NOW + Math.floor(i / 3) });
      await store.createCampaign(campaign, null, NOW);
      created.push(campaign);
    }
    for (const limit of [1, 2, 3, 10, 11, 12]) {
      const listed = await allPages((after) => store.listCampaigns(after, limit), limit);
      assert.equal(new Set(listed.map((it) => it.id)).size, 11);
      const times = listed.map((it) => it.createdAt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
  });

  test(`${name}: a campaign is started once, with its shards`, async (t) => {
    const store = await makeStore(t);
    const campaign = campaignOf();
    await store.createCampaign(campaign, null, NOW);
    const ranges = [
      { from: 0, to: 100 },
      { from: 100, to: 2 ** 32 },
    ];
    const all = await Promise.all([
      store.startCampaign({ id: campaign.id, shards: ranges, dueAt: NOW }),
      store.startCampaign({ id: campaign.id, shards: [EVERYBODY], dueAt: NOW }),
    ]);
    assert.deepEqual(all.toSorted(), [false, true]);
    assert.equal(await store.startCampaign({ id: campaign.id, shards: ranges, dueAt: NOW }), false);
    assert.equal(await store.startCampaign({ id: 'nothing', shards: ranges, dueAt: NOW }), false);
    const { state, shards } = (await store.getCampaign(campaign.id))!;
    assert.equal(state, 'running');
    const open = await store.openShards(campaign.id);
    assert.equal(open.length, shards);
    assert.deepEqual(open.map((it) => it.index).toSorted(), [...Array(shards).keys()]);
    assert.deepEqual(await store.getShard(campaign.id, 0), {
      campaignId: campaign.id,
      index: 0,
      from: 0,
      to: shards === 1 ? 2 ** 32 : 100,
      pages: 0,
      cursor: null,
      planned: false,
      plannedAt: null,
      chunks: 0,
      chunksDone: 0,
      counts: noCounts(),
      task: null,
    });
    assert.equal(await store.getShard(campaign.id, shards), null);
  });

  test(`${name}: a campaign moves along the legal ways only`, async (t) => {
    const store = await makeStore(t);
    for (const from of campaignStates) {
      // only a store starts and closes a campaign
      for (const to of campaignStates.filter((it) => !['completed', 'cancelled'].includes(it))) {
        const before = await inState(store, from);
        const moved = await store.moveCampaign({
          id: before.id,
          from: [from],
          to,
          reason: 'because',
          at: NOW,
        });
        const legal = transitions[from].includes(to);
        const neverBegun = from === 'scheduled' && to === 'cancelled' && { closedAt: NOW };
        const begins = to === 'accepted' && { startedAt: NOW };
        const { task: _, ...same } = before;
        const after = {
          ...same,
          state: to,
          reason: 'because',
          ...neverBegun,
          ...begins,
          ...(to !== 'paused' && { task: `${to}-${NOW}` }),
        };
        assert.deepEqual(moved, legal ? after : null, `${from} → ${to}`);
        assert.deepEqual(await store.getCampaign(before.id), legal ? after : before);
      }
    }
  });

  test(`${name}: a campaign that is in another state than expected does not move`, async (t) => {
    const store = await makeStore(t);
    const { id } = await inState(store, 'paused');
    assert.equal(
      await store.moveCampaign({
        id,
        from: ['running', 'accepted'],
        to: 'cancelling',
        reason: 'no',
      }),
      null,
    );
    assert.equal((await store.getCampaign(id))?.reason, 'why');
    const both = ['running', 'paused'] as const;
    const all = await Promise.all([
      store.moveCampaign({ id, from: both, to: 'cancelling', reason: null }),
      store.moveCampaign({ id, from: both, to: 'cancelling', reason: null }),
    ]);
    assert.equal(all.filter((it) => it !== null).length, 1);
    assert.equal(
      await store.moveCampaign({ id: 'nothing', from: ['running'], to: 'paused', reason: null }),
      null,
    );
  });

  test(`${name}: the first push is the earliest that was noted`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    for (const at of [NOW + 5, NOW + 3, NOW + 9]) await store.notePush(id, at);
    assert.equal((await store.getCampaign(id))?.firstPushAt, NOW + 3);
    await store.notePush('nothing', NOW);
  });

  test(`${name}: a sweep finds what is overdue, each for what it is, once`, async (t) => {
    const store = await makeStore(t);
    const waiting = campaignOf();
    await store.createCampaign(waiting, null, NOW + 10);
    const planning = campaignOf();
    await store.createCampaign(planning, null, NOW + 10);
    await store.startCampaign({ id: planning.id, shards: [EVERYBODY], dueAt: NOW + 20 });
    const { chunkId, campaignId } = await lonelyChunk(store, 1, {
      dueAt: NOW + 30,
      provider: 'apns',
    });
    const chunk = { kind: 'chunk', chunkId, campaignId, ...untried };

    assert.deepEqual(await store.takeOverdue(NOW + 9, NOW + 1000, 10), []);
    assert.deepEqual(await store.takeOverdue(NOW + 10, NOW + 1000, 10), [
      { kind: 'campaign', campaignId: waiting.id, dueAt: NOW + 10, task: null },
    ]);
    const rest = await store.takeOverdue(NOW + 30, NOW + 2000, 10);
    assert.deepEqual(
      rest.toSorted((a, b) => a.dueAt - b.dueAt),
      [
        { kind: 'shard', campaignId: planning.id, shard: 0, dueAt: NOW + 20, task: null },
        { ...chunk, provider: 'apns', size: 1, dueAt: NOW + 30 },
      ],
    );
    assert.deepEqual(await store.takeOverdue(NOW + 999, NOW + 9000, 10), []);
    const again = await store.takeOverdue(NOW + 1000, NOW + 9000, 10);
    const known = { kind: 'campaign', campaignId: waiting.id, dueAt: NOW + 1000, task: null };
    assert.deepEqual(again, [known]);
  });

  test(`${name}: sweeps at the same time share what is overdue, no batch above its limit`, async (t) => {
    const store = await makeStore(t);
    for (let i = 0; i < 4; i++) await store.createCampaign(campaignOf(), null, NOW);
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) ids.add((await lonelyChunk(store, 1, { dueAt: NOW })).chunkId);
    const batches = await Promise.all(
      Array.from({ length: 3 }, () => store.takeOverdue(NOW, NOW + 1000, 3)),
    );
    assert.ok(batches.every((it) => it.length <= 3));
    const found = batches.flat();
    found.push(...(await store.takeOverdue(NOW, NOW + 1000, 100)));
    assert.equal(found.length, 7);
    assert.equal(new Set(found.map((it) => JSON.stringify(it))).size, 7);
  });

  test(`${name}: what is settled is never overdue; a sent chunk is at its lease's end`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 1);
    await store.claimChunk(chunkId, leaseOf('dead worker', NOW + 50), NOW);
    assert.deepEqual(await store.takeOverdue(NOW + 50, NOW + MINUTE, 10), [
      {
        kind: 'chunk',
        campaignId,
        chunkId,
        provider: 'fcm',
        size: 1,
        dueAt: NOW + 50,
        ...untried,
        attempt: 1,
        leaseUntil: NOW + 50,
      },
    ]);
    await finish(store, chunkId, NOW + 60);
    const overdue = await store.takeOverdue(NOW + 10 * MINUTE, NOW + 20 * MINUTE, 10);
    assert.deepEqual(
      overdue.map((it) => it.kind),
      ['event', 'event', 'event'],
    );
    await store.published(await store.unpublished(campaignId));
    assert.deepEqual(await store.takeOverdue(NOW + 1e9, NOW + 2e9, 10), []);
  });

  test(`${name}: a key is found by its hash, the later of two counts`, async (t) => {
    const store = await makeStore(t);
    const key = { hash: 'f'.repeat(64), name: 'ci', scopes: ['read' as const] };
    await store.putKey(key);
    assert.deepEqual(await store.findKey(key.hash), key);
    const wider = { ...key, name: 'Zoë', scopes: ['campaigns' as const, 'read' as const] };
    await store.putKey(wider);
    assert.deepEqual(await store.findKey(key.hash), wider);
    assert.equal(await store.findKey('e'.repeat(64)), null);
    await store.putKey({ ...key, scopes: [] });
    assert.deepEqual((await store.findKey(key.hash))?.scopes, []);
  });
}
