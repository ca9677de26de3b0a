/** The part of the store's contract that finds one device in what a campaign has frozen. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import { unregisteredId } from '../../functions/model/installation.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  claimed,
  commitOf,
  finish,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';
import { created, messageOf, sentMessage } from './store-messages.ts';

const DAY = 24 * 60 * MINUTE;

const inOrder = (ids: string[]) => ids.toSorted((a, b) => bucketOf(a) - bucketOf(b));

/** The device as the store looks for it. */
const sought = (id: string, { token = null, userId = null } = {} as Names) => ({
  installationId: id,
  token,
  userId,
});
interface Names {
  token?: string | null;
  userId?: string | null;
}

async function find(store: Store, campaignId: string, id: string, names: Names = {}) {
  const found = await store.findRecipient(
    (await store.getCampaign(campaignId))!,
    sought(id, names),
  );
  return { ...found, places: found.recipients.map((it) => `${it.chunkId} ${it.index}`) };
}

/** Freezes pages of these ids, `size` at a time, in a shard; of two providers in turn. */
async function freeze(
  store: Store,
  campaignId: string,
  ids: string[],
  { shard = 0, size = ids.length, now = NOW } = {},
) {
  const pages = Math.max(1, Math.ceil(ids.length / size));
  for (let page = 0; page < pages; page++) {
    const here = ids.slice(page * size, (page + 1) * size);
    const parts = [here.filter((_, i) => i % 2 === 0), here.filter((_, i) => i % 2 === 1)];
    const some = parts.filter((it) => it.length > 0);
    const last = page === pages - 1;
    const frozen = pageOf(
      campaignId,
      some.map((it) => it.length),
      { shard, page, last, now },
    );
    for (const [i, chunk] of frozen.chunks.entries())
      chunk.recipients = some[i]!.map((id) => ({ installationId: id, token: `token-of-${id}` }));
    await store.freezePage(frozen);
  }
}

