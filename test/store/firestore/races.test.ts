/** What only a store can get wrong whose callers are far apart, and whose answers may be lost. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { chunked } from '../../../functions/lib/chunked.ts';
import { closedIn } from '../../../functions/model/campaign-events.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import {
  allFailures,
  campaignOf,
  claimed,
  commitOf,
  EVERYBODY,
  finish,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { created, messageOf, sentMessage } from '../../contracts/store-messages.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openStore, openThroughProxy } from './emulated.ts';
import { type Call, type FirestoreProxy, failing } from './proxy.ts';

const skip = withoutEmulators('firestore');

const writesTo = (collection: string) => (call: Call) => call.writes.includes(collection);

test('of two workers that claim a chunk at the same time, one gets it', { skip }, async (t) => {
  const store = openStore(t);
  const chunkIds = await Promise.all(
    Array.from({ length: 5 }, async () => (await lonelyChunk(store, 2)).chunkId),
  );
  for (const chunkId of chunkIds) {
    const claims = await Promise.all(
      ['a', 'b', 'c'].map((id) => store.claimChunk(chunkId, leaseOf(id), NOW)),
    );
    assert.deepEqual(claims.map((it) => it.kind).toSorted(), ['claimed', 'leased', 'leased']);
  }
});

test('of two commits of one lease at the same time, one counts', { skip }, async (t) => {
  const store = openStore(t);
  for (let round = 0; round < 3; round++) {
    const { chunkId, campaignId } = await lonelyChunk(store, 4);
    await store.claimChunk(chunkId, leaseOf('mine'), NOW);
    const commit = commitOf(chunkId, 'mine', { accepted: 3, failed: [1], open: [] });
    const both = await Promise.all([store.commitChunk(commit), store.commitChunk(commit)]);
    assert.deepEqual(both.map((it) => it.kind).toSorted(), ['committed', 'fenced']);
    const { accepted, failed } = await store.counts(campaignId);
    assert.deepEqual([accepted, failed], [3, 1]);
    assert.equal((await allFailures(store, campaignId)).length, 1);
  }
});

test('fifty chunks of one shard that end together are all counted', { skip }, async (t) => {
  const store = openStore(t);
  const id = await running(store);
  const page = pageOf(id, Array(50).fill(2), { last: true });
  await store.freezePage(page);
  const all = await Promise.all(page.chunks.map((it) => finish(store, it.id)));
  assert.equal(all.filter((it) => it.kind === 'committed' && it.campaignClosed).length, 1);
  assert.equal((await store.counts(id)).accepted, 100);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
});

test('a planner that holds the lock of its shard, dead or slow, does not hold up a commit', {
  skip,
}, async (t) => {
  const project = freshProject();
  const store = openStore(t, emulator, { project });
  const id = await running(store);
  const page = pageOf(id, [2]);
  await store.freezePage(page);
  const client = createClient({ project, emulator });
  t.after(() => client.close());
  const { docs } = await client.db.collection('shards').get();
  const locked = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const planner = client.write(async (writes) => {
    await writes.getAll(...docs.map((it) => it.ref));
    locked.resolve();
    await over.promise;
  });
  await locked.promise;
  const committed = await finish(store, page.chunks[0]!.id);
  assert.equal(committed.kind, 'committed');
  assert.equal((await store.counts(id)).accepted, 2);
  over.resolve();
  await planner;
});

/** Shards that wait for one chunk each, and those chunks. */
async function inShards(store: Store, shards: number) {
  const id = await running(store, shards);
  const pages = Array.from({ length: shards }, (_, shard) =>
    pageOf(id, [1], { shard, last: true }),
  );
  for (const some of chunked(pages, 20))
    await Promise.all(some.map((page) => store.freezePage(page)));
  return { id, chunkIds: pages.map((page) => page.chunks[0]!.id) };
}

test('two hundred shards that close together close their campaign, without a sweep', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const { id, chunkIds } = await inShards(store, 200);
  const all = await Promise.all(chunkIds.map((chunkId) => finish(store, chunkId)));
  assert.equal(all.filter((it) => it.kind === 'committed' && it.campaignClosed).length, 1);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  assert.equal((await store.counts(id)).accepted, 200);
  const closing = (await store.unpublished(id)).filter((it) => closedIn(it));
  assert.equal(closing.length, 1);
  const works = await store.takeOverdue(NOW + 60 * MINUTE, NOW + 120 * MINUTE, 1000);
  assert.deepEqual([...new Set(works.map((it) => it.kind))], ['event'], 'nothing else is due');
});

