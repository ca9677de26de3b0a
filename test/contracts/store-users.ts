/** The part of the store's contract that is about users' rights, what is kept for a while, and keys. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { Reached } from '../../functions/model/installation.ts';
import type { ApiKey } from '../../functions/model/key.ts';
import { namedPages } from '../../functions/pipeline/audience/named.ts';
import type { Store, UserRecord } from '../../functions/ports/ports.ts';
import {
  allFailures,
  campaignOf,
  claimed,
  commitOf,
  EVERYBODY,
  finish,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';

const DAY = 24 * 60 * MINUTE;

async function known(store: Store, userId: string): Promise<UserRecord[]> {
  const all: UserRecord[] = [];
  for await (const page of store.readUser(userId)) {
    assert.ok(page.length > 0, 'no page is empty');
    all.push(...page);
  }
  return all;
}

const kinds = (all: UserRecord[]) => all.map((it) => it.kind).sort();

/** A frozen chunk of these installations, in a shard of its own campaign. */
async function chunkFor(
  store: Store,
  ids: string[],
  last = true,
  app = 'default',
  createdAt = Math.min(NOW, Date.now()) - DAY,
) {
  const campaignId = await running(store, 1, { app, createdAt });
  const page = pageOf(campaignId, [ids.length], { last, chunk: { app } });
  page.chunks[0]!.recipients = ids.map((id) => ({ installationId: id, token: `token-of-${id}` }));
  await store.freezePage(page);
  return { campaignId, chunkId: `${campaignId}.0.0.0`, page };
}

async function ledger(store: Store, campaignId: string) {
  const { recipients, accepted, failed, skipped } = await store.counts(campaignId);
  const campaign = await store.getCampaign(campaignId);
  return { recipients, accepted, failed, skipped, state: campaign!.state };
}

const two = (store: Store) =>
  store.putInstallations([
    person('phone', { userId: 'ada' }),
    person('tablet', { userId: 'ada', app: 'shop' }),
    person('other', { userId: 'bob' }),
  ]);

/** Ids in a fourth of the buckets, by their buckets: those before an id, and those after it. */
function neighboursOf(id: string, shard: number) {
  const ids = Array.from({ length: 4_000 }, (_, i) => `neighbour-${i}`)
    .filter((it) => Math.floor(bucketOf(it) / (BUCKETS / 4)) === shard)
    .sort((a, b) => bucketOf(a) - bucketOf(b));
  const isBefore = (it: string) => bucketOf(it) < bucketOf(id);
  return { before: ids.filter(isBefore), after: ids.filter((it) => !isBefore(it)) };
}

