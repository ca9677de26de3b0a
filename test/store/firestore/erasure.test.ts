/** What an erasure and an export read: what one device was sent, whatever else is stored. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import type { Recipient } from '../../../functions/model/chunk.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema } from '../../../functions/store/firestore/schema.ts';
import { campaignOf, finish, NOW, pageOf, person } from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { takeCosts, total } from './costs.ts';
import { emulator, openThroughProxy } from './emulated.ts';

const skip = withoutEmulators('firestore');
const DAY = 24 * 60 * 60_000;

const recipientOf = (id: string): Recipient => ({ installationId: id, token: `token-of-${id}` });

/** Ids in the order of their buckets, as a planner reads them. */
const inOrder = (ids: string[]) => ids.toSorted((a, b) => bucketOf(a) - bucketOf(b));

/** A campaign to everybody that is sent to these, in pages of this size, of so many shards. */
async function sentTo(store: Store, ids: string[], { shards = 1, size = 10, at = NOW } = {}) {
  const campaign = campaignOf({ createdAt: at });
  await store.createCampaign(campaign, null, at);
  const ranges = Array.from({ length: shards }, (_, i) => ({
    from: (BUCKETS / shards) * i,
    to: (BUCKETS / shards) * (i + 1),
  }));
  await store.startCampaign({ id: campaign.id, shards: ranges, dueAt: at, at });
  for (const [shard, { from, to }] of ranges.entries()) {
    const here = inOrder(ids).filter((id) => bucketOf(id) >= from && bucketOf(id) < to);
    const pages = Math.max(1, Math.ceil(here.length / size));
    for (let page = 0; page < pages; page++) {
      const some = here.slice(page * size, (page + 1) * size).map(recipientOf);
      const last = page === pages - 1;
      const frozen = pageOf(campaign.id, some.length > 0 ? [some.length] : [], {
        shard,
        page,
        last,
      });
      for (const chunk of frozen.chunks) chunk.recipients = some;
      await store.freezePage(frozen);
      for (const chunk of frozen.chunks) await finish(store, chunk.id, at);
    }
  }
  assert.equal((await store.getCampaign(campaign.id))?.state, 'completed');
  return campaign.id;
}

const everybody = Array.from({ length: 400 }, (_, i) => `device-${i}`);
const others = everybody.slice(1);

test('a device is found in a campaign of many pages by a few reads', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  const ids = [
    await sentTo(store, everybody, { size: 10 }),
    await sentTo(store, everybody, { shards: 4, size: 5 }),
  ];
  takeCosts(proxy);
  const records = (await Array.fromAsync(store.readUser('ada'))).flat();
  const costs = takeCosts(proxy);
  assert.deepEqual(
    records.flatMap((it) => (it.kind === 'recipient' ? it.campaignId : [])).toSorted(),
    ids.toSorted(),
  );
  // of 40 and 80 pages
  assert.equal(costs.reads.shards, 2);
  assert.ok(costs.reads.recipients! <= 12, `${costs.reads.recipients} pages`);
  assert.equal(costs.reads.chunks, 2, 'those that have the device');
  t.diagnostic(`${costs.reads.recipients} of 120 pages`);
  const erased = await store.eraseUser('ada', NOW);
  assert.deepEqual([erased.installations, erased.recipients], [1, 2]);
  assert.deepEqual(await Array.fromAsync(store.readUser('ada')), []);
  for (const id of ids) assert.equal((await store.counts(id)).recipients, everybody.length);
});

test('each device is found, wherever it lies in its shard', { skip }, async (t) => {
  const { store } = await openThroughProxy(t);
  const some = inOrder(everybody.slice(0, 60));
  const users = some.map((id, i) => person(id, { userId: `user-${i}` }));
  await store.putInstallations(users);
  const id = await sentTo(store, some, { shards: 2, size: 4 });
  for (const { userId } of users) {
    const records = (await Array.fromAsync(store.readUser(userId!))).flat();
    assert.deepEqual(
      records.filter((it) => it.kind === 'recipient').map((it) => it.campaignId),
      [id],
      userId,
    );
  }
});

