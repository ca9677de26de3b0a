/** The part of the store's contract that is about receipts: counted once, kept for a while, erased. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, type BucketRange, bucketOf } from '../../functions/model/bucket.ts';
import { type ReceiptKind, receiptKinds, receiptName } from '../../functions/model/receipt.ts';
import type { ReceiptsPart, Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  EVERYBODY,
  finish,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';

const DAY = 24 * 60 * MINUTE;
const receipts = { delivered: 1 };

const ids = (count: number) => Array.from({ length: count }, (_, i) => `phone-${i}`);
const opened = (id: string, at = NOW) => ({ installationId: id, kind: 'opened' as const, at });

/** A campaign that runs, to installations of the app `default` with these ids. */
async function sent(store: Store, installations: string[], rest = {}) {
  await store.putInstallations(installations.map((id) => person(id)));
  const campaignId = await running(store, 4, { receipts, ...rest });
  return (await store.getCampaign(campaignId))!;
}

type Sent = Awaited<ReturnType<typeof sent>>;

const add = (
  store: Store,
  campaign: Sent,
  all: readonly { installationId: string; kind: ReceiptKind; at: number }[],
  now = NOW,
  isTold = false,
) => store.addReceipts({ campaign, receipts: all, now, isTold });

async function partsOf(
  store: Store,
  { id }: Sent,
  kind: ReceiptKind = 'opened',
  range: BucketRange = EVERYBODY,
) {
  const parts: ReceiptsPart[] = [];
  for await (const part of store.readReceipts(id, kind, range)) {
    assert.ok(part.names.length > 0, 'no part is empty');
    assert.equal(part.names.length, part.times.length);
    parts.push(part);
  }
  return {
    names: parts.flatMap((it) => it.names),
    times: parts.flatMap((it) => it.times),
  };
}

async function known(store: Store, userId: string) {
  const all = [];
  for await (const page of store.readUser(userId)) all.push(...page);
  return all.filter((it) => it.kind === 'receipt');
}

/** Closes a campaign that has no recipients, at a time. */
async function close(store: Store, { id }: Sent, now = NOW) {
  for (const shard of [0, 1, 2, 3])
    await store.freezePage(pageOf(id, [], { shard, last: true, now }));
  const campaign = await store.getCampaign(id);
  assert.equal(campaign?.state, 'completed');
  assert.equal(campaign.closedAt, now);
  return campaign;
}

/** Deletes what has expired at that time. */
async function expireAll(store: Store, now: number) {
  for (let step = 0; await store.expire(now - 30 * DAY, now); step++)
    assert.ok(step < 1_000, 'it ends');
}

