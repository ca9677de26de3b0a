/** What has expired is gone for everybody, whenever and in whatever order Firestore deletes it. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Campaign } from '../../../functions/model/campaign.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import {
  allFailures,
  campaignOf,
  EVERYBODY,
  finish,
  lonelyChunk,
  MINUTE,
  NOW,
  pageOf,
  person,
} from '../../contracts/store-fixture.ts';
import { messageOf, sentMessage } from '../../contracts/store-messages.ts';
import { failed, trigger } from '../../contracts/store-triggers.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openStore } from './emulated.ts';

const skip = withoutEmulators('firestore');
const DAY = 24 * 60 * MINUTE;
const once = (key: string, requestHash = 'hash') => ({ key, requestHash });

/** A store, its clock, and what Firestore's TTL does to a collection: it deletes what has expired. */
function openExpiring(t: TestContext) {
  const clock = { now: NOW };
  const project = freshProject();
  const store = openStore(t, undefined, { project, now: () => clock.now });
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  async function expire(collection: string) {
    const { docs } = await db.collection(collection).get();
    const over = docs.filter((it) => it.get('expireAt')?.toMillis() <= clock.now);
    await Promise.all(over.map((it) => it.ref.delete()));
    return over.length;
  }
  return { store, clock, expire };
}

/** A campaign to one user, whose only recipient failed; closed now. */
async function closed(store: ReturnType<typeof openStore>, key: string) {
  const campaign = campaignOf({ audience: { userIds: ['u'] } });
  const page = pageOf(campaign.id, [1], { last: true });
  await store.createCampaign(campaign, once(key), NOW);
  await store.startCampaign({ id: campaign.id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  await store.freezePage(page);
  const { id: chunkId } = page.chunks[0]!;
  await finish(store, chunkId, NOW, [0]);
  assert.equal((await store.getCampaign(campaign.id))?.state, 'completed');
  return campaign;
}

test('a key is free again when its campaign is gone, though its record is there', {
  skip,
}, async (t) => {
  const { store, clock, expire } = openExpiring(t);
  await closed(store, 'k');
  await closed(store, 'l');
  clock.now = NOW + 31 * DAY;
  // both are there, and have expired
  assert.equal(await store.findCampaign('default', once('k')), null);
  const second = campaignOf({ createdAt: clock.now });
  assert.equal((await store.createCampaign(second, once('k', 'other'), clock.now)).kind, 'created');
  // with what the second key was used for
  assert.equal(await expire('campaigns'), 3);
  const third = campaignOf({ createdAt: clock.now });
  assert.equal((await store.createCampaign(third, once('l'), clock.now)).kind, 'created');
  // and what is new counts
  for (const [key, hash, id] of [
    ['k', 'other', second.id],
    ['l', 'hash', third.id],
  ] as const) {
    const again = await store.createCampaign(campaignOf(), once(key, hash), clock.now);
    assert.ok(again.kind === 'exists' && again.campaign.id === id, key);
  }
});

test('of many that use a key at the same time whose campaign is gone, one is created', {
  skip,
}, async (t) => {
  const { store, clock, expire } = openExpiring(t);
  await closed(store, 'k');
  clock.now = NOW + 31 * DAY;
  await expire('campaigns');
  const all = await Promise.all(
    Array.from({ length: 6 }, () =>
      store.createCampaign(campaignOf({ createdAt: clock.now }), once('k'), clock.now),
    ),
  );
  assert.equal(all.filter((it) => it.kind === 'created').length, 1);
  assert.equal(all.filter((it) => it.kind === 'exists').length, 5);
});

test('a campaign that has expired is there in no part', { skip }, async (t) => {
  const { store, clock, expire } = openExpiring(t);
  const { id } = await closed(store, 'k');
  assert.equal((await allFailures(store, id)).length, 1);
  assert.ok((await store.timeline(id, 0)).length > 0);
  clock.now = NOW + 31 * DAY;
  // what would be counted in it is deleted first
  assert.equal(await expire('shards'), 1);
  assert.equal(await store.getCampaign(id), null);
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  assert.deepEqual(await allFailures(store, id), []);
  assert.deepEqual(await store.timeline(id, 0), []);
  assert.deepEqual(await store.history(id), []);
});

test('a campaign to everybody outlives what is known of its recipients', { skip }, async (t) => {
  const { store, clock } = openExpiring(t);
  const { campaignId, chunkId } = await lonelyChunk(store, 2);
  await finish(store, chunkId, NOW, [0]);
  clock.now = NOW + 31 * DAY;
  assert.equal((await store.getCampaign(campaignId))?.state, 'completed');
  assert.equal((await store.counts(campaignId)).failed, 1);
  assert.deepEqual(await allFailures(store, campaignId), []);
});

test('what a run has seen may be deleted at any time after a week, and no installation goes', {
  skip,
}, async (t) => {
  const { store, clock, expire } = openExpiring(t);
  const row = (id: string) => ({ ...person(id), refreshedAt: NOW - DAY });
  await store.importInstallations([row('a'), row('b')], { run: 'r', now: NOW });
  clock.now = NOW + 7 * DAY;
  assert.equal(await expire('seen'), 0, 'all there while it may be pruned after');
  assert.deepEqual((await store.pruneInstallations('default', 'r', null, true))?.found, 0);
  clock.now = NOW + 20 * DAY;
  assert.ok((await expire('seen')) > 0);
  await expire('imports');
  await store.importInstallations([row('b')], { run: 'r', now: clock.now });
  assert.equal(await store.pruneInstallations('default', 'r', null, false), null);
  assert.ok(await store.getInstallation('default', 'a'));
});

test('a ping that failed again after its time is kept anew', { skip }, async (t) => {
  const { store, clock } = openExpiring(t);
  await store.putTrigger(trigger('orders'));
  await store.putFailedPing(failed('orders', 'one'));
  clock.now = NOW + 31 * DAY;
  assert.equal(await store.getFailedPing('orders', 'one'), null);
  assert.deepEqual((await store.listFailedPings('orders', null, 10)).items, []);
  const again = failed('orders', 'one', clock.now);
  await store.putFailedPing(again);
  assert.deepEqual(await store.getFailedPing('orders', 'one'), again);
});

test('a message expires with its key, which is free again though the document is there', {
  skip,
}, async (t) => {
  const { store, clock, expire } = openExpiring(t);
  const first = await store.createMessage(messageOf('one'), once('k'));
  assert.ok(first.kind === 'created');
  assert.equal((await store.closeMessage(sentMessage(first.campaign, [1])))?.counts.accepted, 1);
  clock.now = NOW + 31 * DAY;
  assert.equal(await store.getCampaign(first.campaign.id), null);
  assert.equal(await store.findCampaign('default', once('k')), null);
  const again = await store.createMessage(
    messageOf('two', { createdAt: clock.now, sending: { by: 'two', until: clock.now + 1 } }),
    once('k', 'other'),
  );
  assert.ok(again.kind === 'created');
  assert.equal((await store.getCampaign(again.campaign.id))?.state, 'accepted');
  assert.equal((await store.counts(again.campaign.id)).accepted, 0);
  const sent = sentMessage(again.campaign, [2], () => ({}), { now: clock.now });
  assert.equal((await store.closeMessage(sent))?.counts.accepted, 2);
  assert.equal(await expire('campaigns'), 0);
  // and a campaign that took the key of an expired message
  await store.createMessage(messageOf('three'), once('l'));
  const { campaign } = (await store.createMessage(messageOf('four'), once('m'))) as {
    campaign: Campaign;
  };
  await store.closeMessage(sentMessage(campaign, [1]));
  clock.now += 31 * DAY;
  const late = campaignOf({ createdAt: clock.now });
  assert.equal((await store.createCampaign(late, once('m'), clock.now)).kind, 'created');
  const message = await store.createMessage(messageOf('five'), once('m'));
  assert.ok(message.kind === 'exists' && message.campaign.id === late.id);
  // one that is open does not expire
  assert.equal((await store.createMessage(messageOf('six'), once('l'))).kind, 'exists');
});