test('campaigns of past years cost nothing, and each recent one a few reads', {
  skip,
}, async (t) => {
  const project = freshProject();
  const clock = { now: NOW - 60 * DAY };
  const options = { project, now: () => clock.now };
  const { store, proxy } = await openThroughProxy(t, options);
  const some = others.slice(0, 20);
  for (let i = 0; i < 30; i++) await sentTo(store, some, { at: clock.now });
  clock.now = NOW;
  const recent = 10;
  for (let i = 0; i < recent; i++) await sentTo(store, some, { at: clock.now });
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  takeCosts(proxy);
  await store.eraseUser('ada', NOW);
  const { reads } = takeCosts(proxy);
  // pages end with an empty answer, and each group of days is a query
  assert.ok(reads.campaigns! <= recent + 5, `${reads.campaigns} campaigns`);
  assert.equal(reads.shards, recent);
  assert.ok(reads.recipients! <= 2 * recent, `${reads.recipients} chunks`);
  t.diagnostic(`${total(reads)} reads, ${recent} campaigns in the retention, 30 before it`);

  // as a version closed them that did not name the day
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  const { docs } = await db.collection('campaigns').get();
  await Promise.all(docs.map((it) => it.ref.update({ names: ['*'] })));
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  await store.eraseUser('ada', NOW);
  takeCosts(proxy);
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  takeCosts(proxy);
  await store.eraseUser('ada', NOW);
  const again = takeCosts(proxy).reads;
  assert.ok(again.campaigns! <= recent + 5, `${again.campaigns} campaigns once they were found`);
});

test('an erasure goes on where its last call has ended, until nothing is left', {
  skip,
}, async (t) => {
  const { store } = await openThroughProxy(t, { erasureSlice: 3 });
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  const some = everybody.slice(0, 12);
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) ids.push(await sentTo(store, some));
  const named = campaignOf({ audience: { userIds: ['ada'] } });
  await store.createCampaign(named, null, NOW);
  const first = await store.eraseUser('ada', NOW);
  assert.deepEqual([first.installations, first.recipients < 7], [1, true]);
  let [calls, recipients] = [1, first.recipients];
  for (let { next } = first; next !== null; calls++) {
    // a step may be repeated
    if (calls === 2) recipients += (await store.eraseUser('ada', NOW, next)).recipients;
    const erased = await store.eraseUser('ada', NOW, next);
    recipients += erased.recipients;
    next = erased.next;
  }
  assert.equal(recipients, 7);
  assert.ok(calls >= 3, `${calls} calls`);
  assert.deepEqual(await Array.fromAsync(store.readUser('ada')), []);
  assert.deepEqual((await store.getCampaign(named.id))?.audience, { userIds: [''] });
  for (const id of ids) assert.equal((await store.counts(id)).recipients, some.length);
});

test('campaigns that a device was not sent cost two small reads each, in few calls', {
  skip,
}, async (t) => {
  const project = freshProject();
  const { store, proxy } = await openThroughProxy(t, { project });
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  const id = await sentTo(store, others.slice(0, 20));
  // the same again and again: only the names differ
  const copies = 600;
  const schema = createSchema(db);
  const documentsOf = (campaignId: string) => [
    schema.campaign(campaignId),
    schema.shard(campaignId, 0),
    ...[0, 1].map((page) => schema.recipients(`${campaignId}.0.${page}.0`)),
  ];
  const found = await db.getAll(...documentsOf(id));
  const writer = db.bulkWriter();
  for (let i = 0; i < copies; i++)
    for (const [at, ref] of documentsOf(`copy-${i}`).entries()) {
      const ofCopy = found[at]!.get('campaignId') === undefined ? {} : { campaignId: `copy-${i}` };
      void writer.create(ref, { ...found[at]!.data(), ...ofCopy });
    }
  await writer.close();
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  takeCosts(proxy);
  const before = proxy.calls.length;
  await store.eraseUser('ada', NOW);
  const calls = proxy.calls.length - before;
  const { reads } = takeCosts(proxy);
  // an empty answer is billed as a read
  assert.ok(reads.campaigns! <= copies + 6, `${reads.campaigns} campaigns`);
  assert.equal(reads.shards, copies + 1);
  assert.ok(reads.recipients! <= 2.2 * copies, `${reads.recipients} lists`);
  assert.equal(reads.chunks ?? 0, 0);
  assert.ok(calls < copies / 4, `${calls} calls`);
  t.diagnostic(`${total(reads)} reads in ${calls} calls for ${copies + 1} campaigns`);
});