test('where processes die between the last shards and their campaign, the sweep closes it', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const { id, chunkIds } = await inShards(store, 2);
  // neither sees that the other is about to close its shard, and neither gets to close the campaign
  const both = Promise.withResolvers<null>();
  let closing = 0;
  proxy.fault = (call) => {
    const has = (field: string) => call.documents.some((it) => it.fields?.[field]);
    if (has('closedAt')) return { code: status.PERMISSION_DENIED, when: 'before' };
    if (!has('closed')) return null;
    if (++closing === 2) both.resolve(null);
    return both.promise;
  };
  const ended = await Promise.allSettled(chunkIds.map((chunkId) => finish(store, chunkId)));
  assert.ok(ended.some((it) => it.status === 'rejected'));
  proxy.fault = () => null;
  assert.equal((await store.getCampaign(id))?.state, 'running');
  await store.takeOverdue(NOW + 60 * MINUTE, NOW + 120 * MINUTE, 1000);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  assert.equal((await store.unpublished(id)).filter((it) => closedIn(it)).length, 1);
});

test('a token that many installations register at the same time belongs to one', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const ids = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(
    ids.map((id) => store.putInstallations([person(id, { token: 'the same token' })])),
  );
  const left = await Promise.all(ids.map((id) => store.getInstallation('default', id)));
  assert.equal(left.filter((it) => it !== null).length, 1);
});

for (const code of [status.UNAVAILABLE, status.ABORTED, status.DEADLINE_EXCEEDED])
  test(`a write whose answer is lost (${status[code]}) is done once`, { skip }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    const lost = { code, when: 'after' } as const;

    let happened = failing(proxy, writesTo('idempotency'), lost);
    const campaign = campaignOf();
    const { id } = campaign;
    const once = { key: 'k', requestHash: 'h' };
    assert.equal((await store.createCampaign(campaign, once, NOW)).kind, 'created');
    happened();
    const again = await store.createCampaign(campaignOf(), once, NOW);
    assert.equal(again.kind === 'exists' && again.campaign.id, id);
    happened = failing(proxy, writesTo('campaigns'), lost);
    assert.equal((await store.createCampaign(campaignOf(), null, NOW)).kind, 'created');
    happened();

    await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW });
    happened = failing(proxy, writesTo('chunks'), lost);
    const page = pageOf(id, [5], { last: true });
    assert.equal((await store.freezePage(page)).kind, 'frozen');
    happened();
    assert.equal((await store.freezePage(page)).kind, 'stale');
    assert.equal((await store.counts(id)).recipients, 5);

    const chunkId = page.chunks[0]!.id;
    happened = failing(proxy, writesTo('chunks'), lost);
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('one'), NOW));
    happened();
    assert.deepEqual([chunk.attempt, chunk.open.length], [0, 5]);
    assert.equal((await store.claimChunk(chunkId, leaseOf('other'), NOW)).kind, 'leased');

    const keep = { accepted: 2, open: [2, 3, 4], lease: { keep: leaseOf('two') } };
    happened = failing(proxy, writesTo('chunks'), lost);
    assert.equal((await store.commitChunk(commitOf(chunkId, 'one', keep))).kind, 'committed');
    happened();
    const rest = commitOf(chunkId, 'two', { accepted: 2, failed: [3], open: [] });
    happened = failing(proxy, writesTo('failures'), lost);
    const done = { kind: 'committed', state: 'completed', campaignClosed: true };
    assert.deepEqual(await store.commitChunk(rest), done);
    happened();
    const { recipients, accepted, failed, reasons } = await store.counts(id);
    assert.deepEqual([recipients, accepted, failed], [5, 4, 1]);
    assert.deepEqual(reasons, { INVALID_ARGUMENT: 1 });
    assert.equal((await allFailures(store, id)).length, 1);
  });

