/** The part of the store's contract that is about events: the outbox, and a campaign's timeline. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignEvent } from '../../functions/model/event.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  claimed,
  commitOf,
  EVERYBODY,
  finish,
  leaseOf,
  lonelyChunk,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  running,
} from './store-fixture.ts';

const typesOf = (events: CampaignEvent[]) => events.map((it) => it.type.replace('campaign.', ''));
const courseOf = async (store: Store, id: string) =>
  (await store.timeline(id, 0)).map(({ seq, event }) => [seq, event.type.replace('campaign.', '')]);

const aboutChunk = (campaignId: string, n: number): CampaignEvent => ({
  id: `of-a-chunk-${n}`,
  type: 'push.failed',
  subject: campaignId,
  app: 'default',
  at: NOW,
  data: { failures: [{ reason: 'Zoë' }] },
});

export function eventContract(name: string, makeStore: MakeStore) {
  test(`${name}: what happens to a campaign is in the outbox, in order, and stays in its timeline`, async (t) => {
    const store = await makeStore(t);
    const campaign = campaignOf({ name: 'Zoë "✓"' });
    const { id } = campaign;
    await store.createCampaign(campaign, { key: 'k', requestHash: 'h' }, NOW + MINUTE);
    // asked again, it is no other event
    await store.createCampaign(campaignOf(), { key: 'k', requestHash: 'h' }, NOW + MINUTE);
    await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW + MINUTE, at: NOW + 1 });
    await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW + MINUTE, at: NOW + 2 });
    await store.moveCampaign({
      id,
      from: ['running'],
      to: 'paused',
      reason: 'a key is wrong',
      at: NOW + 3,
    });
    await store.moveCampaign({
      id,
      from: ['running'],
      to: 'paused',
      reason: 'there is nothing to pause',
      at: NOW + 4,
    });
    await store.moveCampaign({ id, from: ['paused'], to: 'running', reason: null, at: NOW + 5 });
    await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'again', at: NOW + 6 });
    await store.moveCampaign({ id, from: ['paused'], to: 'running', reason: null, at: NOW + 7 });
    await store.freezePage(pageOf(id, [2], { last: true }));
    await finish(store, `${id}.0.0.0`, NOW + 8);

    const told = await store.unpublished(id);
    const timeline = ['accepted', 'started', 'paused', 'paused', 'completed'];
    assert.deepEqual(typesOf(told), timeline);
    assert.deepEqual(
      told.map((it) => it.at - NOW),
      [0, 1, 3, 6, 8],
    );
    assert.equal(new Set(told.map((it) => it.id)).size, 5);
    for (const it of told) {
      assert.deepEqual([it.subject, it.app], [id, 'default']);
      assert.doesNotMatch(it.id, /\./, 'it is signed beside full stops');
    }
    const [, , paused, , completed] = told;
    assert.deepEqual(paused?.data, {
      campaign: {
        id,
        app: 'default',
        name: 'Zoë "✓"',
        state: 'paused',
        reason: 'a key is wrong',
        createdAt: new Date(NOW).toISOString(),
      },
    });
    assert.deepEqual(completed?.data.counts, {
      recipients: 2,
      accepted: 2,
      failed: 0,
      skipped: 0,
      pending: 0,
    });

    await store.published(told.slice(0, 2));
    assert.deepEqual(await store.unpublished(id), told.slice(2));
    await store.published(told);
    await store.published(told);
    assert.deepEqual(await store.unpublished(id), []);
    const all = await store.timeline(id, 0);
    assert.deepEqual(
      all.map((it) => it.event),
      told,
    );
    assert.deepEqual(
      all.map((it) => it.seq),
      [1, 2, 3, 4, 5],
    );
    assert.deepEqual(await store.timeline(id, 3), all.slice(3));
    assert.deepEqual(await store.timeline('nothing', 0), []);
    assert.deepEqual(await store.unpublished('nothing'), []);
  });

  test(`${name}: one whose every recipient failed has failed; a cancelled one has not`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await lonelyChunk(store, 2);
    await finish(store, chunkId, NOW, [0, 1]);
    assert.deepEqual(await courseOf(store, campaignId), [
      ...[[1, 'accepted'] as const, [2, 'started'] as const],
      [3, 'failed'],
    ]);
    const [, , failed] = await store.unpublished(campaignId);
    assert.deepEqual(failed?.data.reasons, [{ reason: 'INVALID_ARGUMENT', count: 2 }]);

    const cancelled = await running(store);
    await store.moveCampaign({ id: cancelled, from: ['running'], to: 'cancelling', reason: null });
    await store.freezePage(pageOf(cancelled, [], { skipped: 5, last: true }));
    assert.deepEqual((await courseOf(store, cancelled)).at(-1), [3, 'completed']);

    const empty = await running(store);
    await store.freezePage(pageOf(empty, [], { last: true }));
    assert.deepEqual((await courseOf(store, empty)).at(-1), [3, 'completed']);
  });

  test(`${name}: an event that is not published is overdue a minute later, once`, async (t) => {
    const store = await makeStore(t);
    const campaign = campaignOf();
    await store.createCampaign(campaign, null, NOW + 60 * MINUTE);
    const before = NOW + MINUTE - 1;
    assert.deepEqual(await store.takeOverdue(before, NOW + 9 * MINUTE, 10), []);
    const overdue = await store.takeOverdue(NOW + MINUTE, NOW + 9 * MINUTE, 10);
    const [event] = await store.unpublished(campaign.id);
    assert.deepEqual(overdue, [{ kind: 'event', event, dueAt: NOW + MINUTE }]);
    assert.deepEqual(await store.takeOverdue(NOW + MINUTE, NOW + 9 * MINUTE, 10), []);
    assert.equal((await store.takeOverdue(NOW + 9 * MINUTE, NOW + 10 * MINUTE, 10)).length, 1);
    await store.published([event!]);
    assert.deepEqual(await store.takeOverdue(NOW + 20 * MINUTE, NOW + 30 * MINUTE, 10), []);
  });

  test(`${name}: a chunk's events are stored with its commit, or not at all, and go when they are out`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await lonelyChunk(store, 3);
    await store.published(await store.unpublished(campaignId));
    claimed(await store.claimChunk(chunkId, leaseOf('a'), NOW));
    const events = [aboutChunk(campaignId, 1), aboutChunk(campaignId, 2)];
    const lost = commitOf(chunkId, 'not mine', { failed: [0], open: [1, 2], events });
    assert.equal((await store.commitChunk(lost)).kind, 'fenced');
    assert.deepEqual(await store.unpublished(campaignId), []);
    await store.commitChunk(commitOf(chunkId, 'a', { failed: [0], open: [1, 2], events }));
    const told = await store.unpublished(campaignId);
    assert.deepEqual(
      told.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      events,
    );
    await store.published(told);
    assert.deepEqual(await store.unpublished(campaignId), []);
    assert.equal(
      (await store.timeline(campaignId, 0)).length,
      2,
      'they are no part of its timeline',
    );
  });

  test(`${name}: progress is told by one of many, not again within a time, and while it runs`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await lonelyChunk(store, 3);
    claimed(await store.claimChunk(chunkId, leaseOf('a'), NOW));
    await store.commitChunk(
      commitOf(chunkId, 'a', { accepted: 1, open: [1, 2], lease: { keep: leaseOf('b') } }),
    );
    const all = await Promise.all(
      Array.from({ length: 5 }, () => store.noteProgress(campaignId, NOW, 5000)),
    );
    const told = all.filter((it) => it !== null);
    assert.equal(told.length, 1);
    assert.deepEqual(told[0]?.data.counts, {
      recipients: 3,
      accepted: 1,
      failed: 0,
      skipped: 0,
      pending: 2,
    });
    assert.ok((await store.unpublished(campaignId)).some((it) => it.id === told[0]!.id));
    await store.published(told);
    assert.equal(await store.noteProgress(campaignId, NOW + 4999, 5000), null);
    const next = await store.noteProgress(campaignId, NOW + 5000, 5000);
    assert.ok(next && next.id !== told[0]!.id);
    assert.equal((await store.timeline(campaignId, 0)).length, 2);
    await store.moveCampaign({
      id: campaignId,
      from: ['running'],
      to: 'paused',
      reason: 'why',
      at: NOW,
    });
    assert.equal(await store.noteProgress(campaignId, NOW + 99_999, 5000), null);
    assert.equal(await store.noteProgress('nothing', NOW, 5000), null);
  });
}