export function recipientContract(name: string, makeStore: MakeStore) {
  test(`${name}: a recipient is found with what became of it, from its freeze to its outcome`, async (t) => {
    const store = await makeStore(t);
    const campaignId = await running(store, 1, { createdAt: NOW - MINUTE });
    assert.deepEqual(await find(store, campaignId, 'a'), {
      shards: [{ index: 0, from: 0, to: BUCKETS, cursor: null, planned: false, plannedAt: null }],
      recipients: [],
      complete: true,
      places: [],
    });
    const page = pageOf(campaignId, [4], { last: true, now: NOW - 10 });
    page.chunks[0]!.recipients = ['a', 'b', 'c', 'd'].map((id) => ({
      installationId: id,
      token: `token-of-${id}`,
    }));
    await store.freezePage(page);
    const chunkId = page.chunks[0]!.id;
    const { notBefore, expiresAt } = page.chunks[0]!;
    const frozen = {
      chunkId,
      shard: 0,
      index: 1,
      size: 4,
      provider: 'fcm',
      environment: 'production',
      attempt: 0,
      notBefore,
      expiresAt,
      state: 'open',
      frozenAt: NOW - 10,
      claimedAt: null,
      releasedAt: null,
      leaseUntil: null,
      failure: null,
    };
    const { shards, recipients } = await find(store, campaignId, 'b');
    assert.deepEqual(recipients, [frozen]);
    assert.deepEqual(
      shards.map((it) => [it.planned, it.plannedAt]),
      [[true, NOW - 10]],
    );

    claimed(await store.claimChunk(chunkId, leaseOf('one', NOW + MINUTE), NOW));
    const sent = { ...frozen, attempt: 1, claimedAt: NOW };
    assert.deepEqual((await find(store, campaignId, 'b')).recipients, [
      { ...sent, leaseUntil: NOW + MINUTE },
    ]);
    const released = commitOf(chunkId, 'one', {
      accepted: 1,
      failed: [1],
      open: [2, 3],
      inDoubt: [3],
      now: NOW + 5,
    });
    released.lease = { release: true, notBefore: NOW + 7, stalled: 0 };
    Object.assign(released.failures[0]!, {
      installationId: 'b',
      token: 'token-of-b',
      detail: 'its own words',
      outcome: 'unregistered',
      reason: 'UNREGISTERED',
      at: NOW + 3,
    });
    await store.commitChunk(released);
    const after = { ...sent, releasedAt: NOW + 5, notBefore: NOW + 7 };
    const states = async () =>
      Promise.all(
        ['a', 'b', 'c', 'd'].map(
          async (id) => (await find(store, campaignId, id)).recipients[0]?.state,
        ),
      );
    assert.deepEqual(await states(), ['accepted', 'unregistered', 'open', 'in-doubt']);
    const [failed] = (await find(store, campaignId, 'b')).recipients;
    assert.deepEqual(
      { ...failed, failure: { ...failed!.failure } },
      {
        ...after,
        state: 'unregistered',
        failure: {
          campaignId,
          chunkId,
          index: 1,
          provider: 'fcm',
          installationId: 'b',
          token: 'token-of-b',
          outcome: 'unregistered',
          reason: 'UNREGISTERED',
          detail: 'its own words',
          attempts: 1,
          at: NOW + 3,
        },
      },
    );
    claimed(await store.claimChunk(chunkId, leaseOf('two'), NOW + 7));
    await store.commitChunk(
      commitOf(chunkId, 'two', { accepted: 1, skipped: [3], open: [], now: NOW + 9 }),
    );
    assert.deepEqual(await states(), ['accepted', 'unregistered', 'accepted', 'skipped']);
    const [last] = (await find(store, campaignId, 'c')).recipients;
    assert.deepEqual(
      [last!.attempt, last!.claimedAt, last!.releasedAt, last!.leaseUntil],
      [2, NOW + 7, NOW + 9, null],
    );
    assert.equal(last!.failure, null);
    assert.deepEqual((await find(store, campaignId, 'e')).recipients, []);
  });

  test(`${name}: each device is found in its shard, wherever it lies, and no other is`, async (t) => {
    const store = await makeStore(t);
    const campaignId = await running(store, 3);
    const ids = inOrder(Array.from({ length: 40 }, (_, i) => `device-${i}`));
    const shardOf = (id: string) => Math.min(2, Math.floor(bucketOf(id) / Math.floor(BUCKETS / 3)));
    for (const shard of [0, 1, 2])
      await freeze(
        store,
        campaignId,
        ids.filter((id) => shardOf(id) === shard),
        { shard, size: 5 },
      );
    for (const id of ids) {
      const { shards, recipients, complete } = await find(store, campaignId, id);
      assert.deepEqual([shards.map((it) => it.index), complete], [[shardOf(id)], true], id);
      assert.deepEqual(
        recipients.map((it) => it.shard),
        [shardOf(id)],
      );
    }
    const found = await Promise.all(ids.map((id) => find(store, campaignId, id)));
    assert.equal(new Set(found.map((it) => it.places.join())).size, ids.length);
    for (const id of ['device-40', 'device-41', 'device', 'device-1\n', ''])
      assert.deepEqual((await find(store, campaignId, id)).places, [], JSON.stringify(id));
  });

  const named = (rest: Partial<Campaign>) =>
    ({ audience: { upload: 'f'.repeat(20) }, ...rest }) as Partial<Campaign>;

  test(`${name}: of an upload it is found by any of its names, in the order of the names`, async (t) => {
    const store = await makeStore(t);
    const campaignId = await running(store, 4, named({}));
    const users = inOrder(Array.from({ length: 24 }, (_, i) => `user-${i}`));
    const shardOf = (user: string) => Math.floor(bucketOf(user) / (BUCKETS / 4));
    for (const shard of [0, 1, 2, 3])
      await freeze(
        store,
        campaignId,
        users.filter((it) => shardOf(it) === shard).map((it) => `device-of-${it}`),
        { shard, size: 3 },
      );
    for (const userId of users) {
      const { shards, recipients } = await find(store, campaignId, `device-of-${userId}`, {
        userId,
      });
      assert.ok(shards.some((it) => it.index === shardOf(userId)));
      assert.deepEqual(
        recipients.map((it) => it.shard),
        [shardOf(userId)],
        userId,
      );
    }
    const { places } = await find(store, campaignId, 'device-of-user-1', { userId: 'user-77' });
    assert.ok(places.length <= 1, 'under another name it is looked for elsewhere');
  });

  test(`${name}: a token that no installation had is found by the token`, async (t) => {
    const store = await makeStore(t);
    const audience = { tokens: ['one', 'two'], unregistered: { platform: 'android' } };
    const campaignId = await running(store, 1, { audience } as Partial<Campaign>);
    await freeze(store, campaignId, ['one', 'two'].map(unregisteredId));
    const { places } = await find(store, campaignId, 'registered-since', { token: 'two' });
    assert.deepEqual(places, [`${campaignId}.0.0.1 0`]);
    assert.deepEqual((await find(store, campaignId, unregisteredId('one'))).places.length, 1);
    assert.deepEqual((await find(store, campaignId, 'x', { token: 'three' })).places, []);
  });

  test(`${name}: a retry is in the order of the failures`, async (t) => {
    const store = await makeStore(t);
    const campaignId = await running(store, 1, { retryOf: 'earlier' });
    const ids = inOrder(Array.from({ length: 12 }, (_, i) => `device-${i}`)).reverse();
    await freeze(store, campaignId, ids, { size: 2 });
    for (const id of ids)
      assert.equal((await find(store, campaignId, id)).recipients.length, 1, id);
  });

  test(`${name}: what was erased is not found, and others are`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations(['a', 'b'].map((id) => person(id, { userId: `user-${id}` })));
    const createdAt = Math.min(NOW, Date.now()) - MINUTE;
    const campaignId = await running(store, 1, { createdAt });
    await freeze(store, campaignId, inOrder(['a', 'b']));
    await store.eraseUser('user-a', NOW);
    const names = { token: 'token-of-a', userId: 'user-a' };
    assert.deepEqual(
      { ...(await find(store, campaignId, 'a', names)), shards: [] },
      { shards: [], recipients: [], places: [], complete: true },
    );
    assert.equal((await find(store, campaignId, 'b')).recipients.length, 1);
  });

  test(`${name}: after the retention nothing is found, and that says so`, async (t) => {
    const clock = { now: NOW };
    const store = await makeStore(t, () => clock.now);
    const campaignId = await running(store, 1, { createdAt: NOW - MINUTE });
    await freeze(store, campaignId, inOrder(['a', 'b']));
    for (const part of [0, 1]) await finish(store, `${campaignId}.0.0.${part}`);
    assert.equal((await store.getCampaign(campaignId))?.state, 'completed');
    assert.deepEqual((await find(store, campaignId, 'c')).complete, true);
    clock.now = NOW + 29 * DAY;
    assert.equal((await find(store, campaignId, 'a')).recipients[0]?.state, 'accepted');
    clock.now = NOW + 31 * DAY;
    while (await store.expire(clock.now - 30 * DAY, clock.now));
    for (const id of ['a', 'c']) {
      const { places, complete } = await find(store, campaignId, id);
      assert.deepEqual([places, complete], [[], false], id);
    }
  });

  test(`${name}: a message that was closed in one write has its recipients`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store, messageOf());
    const before = await find(store, campaign.id, 'a');
    assert.deepEqual([before.shards, before.places], [[], []]);
    const sent = sentMessage(campaign, [2, 1], (chunk) =>
      chunk.recipients.length === 2
        ? {
            accepted: 1,
            failures: [
              {
                ...chunk.recipients[1]!,
                index: 1,
                provider: 'fcm',
                attempts: 1,
                at: NOW,
                outcome: 'rejected',
                reason: 'INVALID_ARGUMENT',
              },
            ],
          }
        : {},
    );
    const [first, second] = sent.chunks;
    await store.closeMessage(sent);
    const [one, two] = first!.recipients;
    const found = await find(store, campaign.id, one!.installationId);
    assert.deepEqual(found.places, [`${first!.id} 0`]);
    const { state, frozenAt, claimedAt, releasedAt, attempt, leaseUntil, size } =
      found.recipients[0]!;
    assert.deepEqual(
      { state, frozenAt, claimedAt, releasedAt, attempt, leaseUntil, size },
      {
        state: 'accepted',
        frozenAt: campaign.createdAt,
        claimedAt: campaign.createdAt,
        releasedAt: NOW + 1,
        attempt: 1,
        leaseUntil: null,
        size: 2,
      },
    );
    const failed = await find(store, campaign.id, two!.installationId);
    assert.deepEqual(
      failed.recipients.map((it) => [it.state, it.failure?.reason, it.failure?.index]),
      [['rejected', 'INVALID_ARGUMENT', 1]],
    );
    const [third] = second!.recipients;
    assert.deepEqual((await find(store, campaign.id, third!.installationId)).places, [
      `${second!.id} 0`,
    ]);
    assert.deepEqual((await find(store, campaign.id, 'another')).places, []);
  });
}
