/** The part of the store's contract that finds one device in what a campaign has frozen. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunked } from '../../functions/lib/chunked.ts';
import { BUCKETS, bucketOf, type Cursor } from '../../functions/model/bucket.ts';
import { type Campaign, targetOf } from '../../functions/model/campaign.ts';
import { unregisteredId } from '../../functions/model/installation.ts';
import type { UploadKind } from '../../functions/model/upload.ts';
import { namedPages } from '../../functions/pipeline/audience/named.ts';
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
const sought = (id: string, { token = null, userId = null, listedBy = null }: Names = {}) => ({
  installationId: id,
  token,
  userId,
  listedBy,
});
interface Names {
  token?: string | null;
  userId?: string | null;
  listedBy?: UploadKind | null;
}

async function find(store: Store, campaignId: string, id: string, names: Names = {}) {
  const found = await store.findRecipient(
    (await store.getCampaign(campaignId))!,
    sought(id, names),
  );
  return { ...found, places: found.recipients.map((it) => `${it.chunkId} ${it.index}`) };
}

interface Page {
  ids: string[];
  cursor: Cursor;
}

/** Freezes these pages, the last as such, each in two chunks. */
async function freezePages(store: Store, campaignId: string, shard: number, pages: Page[]) {
  for (const [page, { ids, cursor }] of pages.entries()) {
    const parts = [ids.filter((_, i) => i % 2 === 0), ids.filter((_, i) => i % 2 === 1)];
    const some = parts.filter((it) => it.length > 0);
    const frozen = pageOf(
      campaignId,
      some.map((it) => it.length),
      { shard, page, cursor, last: page === pages.length - 1 },
    );
    for (const [i, chunk] of frozen.chunks.entries())
      chunk.recipients = some[i]!.map((id) => ({ installationId: id, token: `token-of-${id}` }));
    assert.equal((await store.freezePage(frozen)).kind, 'frozen');
  }
}

/** Freezes these ids as a planner does, in the order of their buckets, `size` at a time. */
async function freeze(
  store: Store,
  campaignId: string,
  ids: string[],
  { shard = 0, size = Math.max(1, ids.length) } = {},
) {
  const pages = chunked(ids, size).map((some) => ({ ids: some, cursor: cursorAt(some.at(-1)!) }));
  await freezePages(
    store,
    campaignId,
    shard,
    pages.length > 0 ? pages : [{ ids: [], cursor: cursorAt('') }],
  );
}