export function receiptContract(name: string, makeStore: MakeStore) {
  test(`${name}: a receipt is counted once for each campaign, kind and installation`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(3));
    const other = await sent(store, []);
    assert.deepEqual(await store.receiptCounts(campaign.id), {
      opened: 0,
      delivered: 0,
      dismissed: 0,
    });
    const all = [
      opened('phone-0'),
      opened('phone-0', NOW + 1),
      { ...opened('phone-0'), kind: 'dismissed' as const },
      opened('phone-1'),
      opened('stranger'),
      opened('phone-0', NOW - 1),
    ];
    assert.deepEqual(await add(store, campaign, all), [
      ...['counted', 'known', 'counted', 'counted', 'unknown', 'known'],
    ]);
    assert.deepEqual(await add(store, campaign, all), [
      ...['known', 'known', 'known', 'known', 'unknown', 'known'],
    ]);
    assert.deepEqual(await add(store, other, [opened('phone-2')]), ['counted']);
    assert.deepEqual(await add(store, campaign, []), []);
    assert.deepEqual(await store.receiptCounts(campaign.id), {
      opened: 2,
      delivered: 0,
      dismissed: 1,
    });
    assert.equal((await store.receiptCounts(other.id)).opened, 1);
    assert.equal((await store.receiptCounts('unheard-of')).opened, 0);
    assert.equal((await store.receiptCounts('un/heard')).opened, 0);
  });

  test(`${name}: an installation of another app is unknown`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, []);
    await store.putInstallations([person('phone', { app: 'shop' })]);
    assert.deepEqual(await add(store, campaign, [opened('phone')]), ['unknown']);
    await store.putInstallations([person('phone')]);
    assert.deepEqual(await add(store, campaign, [opened('phone')]), ['counted']);
  });

  test(`${name}: many calls at the same time, with doubles in any order, are counted exactly`, async (t) => {
    const store = await makeStore(t);
    const all = ids(300);
    const campaign = await sent(store, all);
    const calls = [...all, ...all.toReversed(), ...all.slice(100, 200)].map((id) =>
      add(store, campaign, [opened(id), { ...opened(id), kind: 'delivered' }]),
    );
    const results = (await Promise.all(calls)).flat();
    assert.equal(results.filter((it) => it === 'counted').length, 600);
    assert.equal(results.filter((it) => it === 'known').length, 800);
    assert.deepEqual(await store.receiptCounts(campaign.id), {
      opened: 300,
      delivered: 300,
      dismissed: 0,
    });
  });

  test(`${name}: receipts are read in the order of buckets, of any range, with their times`, async (t) => {
    const store = await makeStore(t);
    const all = ids(200);
    const campaign = await sent(store, all);
    const timeOf = (id: string) => NOW + 1000 * Number(id.slice(6)) + 345;
    await add(
      store,
      campaign,
      all.map((id) => opened(id, timeOf(id))),
    );
    await add(store, campaign, [{ ...opened('phone-7'), kind: 'delivered' }]);
    const sorted = all.toSorted((a, b) => (receiptName(a) < receiptName(b) ? -1 : 1));
    assert.deepEqual(await partsOf(store, campaign), {
      names: sorted.map(receiptName),
      times: sorted.map((id) => timeOf(id) - 345),
    });
    const [from, to] = [bucketOf(sorted[50]!), bucketOf(sorted[120]!)];
    const range = await partsOf(store, campaign, 'opened', { from, to });
    assert.deepEqual(range.names, sorted.slice(50, 120).map(receiptName), 'the end is excluded');
    const rest = await partsOf(store, campaign, 'opened', { from: to, to: BUCKETS });
    assert.deepEqual(rest.names, sorted.slice(120).map(receiptName));
    assert.deepEqual((await partsOf(store, campaign, 'delivered')).names, [receiptName('phone-7')]);
    assert.deepEqual((await partsOf(store, campaign, 'dismissed')).names, []);
  });

  test(`${name}: receipts never change the ledger`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(2));
    const page = pageOf(campaign.id, [2], { last: true });
    await store.freezePage(page);
    await finish(store, `${campaign.id}.0.0.0`, NOW, [1]);
    const before = await store.counts(campaign.id);
    await add(store, campaign, [opened('phone-0'), opened('phone-1'), opened('forged')]);
    assert.deepEqual(await store.counts(campaign.id), before);
    assert.equal((await store.getCampaign(campaign.id))?.state, 'running');
  });

  test(`${name}: they are counted until the retention ends; the sums stay, and never shrink`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const running = await sent(store, ids(4));
    await add(store, running, [opened('phone-0'), { ...opened('phone-1'), kind: 'dismissed' }]);
    const closed = await close(store, running);
    now = NOW + 30 * DAY - 1;
    assert.deepEqual(await add(store, closed, [opened('phone-2')], now), ['counted']);
    const sums = { opened: 2, delivered: 0, dismissed: 1 };
    assert.deepEqual(await store.receiptCounts(closed.id), sums);
    assert.equal((await partsOf(store, closed)).names.length, 2);
    now = NOW + 30 * DAY;
    assert.deepEqual(await add(store, closed, [opened('phone-3')], now), ['unknown']);
    assert.deepEqual((await partsOf(store, closed)).names, [], 'though they are not deleted yet');
    for (let day = 0; day < 3; day++) {
      now += DAY;
      await expireAll(store, now);
      assert.deepEqual(await store.receiptCounts(closed.id), sums, `day ${day}`);
    }
    assert.deepEqual(await add(store, closed, [opened('phone-0')], now), ['unknown']);
    assert.deepEqual(await store.receiptCounts(closed.id), sums);
  });

  test(`${name}: receipts of people that a campaign names are kept as long as it is, paused or not`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const all = ids(40);
    const paused = await sent(store, all, { audience: { installationIds: all } });
    await add(store, paused, [opened(all[0]!)]);
    now = NOW + 5 * DAY;
    const closed = await close(store, paused, now);
    now = NOW + 31 * DAY;
    const later = all.slice(1).map((id) => opened(id, now));
    const results = await add(store, closed, [...later, opened(all[0]!)], now);
    assert.deepEqual(results, [...later.map(() => 'counted'), 'known']);
    assert.equal((await store.receiptCounts(closed.id)).opened, 40);
    assert.equal((await partsOf(store, closed)).names.length, 40);
  });

  test(`${name}: those of a campaign that is open are kept, however long`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const campaign = await sent(store, ids(2));
    await add(store, campaign, [opened('phone-0')]);
    now = NOW + 100 * DAY;
    await expireAll(store, now);
    assert.deepEqual(await add(store, campaign, [opened('phone-0'), opened('phone-1')], now), [
      ...['known', 'counted'],
    ]);
    assert.equal((await partsOf(store, campaign)).names.length, 2);
  });

  test(`${name}: an installation that is deleted stays counted, and is unknown from then on`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(2));
    await add(store, campaign, [opened('phone-0')]);
    await store.deleteInstallation('default', 'phone-0');
    assert.deepEqual(await add(store, campaign, [opened('phone-0')]), ['unknown']);
    assert.equal((await store.receiptCounts(campaign.id)).opened, 1);
    assert.deepEqual((await partsOf(store, campaign)).names, [receiptName('phone-0')]);
  });

  test(`${name}: a user's export has their receipts, and an erasure takes them out; the sums stay`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(3));
    await store.putInstallations([
      person('phone-0', { userId: 'ada' }),
      person('phone-1', { userId: 'bob' }),
    ]);
    const named = await sent(store, [], { audience: { userIds: ['ada'] } });
    const all = receiptKinds.map((kind) => ({ ...opened('phone-0', NOW + 500), kind }));
    await add(store, campaign, [...all, opened('phone-1'), opened('phone-2')]);
    await add(store, named, [opened('phone-0')]);
    const record = (campaignId: string, receipt: ReceiptKind) => ({
      kind: 'receipt' as const,
      campaignId,
      app: 'default',
      installationId: 'phone-0',
      receipt,
      at: NOW,
    });
    const told = (await known(store, 'ada')).map((it) => JSON.stringify(it)).sort();
    const expected = [
      ...receiptKinds.map((kind) => record(campaign.id, kind)),
      record(named.id, 'opened'),
    ];
    assert.deepEqual(told, expected.map((it) => JSON.stringify(it)).sort());
    await store.eraseUser('ada', NOW);
    assert.deepEqual(await known(store, 'ada'), []);
    assert.equal((await known(store, 'bob')).length, 1);
    const others = ['phone-1', 'phone-2'].map(receiptName).sort();
    assert.deepEqual((await partsOf(store, campaign)).names, others);
    assert.deepEqual((await partsOf(store, campaign, 'dismissed')).names, []);
    assert.deepEqual((await partsOf(store, named)).names, []);
    assert.deepEqual(await store.receiptCounts(campaign.id), {
      opened: 3,
      delivered: 1,
      dismissed: 1,
    });
    assert.deepEqual(await add(store, campaign, all), ['unknown', 'unknown', 'unknown']);
  });

  test(`${name}: receipts while a user is erased leave nothing behind`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(30));
    await store.putInstallations(ids(20).map((id) => person(id, { userId: 'ada' })));
    const adding = ids(30).map((id) => add(store, campaign, [opened(id)]));
    await store.eraseUser('ada', NOW);
    await Promise.all(adding);
    const left = new Set((await partsOf(store, campaign)).names);
    for (const id of ids(20)) assert.ok(!left.has(receiptName(id)), id);
    assert.equal(left.size, 10);
  });

  test(`${name}: what a device told while it was another user's is that user's`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, []);
    await store.putInstallations([person('phone', { userId: 'ada' })]);
    await add(store, campaign, [opened('phone', NOW - DAY)]);
    await store.putInstallations([person('phone', { userId: 'bob' })]);
    const later = Math.max(NOW, Date.now()) + DAY;
    await add(store, campaign, [{ ...opened('phone', later), kind: 'dismissed' }]);
    const told = async (userId: string) => (await known(store, userId)).map((it) => it.receipt);
    assert.deepEqual(await told('ada'), ['opened']);
    assert.deepEqual(await told('bob'), ['dismissed']);
    await store.eraseUser('ada', NOW);
    assert.deepEqual((await partsOf(store, campaign)).names, []);
    assert.deepEqual(await told('bob'), ['dismissed']);
  });

  test(`${name}: counts are told once every few seconds, and after the last receipt`, async (t) => {
    const store = await makeStore(t);
    const campaign = await sent(store, ids(4));
    await add(store, campaign, [opened('phone-0')], NOW, true);
    const first = await store.noteReceipts(campaign.id, NOW, 5_000);
    assert.equal(first?.type, 'campaign.receipts');
    assert.deepEqual(first.data.receipts, { opened: 1, delivered: 0, dismissed: 0 });
    assert.deepEqual(
      (await store.unpublished(campaign.id)).filter((it) => it.type === 'campaign.receipts'),
      [first],
    );
    await store.published([first]);
    const later = NOW + 2_000;
    await add(store, campaign, [opened('phone-1')], later, true);
    assert.equal(await store.noteReceipts(campaign.id, later, 5_000), null, 'it was just told');
    const due = async (at: number) =>
      (await store.takeOverdue(at, at + 15 * MINUTE, 100)).filter((it) => it.kind === 'receipts');
    assert.deepEqual(await due(later), []);
    const last = later + 2 * MINUTE;
    assert.deepEqual(
      (await due(last)).map((it) => it.campaignId),
      [campaign.id],
    );
    const second = await store.noteReceipts(campaign.id, last, 0);
    assert.deepEqual(second?.data.receipts, { opened: 2, delivered: 0, dismissed: 0 });
    await store.published([second]);
    assert.deepEqual(await due(last + DAY), [], 'nothing is left to be told');
    assert.equal(await store.noteReceipts(campaign.id, last, 0), null);
    await add(store, campaign, [opened('phone-1')], last, true);
    assert.deepEqual(await due(last + DAY), [], 'a repeat is nothing new');
    await add(store, campaign, [opened('phone-2')], last, false);
    assert.deepEqual(await due(last + DAY), [], 'it is not wanted');
    assert.deepEqual(
      (await store.timeline(campaign.id, 0)).map((it) => it.event.type),
      ['campaign.accepted', 'campaign.started'],
      'it is no part of the timeline',
    );
  });

  test(`${name}: those of a campaign that has gone are forgotten`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('phone')]);
    const gone = campaignOf({ receipts, shards: 1, state: 'completed', closedAt: NOW - 31 * DAY });
    assert.deepEqual(await add(store, gone, [opened('phone')]), ['unknown']);
    assert.deepEqual((await partsOf(store, gone)).names, []);
    assert.equal(await store.noteReceipts(gone.id, NOW, 0), null);
  });
}
