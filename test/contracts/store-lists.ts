/** The part of the store's contract that is about lists of campaigns. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Campaign, sumsOf } from '../../functions/model/campaign.ts';
import type { CampaignFilter, Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  commitOf,
  leaseOf,
  type MakeStore,
  NOW,
  pageOf,
  running,
} from './store-fixture.ts';

/** All that a filter shows, and the sizes of its pages. A page may be short, or empty, and go on. */
async function found(store: Store, filter: CampaignFilter, limit = 3) {
  const items: Campaign[] = [];
  const sizes: number[] = [];
  for (let after: string | null = null; sizes.length < 100; ) {
    const page: Awaited<ReturnType<Store['listCampaigns']>> = await store.listCampaigns(
      after,
      limit,
      filter,
    );
    items.push(...page.items);
    sizes.push(page.items.length);
    assert.ok(page.items.length <= limit);
    if (page.next === null) return { items, sizes, names: items.map((it) => it.name).join(' ') };
    after = page.next;
  }
  throw new Error('a list without end');
}

/** Seven campaigns, created at NOW, NOW + 1 and so on; one is open, one scheduled. */
async function various(store: Store) {
  const { message } = campaignOf();
  const german = {
    ...message,
    localized: { de: { title: 'Späte 100%-Aktion [.*]' }, el: { title: 'ΟΔΟΣΑ Straße' } },
  };
  const all: Partial<Campaign>[] = [
    { name: 'a' },
    { name: 'b', app: 'shop', state: 'scheduled' },
    { name: 'AUTUMN', app: 'shop' },
    { name: 'd', message: german },
    { name: 'E\u0301te\u0301' },
    { name: 'f', message: { ...message, title: 'Autumn again' } },
    { name: 'g', app: 'shop' },
  ];
  for (const [n, it] of all.entries()) {
    const campaign = campaignOf({ ...it, createdAt: NOW + n });
    const { id } = campaign;
    await store.createCampaign(campaign, null, NOW);
    const move = { id, from: ['accepted'], to: 'cancelling', reason: null } as const;
    if (it.name === 'g') await store.moveCampaign(move);
  }
}