/** The chunk is committed, and the process that did it dies before it can close the shard. */
async function deathBeforeTheClose(store: Store, proxy: FirestoreProxy) {
  const { chunkId, campaignId } = await lonelyChunk(store, 1, { dueAt: NOW + MINUTE });
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const commit = commitOf(chunkId, 'mine', { accepted: 1, open: [] });
  let committed = false;
  proxy.fault = (call) => {
    const dead = committed;
    committed ||= call.method === 'Commit';
    return dead ? { code: status.PERMISSION_DENIED, when: 'before' } : null;
  };
  await assert.rejects(store.commitChunk(commit));
  proxy.fault = () => null;
  assert.equal((await store.getCampaign(campaignId))?.closedAt, null);
  return { chunkId, campaignId, commit };
}

/** The types of events whose publisher died, by then. */
async function eventsOverdue(store: Store, now: number): Promise<string[]> {
  const overdue = await store.takeOverdue(now, now + MINUTE, 20);
  return overdue.flatMap((it) => (it.kind === 'event' ? it.event.type : [])).toSorted();
}

test('the sweep closes what a dead worker left finished and open', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const { campaignId } = await deathBeforeTheClose(store, proxy);
  const dueAt = NOW + 15 * MINUTE;
  await store.takeOverdue(dueAt - 1, dueAt + MINUTE, 10);
  assert.equal((await store.getCampaign(campaignId))?.closedAt, null);
  await store.takeOverdue(dueAt, dueAt + MINUTE, 10);
  assert.equal((await store.getCampaign(campaignId))?.state, 'completed');
  const told = await eventsOverdue(store, dueAt + 5 * MINUTE);
  assert.deepEqual(told, ['campaign.accepted', 'campaign.completed', 'campaign.started']);
});

test('a task that is delivered again, or a commit, closes it as well', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const first = await deathBeforeTheClose(store, proxy);
  const claim = await store.claimChunk(first.chunkId, leaseOf('again'), NOW + 1);
  assert.deepEqual(claim, { kind: 'done' });
  assert.equal((await store.getCampaign(first.campaignId))?.closedAt, NOW + 1);
  const second = await deathBeforeTheClose(store, proxy);
  assert.deepEqual(await store.commitChunk(second.commit), { kind: 'fenced' });
  assert.equal((await store.getCampaign(second.campaignId))?.state, 'completed');
  // and the event is not forgotten
  const told = await eventsOverdue(store, NOW + 5 * MINUTE);
  assert.equal(told.filter((it) => it === 'campaign.completed').length, 2);
});

test('a shard that is still at work is not closed by the sweep', { skip }, async (t) => {
  const store = openStore(t);
  const { chunkId, campaignId } = await lonelyChunk(store, 1, { dueAt: NOW + 60 * MINUTE });
  for (const at of [15, 30, 45])
    await store.takeOverdue(NOW + at * MINUTE, NOW + (at + 15) * MINUTE, 9);
  assert.equal((await store.getCampaign(campaignId))?.closedAt, null);
  const finished = await finish(store, chunkId);
  assert.equal(finished.kind === 'committed' && finished.campaignClosed, true);
});

for (const when of ['before', 'after'] as const) {
  const answer = when === 'before' ? 'was not applied' : 'was applied, and its answer lost';
  test(`a message whose creation ${answer} is created once`, { skip }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    const happened = failing(proxy, writesTo('campaigns'), { code: status.UNAVAILABLE, when });
    const key = { key: 'k', requestHash: 'h' };
    const first = await store.createMessage(messageOf('one'), key);
    assert.ok(first.kind === 'created');
    happened();
    assert.equal((await store.createMessage(messageOf('two'), key)).kind, 'exists');
    assert.equal((await store.closeMessage(sentMessage(first.campaign, [1])))?.counts.accepted, 1);
    assert.equal((await store.listCampaigns(null, 9)).items.length, 1);
  });

  test(`a message whose outcome ${answer} is counted once`, { skip }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    const campaign = await created(store);
    const happened = failing(proxy, writesTo('campaigns'), { code: status.UNAVAILABLE, when });
    const closed = (await store.closeMessage(sentMessage(campaign, [2])))!;
    assert.deepEqual([closed.campaign.state, closed.counts.accepted], ['completed', 2]);
    happened();
    assert.deepEqual(await store.counts(campaign.id), closed.counts);
    assert.equal((await store.history(campaign.id)).length, 3);
  });
}