const cursorAt = (id: string): Cursor => ({ bucket: bucketOf(id), id });

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
      pushName: null,
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

  test(`${name}: of an upload it is found by any of its names, as planners read those`, async (t) => {
    const store = await makeStore(t);
    const users = Array.from({ length: 20 }, (_, i) => `user-${i}`);
    // of some users one device, of others many: pages end within their batches
    const devices = users.flatMap((userId, i) =>
      Array.from({ length: i % 5 === 0 ? 9 : 1 }, (_, n) => person(`${userId}:${n}`, { userId })),
    );
    await store.putInstallations(devices);
    const upload = { id: 'f'.repeat(20), app: 'default', of: 'userIds' as const };
    const times = { createdAt: NOW, expiresAt: NOW + DAY };
    await store.putUpload({ ...upload, ...times, size: null });
    await store.addToUpload({ ...upload, ...times, size: null }, users.slice(0, 16));
    await store.putUpload({ ...upload, ...times, size: 16 });
    const campaignId = await running(store, 2, { audience: { upload: upload.id } });
    const target = targetOf((await store.getCampaign(campaignId))!);
    assert.ok(target.kind === 'named');
    for (const shard of [0, 1]) {
      const range = { from: (BUCKETS / 2) * shard, to: (BUCKETS / 2) * (shard + 1) };
      const read = { app: 'default', range, after: null, size: 4 };
      const pages = await Array.fromAsync(namedPages(store, target, read));
      await freezePages(
        store,
        campaignId,
        shard,
        pages.map((it) => ({ ids: it.installations.map(({ id }) => id), cursor: it.cursor })),
      );
    }
    for (const { id, userId = null, token } of devices) {
      const listed = users.indexOf(userId!) < 16;
      for (const listedBy of ['userIds', null] as const) {
        const { places } = await find(store, campaignId, id, { userId, token, listedBy });
        assert.equal(places.length, listed ? 1 : 0, `${id} ${listedBy}`);
      }
    }
    const { places } = await find(store, campaignId, 'user-1:0', { listedBy: 'userIds' });
    assert.deepEqual(places, [], 'it is listed by a user that is not named');
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

  test(`${name}: in a retry it is found in the order of the failures`, async (t) => {
    const store = await makeStore(t);
    const createdAt = NOW - MINUTE;
    const first = await running(store, 1, { createdAt });
    const ids = inOrder(Array.from({ length: 24 }, (_, i) => `device-${i}`));
    await freeze(store, first, ids, { size: 8 });
    for await (const chunks of store.openChunks(first, null))
      for (const { chunkId } of chunks) {
        const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf(`of ${chunkId}`), NOW));
        const commit = commitOf(chunkId, `of ${chunkId}`, {
          accepted: 1,
          failed: [0, 1, 3],
          open: [],
        });
        for (const it of commit.failures) Object.assign(it, chunk.recipients[it.index]);
        await store.commitChunk(commit);
      }
    const campaignId = await running(store, 1, { createdAt, retryOf: first });
    const pages: Page[] = [];
    for (let after: string | null = null; ; ) {
      const { items, next }: Awaited<ReturnType<Store['listFailures']>> = await store.listFailures(
        first,
        after,
        4,
      );
      const cursor = next === null ? { bucket: 1, id: '' } : { bucket: 0, id: next };
      // some pages have only failures that are not worth another try
      const isWorth = pages.length !== 1 && pages.length !== 2;
      pages.push({ ids: isWorth ? items.map((it) => it.installationId) : [], cursor });
      if (next === null) break;
      after = next;
    }
    await freezePages(store, campaignId, 0, pages);
    const retried = pages.flatMap((it) => it.ids);
    assert.ok(pages.length >= 5 && retried.length > 8);
    for (const id of ids) {
      const { places, complete } = await find(store, campaignId, id);
      assert.deepEqual([places.length, complete], [retried.includes(id) ? 1 : 0, true], id);
    }
  });

  test(`${name}: in a retry of a list it is found with another token and another user`, async (t) => {
    const store = await makeStore(t);
    const audience = { tokens: ['one', 'two'], unregistered: { platform: 'android' } };
    const named = { createdAt: NOW - MINUTE, audience } as Partial<Campaign>;
    const first = await running(store, 1, named);
    await freeze(store, first, ['a']);
    const chunkId = `${first}.0.0.0`;
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('one'), NOW));
    const commit = commitOf(chunkId, 'one', { failed: [0], open: [] });
    for (const it of commit.failures) Object.assign(it, chunk.recipients[it.index]);
    await store.commitChunk(commit);
    const campaignId = await running(store, 1, { ...named, retryOf: first });
    await freezePages(store, campaignId, 0, [{ ids: ['a'], cursor: { bucket: 1, id: '' } }]);
    for (const listedBy of ['tokens', 'userIds', null] as const) {
      const { places, shards } = await find(store, campaignId, 'a', { token: 'three', listedBy });
      assert.deepEqual([places, shards.length], [[`${campaignId}.0.0.0 0`], 1], `${listedBy}`);
    }
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
            names: { 0: 'projects/p/messages/1' },
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
    const { state, frozenAt, claimedAt, releasedAt, attempt, leaseUntil, size, pushName } =
      found.recipients[0]!;
    assert.deepEqual(
      { state, frozenAt, claimedAt, releasedAt, attempt, leaseUntil, size, pushName },
      {
        pushName: 'projects/p/messages/1',
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
      failed.recipients.map((it) => [it.state, it.failure?.reason, it.failure?.index, it.pushName]),
      [['rejected', 'INVALID_ARGUMENT', 1, null]],
    );
    const [third] = second!.recipients;
    assert.deepEqual((await find(store, campaign.id, third!.installationId)).places, [
      `${second!.id} 0`,
    ]);
    assert.deepEqual((await find(store, campaign.id, 'another')).places, []);
  });

  test(`${name}: names of pushes stay while the rest of a chunk is sent, and go with who is erased`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations(['a', 'b', 'c'].map((id) => person(id, { userId: `user-${id}` })));
    const createdAt = Math.min(NOW, Date.now()) - MINUTE;
    const campaignId = await running(store, 1, { createdAt });
    const page = pageOf(campaignId, [3], { last: true });
    page.chunks[0]!.recipients = ['a', 'b', 'c'].map((id) => ({
      installationId: id,
      token: `token-of-${id}`,
    }));
    await store.freezePage(page);
    const chunkId = page.chunks[0]!.id;
    const nameOf = async (id: string) =>
      (await find(store, campaignId, id)).recipients.map((it) => it.pushName);
    claimed(await store.claimChunk(chunkId, leaseOf('one'), NOW));
    const names = { 0: 'projects/p/messages/1', 1: 'projects/p/messages/2' };
    await store.commitChunk(commitOf(chunkId, 'one', { accepted: 2, names, open: [2] }));
    await store.eraseUser('user-a', NOW);
    assert.deepEqual(await nameOf('b'), [names[1]]);
    claimed(await store.claimChunk(chunkId, leaseOf('two'), NOW));
    await store.eraseUser('user-c', NOW);
    await store.commitChunk(commitOf(chunkId, 'two', { accepted: 1, open: [] }));
    assert.equal((await store.getCampaign(campaignId))?.state, 'completed');
    assert.deepEqual(
      [await nameOf('a'), await nameOf('b'), await nameOf('c')],
      [[], [names[1]], []],
    );
  });

  test(`${name}: names of a message's pushes go with who is erased from it, before or after`, async (t) => {
    for (const when of ['before', 'after']) {
      const store = await makeStore(t);
      await store.putInstallations(['a', 'b'].map((id) => person(id, { userId: `user-${id}` })));
      const createdAt = Math.min(NOW, Date.now()) - MINUTE;
      const audience = { userIds: ['user-a', 'user-b'] };
      const campaign = await created(store, messageOf('sender', { createdAt, audience }));
      const names = { 0: 'projects/p/messages/1', 1: 'projects/p/messages/2' };
      const sent = sentMessage(campaign, [2], () => ({ names }));
      sent.chunks[0]!.recipients = ['a', 'b'].map((id) => ({
        installationId: id,
        token: `token-of-${id}`,
      }));
      if (when === 'before') await store.eraseUser('user-a', NOW);
      await store.closeMessage(sent);
      if (when === 'after') await store.eraseUser('user-a', NOW);
      const nameOf = async (id: string) =>
        (await find(store, campaign.id, id)).recipients.map((it) => it.pushName);
      assert.deepEqual([await nameOf('a'), await nameOf('b')], [[], [names[1]]], when);
    }
  });
}