export function listContract(name: string, makeStore: MakeStore) {
  test(`${name}: campaigns are listed by what made them, and a page of campaigns is full`, async (t) => {
    const store = await makeStore(t);
    const kinds = [
      'message',
      undefined,
      'trigger',
      'message',
      'message',
      undefined,
      'message',
    ] as const;
    for (const [n, kind] of kinds.entries()) {
      const campaign = campaignOf({
        name: `${kind ?? 'own'}${n}`,
        createdAt: NOW + n,
        ...(kind && { kind }),
      });
      await store.createCampaign(campaign, null, NOW);
      assert.equal((await store.getCampaign(campaign.id))!.kind, kind);
    }
    const all = 'message6 own5 message4 message3 trigger2 own1 message0';
    const cases: [CampaignFilter, string][] = [
      [{}, all],
      [{ kinds: ['campaign', 'message', 'trigger'] }, all],
      [{ kinds: ['campaign'] }, 'own5 own1'],
      [{ kinds: ['message'] }, 'message6 message4 message3 message0'],
      [{ kinds: ['trigger'] }, 'trigger2'],
      [{ kinds: ['message', 'trigger'] }, 'message6 message4 message3 trigger2 message0'],
      [{ kinds: ['campaign', 'trigger'] }, 'own5 trigger2 own1'],
      [{ kinds: ['campaign'], from: NOW + 2 }, 'own5'],
      [{ kinds: ['campaign'], to: NOW + 5, states: ['accepted'] }, 'own1'],
    ];
    for (const [filter, names] of cases)
      assert.equal((await found(store, filter)).names, names, JSON.stringify(filter));
    assert.deepEqual((await found(store, { kinds: ['campaign'] }, 2)).sizes, [2]);
  });

  test(`${name}: campaigns are listed by state, app, text and time, in every combination`, async (t) => {
    const store = await makeStore(t);
    await various(store);
    const cases: [CampaignFilter, string][] = [
      [{}, 'g f E\u0301te\u0301 d AUTUMN b a'],
      [{ app: 'shop' }, 'g AUTUMN b'],
      [{ app: 'Shop' }, ''],
      [{ states: ['scheduled'] }, 'b'],
      [{ states: ['scheduled', 'cancelling'] }, 'g b'],
      [{ states: ['completed', 'scheduled'] }, 'b'],
      [{ states: ['completed'] }, ''],
      [{ states: ['accepted'], app: 'shop' }, 'AUTUMN'],
      [{ text: 'autumn' }, 'f AUTUMN'],
      [{ text: 'HALLO' }, 'g E\u0301te\u0301 d AUTUMN b a'],
      // capitals, accents and signs of patterns are text
      [{ text: 'SPÄTE' }, 'd'],
      [{ text: 'spa\u0308te 100%' }, 'd'],
      [{ text: '[.*]' }, 'd'],
      [{ text: '.*' }, 'd'],
      [{ text: '_' }, ''],
      [{ text: '\u00c9T\u00c9' }, 'E\u0301te\u0301'],
      // the last letter of a word is another small letter, and one small letter is two capitals
      [{ text: 'ΟΔΟΣ' }, 'd'],
      [{ text: 'οδος' }, 'd'],
      [{ text: 'STRASSE' }, 'd'],
      [{ from: NOW + 3 }, 'g f E\u0301te\u0301 d'],
      [{ to: NOW + 3 }, 'AUTUMN b a'],
      [{ from: NOW + 2, to: NOW + 4 }, 'd AUTUMN'],
      [{ from: NOW + 9 }, ''],
      [{ to: NOW }, ''],
      [{ from: 0, to: NOW + 1e12 }, 'g f E\u0301te\u0301 d AUTUMN b a'],
      [{ states: ['accepted'], from: NOW + 1, to: NOW + 6 }, 'f E\u0301te\u0301 d AUTUMN'],
      [{ text: 'autumn', app: 'shop', states: ['accepted'], to: NOW + 3 }, 'AUTUMN'],
    ];
    for (const [filter, names] of cases)
      for (const limit of [1, 2, 100])
        assert.equal((await found(store, filter, limit)).names, names, JSON.stringify(filter));
  });

  test(`${name}: a page looks through a bounded number of campaigns, and the next goes on`, async (t) => {
    const store = await makeStore(t);
    const old = campaignOf({ name: 'old', state: 'scheduled', createdAt: NOW - 1 });
    const first = campaignOf({ name: 'first', createdAt: NOW - 2 });
    for (const it of [first, old]) await store.createCampaign(it, null, NOW);
    const newer = Array.from({ length: 520 }, (_, n) =>
      campaignOf({ state: 'scheduled', createdAt: NOW + n }),
    );
    for (let n = 0; n < newer.length; n += 20)
      await Promise.all(
        newer.slice(n, n + 20).map(async (it) => {
          await store.createCampaign(it, null, NOW);
          const move = { from: ['scheduled'], to: 'cancelled', reason: null, at: NOW } as const;
          await store.moveCampaign({ id: it.id, ...move });
        }),
      );
    const byText = await found(store, { text: 'old' });
    assert.deepEqual([byText.names, byText.sizes], ['old', [0, 1]]);
    // what is open is in the first page, however old
    const open = await found(store, { states: ['scheduled', 'running'] });
    assert.deepEqual([open.names, open.sizes], ['old', [1]]);
    const closed = await found(store, { states: ['cancelled'] }, 100);
    assert.equal(new Set(closed.items.map((it) => it.id)).size, 520);
    assert.deepEqual(closed.sizes.slice(0, 5), [100, 100, 100, 100, 100]);
    assert.equal((await found(store, {}, 100)).items.length, 522);
  });

  test(`${name}: a campaign has its sums once it is closed, as its shards have counted`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 3);
    await store.freezePage(pageOf(id, [4], { last: true, skipped: 2 }));
    for (const shard of [1, 2])
      await store.freezePage(pageOf(id, [], { shard, last: true, skipped: shard }));
    const chunkId = `${id}.0.0.0`;
    await store.claimChunk(chunkId, leaseOf('mine'), NOW);
    assert.equal((await store.getCampaign(id))?.sums, undefined);
    const commit = { accepted: 2, failed: [2], skipped: [3], open: [] };
    await store.commitChunk(commitOf(chunkId, 'mine', commit));
    const campaign = (await store.getCampaign(id))!;
    assert.deepEqual(campaign.sums, { recipients: 9, accepted: 2, failed: 1, skipped: 6 });
    assert.deepEqual(campaign.sums, sumsOf(await store.counts(id)));
    assert.deepEqual((await store.listCampaigns(null, 9)).items, [campaign]);
  });
}
