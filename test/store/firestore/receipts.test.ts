/** Receipts on Firestore: what they cost, no hot documents, and exact counts although processes die. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { chunked } from '../../../functions/lib/chunked.ts';
import { RECEIPT_DOCUMENTS } from '../../../functions/model/cost/documents.ts';
import { prices } from '../../../functions/model/cost/prices.ts';
import { takeReceipts } from '../../../functions/pipeline/inbound/receipts.ts';
import type { Ports, Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema } from '../../../functions/store/firestore/schema.ts';
import { MINUTE, NOW, pageOf, person, running } from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { contended } from './contention.ts';
import { takeCosts, total } from './costs.ts';
import { emulator, openStore, openThroughProxy } from './emulated.ts';
import type { FirestoreProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');
const DAY = 24 * 60 * MINUTE;
const receipts = { delivered: 1 };
const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `phone-${i}`);

async function sent(store: Store, ids: string[], shards: number) {
  await store.putInstallations(ids.map((id) => person(id)));
  return (await store.getCampaign(await running(store, shards, { receipts })))!;
}

type Sent = Awaited<ReturnType<typeof sent>>;

const open = (store: Store, campaign: Sent, ids: string[], isTold = false, now = NOW) =>
  store.addReceipts({
    campaign,
    receipts: ids.map((installationId) => ({ installationId, kind: 'opened', at: now })),
    now,
    isTold,
  });

const usdOf = (reads: number, writes: number) =>
  (reads * prices.read.usd) / prices.read.per + (writes * prices.write.usd) / prices.write.per;

test('5 % opens of a million cost at most 8 cents', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const ids = idsOf(1_000);
  // a million is 16 shards
  const campaign = await sent(store, ids, 16);
  takeCosts(proxy);
  // 160 a second: all would be there after 5 minutes
  for (const some of chunked(ids, 40))
    await Promise.all(some.map((id) => open(store, campaign, [id])));
  const { reads, writes, deletes } = takeCosts(proxy);
  assert.deepEqual(Object.keys(reads).sort(), ['installations', 'receiptSets']);
  assert.equal(reads.installations, 1_000, 'one read of an installation');
  const [read, written] = [total(reads) / 1_000, total(writes) / 1_000];
  assert.equal(total(deletes), 0);
  // the estimate is for receipts that come one by one
  assert.ok(read <= RECEIPT_DOCUMENTS.reads && read > 0.9 * RECEIPT_DOCUMENTS.reads, `${read}`);
  assert.ok(written <= RECEIPT_DOCUMENTS.writes && written > 0.9, `${written}`);
  const usd = 50_000 * usdOf(read, written);
  t.diagnostic(`${usd.toFixed(4)} USD`);
  assert.ok(usd <= 0.08, `${usd}`);
  assert.equal((await store.receiptCounts(campaign.id)).opened, 1_000);
});

test('5 % opens of a million over a day cost at most 8 cents', { skip }, async (t) => {
  const clock = { now: NOW };
  const now = () => clock.now;
  const { store, proxy } = await openThroughProxy(t, { now, monotonic: now });
  const ids = idsOf(200);
  const campaign = await sent(store, ids, 16);
  const ports = { store, now } as Ports;
  takeCosts(proxy);
  for (const installationId of ids) {
    clock.now += DAY / 50_000;
    const claim = { installationId, campaignId: campaign.id, kind: 'opened', at: now() } as const;
    const taken = await takeReceipts(ports, [claim], 'default');
    assert.deepEqual(taken, { counted: 1, known: 0, dropped: 0 });
  }
  const { reads, writes } = takeCosts(proxy);
  const usd = 50_000 * usdOf(total(reads) / ids.length, total(writes) / ids.length);
  t.diagnostic(`${usd.toFixed(4)} USD: ${JSON.stringify(reads)}`);
  assert.ok(usd <= 0.08, `${usd}`);
});

test('a group of receipts writes each set once, so no document is hot', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const ids = idsOf(400);
  const campaign = await sent(store, ids, 1);
  const seen = contended(proxy, () => NOW);
  const doubled = [...ids, ...ids.toReversed()];
  const results = await Promise.all(doubled.map((id) => open(store, campaign, [id], true)));
  assert.equal(results.filter(([it]) => it === 'counted').length, 400);
  assert.equal(seen.aborted, 0);
  const sets = [...seen.written].filter(([name]) => name.includes('/receiptSets/'));
  assert.equal(sets.length, 64);
  assert.ok(sets.every(([, times]) => times === 1));
  // one mark for all of them, but a write for each that runs beside the others
  const marks = [...seen.written].filter(([name]) => name.includes('/events/'));
  assert.equal(marks.length, 1);
  assert.ok(marks[0]![1] <= 3, `${marks[0]![1]}`);
});

test('two processes that write the same sets count each installation once', { skip }, async (t) => {
  const project = freshProject();
  const [one, two] = [openStore(t, undefined, { project }), openStore(t, undefined, { project })];
  const ids = idsOf(100);
  const campaign = await sent(one, ids, 1);
  const all = [one, two].flatMap((store) => ids.map((id) => open(store, campaign, [id])));
  const results = (await Promise.all(all)).flat();
  assert.equal(results.filter((it) => it === 'counted').length, 100);
  assert.equal((await two.receiptCounts(campaign.id)).opened, 100);
});

/** The process dies at the commit with this number: before it, or when it is written and not answered. */
function mortal(proxy: FirestoreProxy, number: number, when: 'before' | 'after') {
  let commits = 0;
  const life = { dead: false };
  proxy.fault = (call) => {
    if (life.dead) return { code: status.PERMISSION_DENIED, when: 'before' };
    if (call.method !== 'Commit' || ++commits < number) return null;
    life.dead = true;
    return { code: status.PERMISSION_DENIED, when };
  };
  return life;
}