export function userContract(name: string, makeStore: MakeStore) {
  test(`${name}: all that is known of a user is told, in every app, and nothing of others`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const { chunkId } = await chunkFor(store, ['other', 'phone']);
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
    assert.equal(chunk.recipients.length, 2);
    const failure = commitOf(chunkId, 'mine', { failed: [0, 1], open: [] });
    for (const it of failure.failures) Object.assign(it, chunk.recipients[it.index]!);
    await store.commitChunk(failure);
    // another app's installation of the same name
    await chunkFor(store, ['phone'], true, 'shop');
    const all = await known(store, 'ada');
    assert.deepEqual(kinds(all), ['failure', 'installation', 'installation', 'recipient']);
    assert.ok(
      all.every((it) => ('id' in it ? it.userId === 'ada' : it.installationId === 'phone')),
    );
    assert.deepEqual(await known(store, 'nobody'), []);
  });

  test(`${name}: an erased user has no installation left, in no app; others keep theirs`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const erased = await store.eraseUser('ada', NOW);
    assert.deepEqual(erased, {
      installations: 2,
      recipients: 0,
      failures: 0,
      closed: [],
      next: null,
    });
    assert.equal(await store.getInstallation('default', 'phone'), null);
    assert.equal(await store.getInstallation('shop', 'tablet'), null);
    assert.ok(await store.getInstallation('default', 'other'));
    assert.deepEqual(await known(store, 'ada'), []);
    assert.equal((await store.eraseUser('ada', NOW)).installations, 0);
  });

  test(`${name}: recipients of a chunk that waits are skipped, and its ledger closes`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const { campaignId, chunkId } = await chunkFor(store, ['phone', 'other']);
    assert.equal((await store.eraseUser('ada', NOW)).recipients, 1);
    assert.deepEqual(await known(store, 'ada'), []);
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
    assert.deepEqual(chunk.open, [1]);
    assert.deepEqual(chunk.recipients[1], { installationId: 'other', token: 'token-of-other' });
    assert.doesNotMatch(JSON.stringify(chunk), /phone/);
    await store.commitChunk(commitOf(chunkId, 'mine', { accepted: 1, open: [] }));
    assert.deepEqual(await ledger(store, campaignId), {
      recipients: 2,
      accepted: 1,
      failed: 0,
      skipped: 1,
      state: 'completed',
    });
  });

  test(`${name}: they are found in whichever shard, page and part they were frozen`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const audiences = [{ tags: { any: ['news'] } }, { userIds: ['ada', 'bob'] }];
    for (const [round, audience] of audiences.entries()) {
      // for some minutes no erased user is frozen
      const now = NOW + round * 11 * MINUTE;
      const campaignId = await running(store, 4, { app: 'default', audience });
      const shard = Math.floor(bucketOf('phone') / (BUCKETS / 4));
      const { before, after } = neighboursOf('phone', shard);
      const first = pageOf(campaignId, [1, 1], { shard, chunk: { app: 'default' } });
      const at = { shard, page: 1, last: true, now, chunk: { app: 'default' } };
      const second = pageOf(campaignId, [1, 2, 1], at);
      const lists = [...first.chunks, ...second.chunks].map((it) => it.recipients);
      // in the order of buckets, as a planner has them
      const ids = [[before[0]], [before[1]], [before[2]], [before[3], 'phone'], [after[0]]];
      for (const [i, list] of lists.entries())
        for (const [j, it] of list.entries()) {
          it.installationId = ids[i]![j]!;
          it.token = `token-of-${it.installationId}`;
        }
      await store.freezePage(first);
      await store.freezePage(second);
      const told = (await known(store, 'ada')).filter((it) => it.kind === 'recipient');
      assert.deepEqual(
        told.map((it) => it.chunkId),
        [`${campaignId}.${shard}.1.1`],
      );
      assert.equal((await store.eraseUser('ada', now)).recipients, 1);
      assert.deepEqual(await known(store, 'ada'), []);
      assert.equal((await store.counts(campaignId)).skipped, 1);
      // again, by another campaign
      await two(store);
    }
  });

  test(`${name}: what comes to a device that was passed on is the next user's`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const before = await chunkFor(store, ['phone']);
    await store.putInstallations([person('phone', { userId: 'bob' })]);
    const after = await chunkFor(store, ['phone'], true, 'default', Date.now() + DAY);
    const told = async (userId: string) =>
      (await known(store, userId)).flatMap((it) => (it.kind === 'recipient' ? [it.chunkId] : []));
    assert.deepEqual(await told('ada'), [before.chunkId]);
    assert.deepEqual(await told('bob'), [after.chunkId]);
    assert.equal((await store.eraseUser('ada', NOW)).recipients, 1);
    const { chunk } = claimed(await store.claimChunk(after.chunkId, leaseOf('mine'), NOW));
    assert.deepEqual(chunk.open, [0], 'he gets it');
    assert.deepEqual(await told('bob'), [after.chunkId]);
  });

  test(`${name}: a chunk without other recipients is done by it, and so is its campaign`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const { campaignId, chunkId } = await chunkFor(store, ['phone']);
    const later = await chunkFor(store, ['phone'], false);
    const { closed } = await store.eraseUser('ada', NOW);
    assert.deepEqual(closed, [campaignId]);
    assert.deepEqual(await store.claimChunk(chunkId, leaseOf('mine'), NOW), { kind: 'done' });
    assert.deepEqual(await ledger(store, campaignId), {
      recipients: 1,
      accepted: 0,
      failed: 0,
      skipped: 1,
      state: 'completed',
    });
    assert.equal((await store.getCampaign(later.campaignId))?.state, 'running', 'still planned');
    const rest = pageOf(later.campaignId, [], { page: 1, last: true });
    assert.deepEqual(await store.freezePage(rest), { kind: 'frozen', campaignClosed: true });
  });

  test(`${name}: who is being sent to counts once, and is taken out when the lease ends`, async (t) => {
    for (const end of ['done', 'released', 'died'] as const) {
      const store = await makeStore(t);
      await two(store);
      const { campaignId, chunkId } = await chunkFor(store, ['phone', 'other', 'third']);
      const lease = leaseOf('mine', NOW + MINUTE);
      claimed(await store.claimChunk(chunkId, lease, NOW));
      assert.equal((await store.eraseUser('ada', NOW)).recipients, 1);
      const kept = commitOf(chunkId, 'mine', {
        accepted: 1,
        open: [0, 2],
        lease: { keep: { id: 'mine', until: NOW + MINUTE } },
      });
      assert.equal((await store.commitChunk(kept)).kind, 'committed');
      if (end === 'done')
        await store.commitChunk(commitOf(chunkId, 'mine', { failed: [0, 2], open: [] }));
      if (end === 'released') await store.commitChunk(commitOf(chunkId, 'mine', { open: [0, 2] }));
      if (end !== 'done') {
        const at = NOW + 2 * MINUTE;
        const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('next', at + 1), at));
        assert.deepEqual(chunk.open, [2], end);
        assert.doesNotMatch(JSON.stringify(chunk.recipients), /phone/);
        await store.commitChunk(commitOf(chunkId, 'next', { failed: [2], open: [], now: at }));
      }
      const counts = await ledger(store, campaignId);
      assert.deepEqual(
        counts,
        end === 'done'
          ? { recipients: 3, accepted: 1, failed: 2, skipped: 0, state: 'completed' }
          : { recipients: 3, accepted: 1, failed: 1, skipped: 1, state: 'completed' },
        end,
      );
      const failures = await allFailures(store, campaignId);
      assert.deepEqual(
        failures.map((it) => it.index),
        [2],
        'nothing is kept of who was erased',
      );
      assert.deepEqual(await known(store, 'ada'), []);
    }
  });

  test(`${name}: a page that was read before and is frozen after has no erased user`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const campaignId = await running(store);
    const page = pageOf(campaignId, [2], { last: true });
    page.chunks[0]!.recipients = [
      { installationId: 'phone', token: 'token-of-phone' },
      { installationId: 'other', token: 'token-of-other' },
    ];
    await store.eraseUser('ada', NOW);
    await store.freezePage(page);
    const { chunk } = claimed(await store.claimChunk(`${campaignId}.0.0.0`, leaseOf('a'), NOW));
    assert.equal(chunk.open.length, 1);
    assert.doesNotMatch(JSON.stringify(chunk.recipients), /phone/);
    await store.commitChunk(commitOf(chunk.id, 'a', { accepted: 1, open: [] }));
    const counts = await ledger(store, campaignId);
    assert.equal(counts.recipients, counts.accepted + counts.skipped);
    assert.equal(counts.state, 'completed');
  });

  test(`${name}: failures and past chunks go too, those from before a logout as well`, async (t) => {
    for (const leave of [
      'logout',
      'delete',
      'another user',
      'another device',
      'another token',
      'nothing',
    ] as const) {
      const store = await makeStore(t);
      await two(store);
      const { campaignId, chunkId } = await chunkFor(store, ['phone', 'other']);
      claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
      const commit = commitOf(chunkId, 'mine', { failed: [0, 1], open: [] });
      for (const [index, id] of ['phone', 'other'].entries())
        Object.assign(commit.failures[index]!, { installationId: id, token: `token-of-${id}` });
      await store.commitChunk(commit);
      const before = await ledger(store, campaignId);
      if (leave === 'logout') await store.putInstallations([person('phone')]);
      if (leave === 'delete') await store.deleteInstallation('default', 'phone');
      if (leave === 'another user')
        await store.updateInstallation('default', 'phone', (it) => ({ ...it, userId: 'bob' }));
      if (leave === 'another device')
        await store.putInstallations([person('new', { token: 'token-of-phone' })]);
      if (leave === 'another token')
        await store.putInstallations([person('phone', { userId: 'ada', token: 'another' })]);
      assert.ok((await known(store, 'ada')).length >= 2, leave);

      const erased = await store.eraseUser('ada', NOW);
      assert.deepEqual([erased.recipients, erased.failures], [1, 1], leave);
      const failures = await allFailures(store, campaignId);
      assert.deepEqual(
        failures.map((it) => it.installationId),
        ['other'],
      );
      assert.deepEqual(await ledger(store, campaignId), before, 'what happened is not changed');
      assert.deepEqual(await known(store, 'ada'), []);
      const left = await store.getInstallation('default', 'phone');
      assert.equal(left !== null, leave === 'logout' || leave === 'another user', leave);
    }
  });

  test(`${name}: what a campaign has frozen long after it was made is of whose device it was then`, async (t) => {
    const clock = { at: Math.min(NOW, Date.now()) };
    const store = await makeStore(t, () => clock.at);
    await two(store);
    const begun = await chunkFor(store, ['phone', 'other'], false);
    const campaignId = await running(store, 1, { createdAt: clock.at });
    clock.at += DAY;
    await store.updateInstallation('default', 'phone', (it) => ({ ...it, userId: 'bob' }));
    clock.at += DAY;
    const page = { ...pageOf(campaignId, [1], { last: true }), now: clock.at };
    page.chunks[0]!.recipients = [{ installationId: 'phone', token: 'token-of-phone' }];
    assert.equal((await store.freezePage(page)).kind, 'frozen');
    const chunksOf = async (userId: string) =>
      (await known(store, userId)).flatMap((it) => (it.kind === 'recipient' ? it.chunkId : []));
    const chunkId = `${campaignId}.0.0.0`;
    assert.deepEqual(await chunksOf('ada'), [begun.chunkId]);
    assert.deepEqual((await chunksOf('bob')).sort(), [begun.chunkId, chunkId].sort());
    assert.equal((await store.eraseUser('ada', clock.at)).recipients, 1);
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('a', clock.at), clock.at));
    assert.deepEqual(chunk.recipients, page.chunks[0]!.recipients);
    assert.deepEqual(chunk.open, [0]);
  });

  test(`${name}: beside a chunk with no recipient left to freeze, others are still found`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const campaignId = await running(store);
    const page = pageOf(campaignId, [1, 1], { last: true });
    page.chunks[0]!.recipients = [{ installationId: 'phone', token: 'token-of-phone' }];
    page.chunks[1]!.recipients = [{ installationId: 'other', token: 'token-of-other' }];
    await store.eraseUser('ada', NOW);
    await store.freezePage(page);
    const erased = await store.eraseUser('bob', NOW);
    assert.deepEqual([erased.recipients, erased.closed], [1, [campaignId]]);
    assert.deepEqual(await ledger(store, campaignId), {
      recipients: 1,
      accepted: 0,
      failed: 0,
      skipped: 1,
      state: 'completed',
    });
  });

  test(`${name}: a token that no installation has any more is not frozen by a planner that read its name before`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    // its token was another one before
    await store.updateInstallation('default', 'other', (it) => ({ ...it, token: 'newer' }));
    const names = { tokens: ['token-of-phone', 'token-of-other', 'unknown'] };
    const unregistered = {
      platform: 'android',
      provider: 'fcm',
      environment: 'production',
    } as const;
    const target = { kind: 'named', names, unregistered, audience: {} } as const;
    await store.eraseUser('ada', NOW);
    await store.eraseUser('bob', NOW);
    const read: Reached[] = [];
    const all = { app: 'default', range: EVERYBODY, after: null, size: 100 };
    for await (const it of namedPages(store, target, all)) read.push(...it.installations);
    assert.equal(read.length, 3);
    const campaignId = await running(store);
    const page = pageOf(campaignId, [1], { last: true });
    page.chunks[0]!.recipients = read.map(({ id: installationId, token }) => ({
      installationId,
      token,
    }));
    await store.freezePage(page);
    const { chunk } = claimed(await store.claimChunk(`${campaignId}.0.0.0`, leaseOf('a'), NOW));
    assert.deepEqual(
      chunk.recipients.map((it) => it.token),
      ['unknown'],
    );
  });

  test(`${name}: users who are erased at the same time are all erased, and so is one who is erased twice`, async (t) => {
    const store = await makeStore(t);
    const ids = ['a', 'b'];
    await store.putInstallations(ids.map((it) => person(it, { userId: `user ${it}` })));
    const past = await chunkFor(store, [...ids, 'other']);
    claimed(await store.claimChunk(past.chunkId, leaseOf('mine'), NOW));
    const commit = commitOf(past.chunkId, 'mine', { failed: [0, 1, 2], open: [] });
    for (const [index, id] of [...ids, 'other'].entries())
      Object.assign(commit.failures[index]!, { installationId: id, token: `token-of-${id}` });
    await store.commitChunk(commit);
    const open = await chunkFor(store, [...ids, 'other']);
    const upload = { id: 'upload', app: 'default', of: 'userIds', size: 2 } as const;
    await store.putUpload({ ...upload, createdAt: NOW, expiresAt: NOW + DAY });
    const users = ids.map((it) => `user ${it}`);
    await store.addToUpload({ ...upload, createdAt: NOW, expiresAt: NOW + DAY }, users);
    const all = await Promise.all([...users, ...users].map((it) => store.eraseUser(it, NOW)));
    assert.deepEqual(
      all.flatMap((it) => it.closed),
      [],
    );
    assert.deepEqual(
      (await allFailures(store, past.campaignId)).map((it) => it.installationId),
      ['other'],
    );
    assert.deepEqual(await ledger(store, past.campaignId), {
      recipients: 3,
      accepted: 0,
      failed: 3,
      skipped: 0,
      state: 'completed',
    });
    assert.equal((await ledger(store, open.campaignId)).skipped, 2);
    await finish(store, open.chunkId);
    assert.deepEqual(await ledger(store, open.campaignId), {
      recipients: 3,
      accepted: 1,
      failed: 0,
      skipped: 2,
      state: 'completed',
    });
    for await (const names of store.readUpload('upload', EVERYBODY, null, 10))
      assert.deepEqual(names, []);
  });

  test(`${name}: a campaign that named the user now names no one`, async (t) => {
    const store = await makeStore(t);
    await two(store);
    const asking = (audience: object) => campaignOf({ audience });
    const all = [
      asking({ userIds: ['ada'] }),
      asking({ userIds: ['ada', 'bob'], not: { installationIds: ['phone'] } }),
      asking({ tokens: ['token-of-tablet'] }),
      asking({ userIds: ['bob'] }),
    ];
    for (const it of all) await store.createCampaign(it, null, NOW);
    await store.eraseUser('ada', NOW);
    const texts = await Promise.all(
      all.map(async ({ id }) => JSON.stringify((await store.getCampaign(id))!.audience)),
    );
    assert.doesNotMatch(texts.join(), /ada|phone|tablet/);
    assert.equal(texts[3], '{"userIds":["bob"]}');
    assert.deepEqual(JSON.parse(texts[0]!).userIds.length, 1, 'an empty list would be everybody');
  });

  test(`${name}: what campaigns knew of their recipients is gone after its time`, async (t) => {
    const store = await makeStore(t);
    const closed = async (now: number) => {
      const { campaignId, chunkId } = await chunkFor(store, ['a', 'b']);
      await finish(store, chunkId, now, [0]);
      return campaignId;
    };
    const old = await closed(NOW - 40 * DAY);
    const young = await closed(NOW - 10 * DAY);
    const { campaignId: open, chunkId } = await chunkFor(store, ['c']);
    const before = await ledger(store, old);
    for (let calls = 0; await store.expire(NOW - 30 * DAY, NOW); calls++)
      assert.ok(calls < 1_000, 'it comes to an end');
    assert.deepEqual(await ledger(store, old), before, 'the sums stay');
    assert.equal((await allFailures(store, young)).length, 1);
    await finish(store, chunkId);
    assert.equal((await ledger(store, open)).state, 'completed');
  });

  test(`${name}: keys are listed, and gone once they are deleted`, async (t) => {
    const store = await makeStore(t);
    const key = (letter: string, rest: Partial<ApiKey> = {}): ApiKey => ({
      hash: letter.repeat(64),
      name: `key ${letter}`,
      scopes: ['read'],
      ...rest,
    });
    const narrow = key('b', { scopes: ['register'], app: 'shop', createdAt: NOW });
    await store.putKey(key('a'));
    await store.putKey(narrow);
    assert.deepEqual(await store.findKey(narrow.hash), narrow);
    const listed = await store.listKeys();
    assert.deepEqual(
      listed.sort((a, b) => (a.hash < b.hash ? -1 : 1)),
      [key('a'), narrow],
    );
    assert.equal(await store.deleteKey(narrow.hash), true);
    assert.equal(await store.deleteKey(narrow.hash), false);
    assert.equal(await store.findKey(narrow.hash), null);
    assert.deepEqual(await store.listKeys(), [key('a')]);
  });
}