test('nothing is kept of who is erased while what he failed of is written down', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  await store.putInstallations([person('phone', { userId: 'ada' })]);
  const id = await running(store);
  const page = pageOf(id, [2], { last: true });
  const device = { installationId: 'phone', token: 'token-of-phone' };
  page.chunks[0]!.recipients[0] = device;
  await store.freezePage(page);
  const chunkId = page.chunks[0]!.id;
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const commit = commitOf(chunkId, 'mine', { failed: [0, 1], open: [] });
  Object.assign(commit.failures[0]!, device);
  let committed = false;
  // between the look at his failures and the chunk
  proxy.fault = async (call) => {
    if (committed || call.method !== 'Commit' || !call.writes.includes('chunks')) return null;
    committed = true;
    assert.equal((await store.commitChunk(commit)).kind, 'committed');
    return null;
  };
  await store.eraseUser('ada', NOW);
  assert.ok(committed);
  const failures = await allFailures(store, id);
  assert.deepEqual(
    failures.map((it) => it.index),
    [1],
  );
  const { recipients, failed, skipped } = await store.counts(id);
  assert.deepEqual([recipients, failed + skipped], [2, 2]);
});

test('forty users can be erased at the same time', { skip }, async (t) => {
  const store = openStore(t);
  const users = Array.from({ length: 40 }, (_, n) => `user ${n}`);
  await store.putInstallations(users.map((userId, n) => person(`of-${n}`, { userId })));
  const all = await Promise.all(users.map((it) => store.eraseUser(it, NOW)));
  assert.deepEqual(new Set(all.map((it) => it.installations)), new Set([1]));
  // and a planner that has read them before knows of all
  const id = await running(store);
  const recipients = users.map((_, n) => ({
    installationId: `of-${n}`,
    token: `token-of-of-${n}`,
  }));
  await store.freezePage(pageOf(id, [1], { last: true, chunk: { recipients } }));
  assert.equal((await store.counts(id)).recipients, 0);
});

test('who was erased is remembered for minutes, and the document stays small', {
  skip,
}, async (t) => {
  const project = freshProject();
  const store = openStore(t, undefined, { project });
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  const remembered = async () => {
    const found = await db.doc('erasures/recent').get();
    return Object.keys(found.get('until')).length;
  };
  const many = Array.from({ length: 600 }, (_, n) => person(`many-${n}`, { userId: 'many' }));
  await store.putInstallations([...many, person('one', { userId: 'one' })]);
  await store.eraseUser('many', NOW);
  assert.ok((await remembered()) >= 1_200);
  await store.eraseUser('one', NOW + 11 * MINUTE);
  assert.ok((await remembered()) <= 2);
});

for (const collection of ['names', 'failures'])
  test(`two users of one document of ${collection} can be erased at the same time`, {
    skip,
  }, async (t) => {
    const { store, proxy } = await openThroughProxy(t);
    // of one part of an upload
    const ids = ['6', '15', 'other'];
    await store.putInstallations(ids.map((it) => person(it, { userId: it })));
    const { chunkId, campaignId } = await lonelyChunk(store, 3, {
      recipients: ids.map((it) => ({ installationId: it, token: `token-of-${it}` })),
    });
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
    const commit = commitOf(chunkId, 'mine', { failed: [0, 1, 2], open: [] });
    for (const [index, it] of commit.failures.entries()) Object.assign(it, chunk.recipients[index]);
    await store.commitChunk(commit);
    const upload = {
      id: 'upload',
      app: 'default',
      of: 'userIds' as const,
      size: 3,
      createdAt: NOW,
      expiresAt: NOW + 60 * MINUTE,
    };
    await store.putUpload(upload);
    await store.addToUpload(upload, ids);

    let other: Promise<unknown> | null = null;
    proxy.fault = async (call) => {
      if (call.method !== 'Commit' || !call.writes.includes(collection)) return null;
      if (other === null) {
        other = store.eraseUser('15', NOW);
        await other;
      }
      return null;
    };
    await store.eraseUser('6', NOW);
    assert.ok(other !== null);
    const failures = await allFailures(store, campaignId);
    assert.deepEqual(
      failures.map((it) => it.installationId),
      ['other'],
    );
    const names: string[] = [];
    for await (const some of store.readUpload('upload', EVERYBODY, null, 10)) names.push(...some);
    assert.deepEqual(names, ['other']);
  });