/** Calls `work` in processes that die at each of their commits in turn, until one survives. */
async function untilSurvived(
  proxy: FirestoreProxy,
  when: 'before' | 'after',
  work: () => Promise<unknown>,
) {
  let deaths = 0;
  for (let number = 1; ; number++) {
    const life = mortal(proxy, number, when);
    await work().catch((error) => {
      if (!life.dead) throw error;
    });
    proxy.fault = () => null;
    if (!life.dead) return deaths;
    deaths++;
  }
}

for (const when of ['before', 'after'] as const)
  test(`killed ${when} any write, receipts are counted once, and told`, { skip }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    const ids = idsOf(60);
    const campaign = await sent(store, ids, 1);
    let at = 0;
    // other devices each time: of those that were counted nothing is written again
    const deaths = await untilSurvived(proxy, when, () => {
      at += 12;
      return open(store, campaign, ids.slice(0, at), true);
    });
    assert.ok(deaths > 0, `${deaths} deaths`);
    await open(store, campaign, ids, true);
    assert.equal((await store.receiptCounts(campaign.id)).opened, 60);
    const later = NOW + 2 * MINUTE;
    const overdue = await store.takeOverdue(later, later + MINUTE, 100);
    assert.ok(overdue.some((it) => it.kind === 'receipts'));
    const event = await store.noteReceipts(campaign.id, later, 0);
    assert.deepEqual(event?.data.receipts, { opened: 60, delivered: 0, dismissed: 0 });
  });

async function closed(store: Store, { id }: Sent) {
  await store.freezePage(pageOf(id, [], { last: true }));
  const campaign = (await store.getCampaign(id))!;
  assert.equal(campaign.closedAt, NOW);
  return campaign;
}

for (const when of ['before', 'after'] as const)
  test(`killed ${when} any write, the end of the retention leaves the same sums`, {
    skip,
  }, async (t) => {
    const project = freshProject();
    const { store, proxy } = await openThroughProxy(t, { project, now: () => NOW + 33 * DAY });
    const ids = idsOf(40);
    const campaign = await sent(store, ids, 1);
    await open(store, campaign, ids);
    const { id } = await closed(store, campaign);
    assert.ok((await setsLeft(t, project, id)) > 20);
    await store.expire(NOW - 30 * DAY, NOW);
    const deaths = await untilSurvived(proxy, when, async () => {
      // a process of its own: what it knows dies with it
      const process = openStore(t, proxy.host, { project, now: () => NOW + 33 * DAY });
      while (await process.expire(NOW + 3 * DAY, NOW + 33 * DAY));
    });
    assert.ok(deaths >= 2, `${deaths} deaths`);
    assert.equal((await store.receiptCounts(id)).opened, 40);
    assert.equal(await setsLeft(t, project, id), 0);
  });

test('receipts that a longer retention lets in go when it ends', { skip }, async (t) => {
  const project = freshProject();
  let now = NOW + 33 * DAY;
  const at = { project, now: () => now };
  const store = openStore(t, undefined, at);
  const campaign = await closed(store, await sent(store, idsOf(3), 1));
  await store.expire(NOW - DAY, NOW + 29 * DAY);
  while (await store.expire(now - 30 * DAY, now));
  const longer = openStore(t, undefined, { ...at, retentionDays: 60 });
  await longer.expire(now - 60 * DAY, now);
  await open(longer, campaign, idsOf(3), false, now);
  assert.ok((await setsLeft(t, project, campaign.id)) > 0);
  now = NOW + 63 * DAY;
  while (await longer.expire(now - 60 * DAY, now));
  assert.equal(await setsLeft(t, project, campaign.id), 0);
});

async function setsLeft(t: TestContext, project: string, id: string) {
  const client = createClient({ project, emulator });
  t.after(() => client.close());
  const sets = createSchema(client.db).receiptSets(id, 'opened');
  return (await sets.count().get()).data().count;
}

test('looking for receipts that expire costs a process a read and a query a day', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const look = async (now: number) => {
    takeCosts(proxy);
    await store.expire(now - 30 * DAY, now);
    const { reads, writes } = takeCosts(proxy);
    return [total(reads), total(writes)];
  };
  assert.deepEqual(await look(NOW), [2, 1], 'the day that was looked at last, and this day');
  for (let minute = 1; minute < 60; minute++)
    assert.deepEqual(await look(NOW + minute * MINUTE), [0, 0]);
  assert.deepEqual(await look(NOW + DAY), [1, 1]);
});
