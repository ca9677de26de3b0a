/** The part of the store's contract that is about chunks: freeze, claim, commit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkCommit } from '../../functions/model/chunk.ts';
import { LEASE_MS } from '../../functions/model/timing.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  allFailures,
  chunkOf,
  claimed,
  commitOf,
  finish,
  leaseOf,
  lonelyChunk,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
  untried,
} from './store-fixture.ts';

const claim = (store: Store, chunkId: string, leaseId = 'mine', now = NOW) =>
  store.claimChunk(chunkId, leaseOf(leaseId, now + MINUTE), now);

const fenced = { kind: 'fenced' };

export function chunkContract(name: string, makeStore: MakeStore) {
  test(`${name}: a frozen page is counted, its chunks are as they were frozen`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const page = pageOf(id, [3, 2], { skipped: 4, cursor: { bucket: 99, id: 'z' } });
    page.chunks[1]!.provider = 'apns';
    page.chunks[1]!.environment = 'sandbox';
    assert.deepEqual(await store.freezePage(page), { kind: 'frozen', campaignClosed: false });
    const shard = (await store.getShard(id, 0))!;
    assert.deepEqual(shard.cursor, page.cursor);
    assert.deepEqual(
      [shard.pages, shard.planned, shard.chunks, shard.chunksDone],
      [1, false, 2, 0],
    );
    const counts = { recipients: 9, accepted: 0, failed: 0, skipped: 4, reasons: {} };
    assert.deepEqual(shard.counts, counts);
    assert.deepEqual(await store.counts(id), counts);
    assert.deepEqual(await store.listShards(id), [shard]);

    for (const { dueAt, ...frozen } of page.chunks) {
      const { chunk, campaign } = claimed(await claim(store, frozen.id));
      const open = frozen.recipients.map((_, index) => index);
      assert.deepEqual(chunk, { ...frozen, open, inDoubt: [], attempt: 0, stalled: 0 });
      assert.deepEqual(campaign, await store.getCampaign(id));
    }
  });

  test(`${name}: what is a recipient's own is frozen with it, and who lacks it is counted`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const page = pageOf(id, [4, 2], { missing: { name: 2, 'a.b': 1 } });
    Object.assign(page.chunks[0]!.recipients[1]!, {
      language: 'pt-BR',
      values: { name: 'Zoë\t"✓"\n\\ \u{1F514}', __proto: 'x' },
    });
    Object.assign(page.chunks[0]!.recipients[2]!, { values: { name: '' } });
    Object.assign(page.chunks[0]!.recipients[3]!, { badge: 7 });
    await store.freezePage(page);
    await store.freezePage(pageOf(id, [1], { page: 1, missing: { name: 3 } }));
    await store.freezePage(pageOf(id, [1], { page: 1, missing: { name: 3 } }));
    for (const { id: chunkId, recipients } of page.chunks)
      assert.deepEqual(claimed(await claim(store, chunkId)).chunk.recipients, recipients);
    assert.deepEqual((await store.counts(id)).missing, { name: 5, 'a.b': 1 });
    assert.deepEqual((await store.getShard(id, 0))!.counts.missing, { name: 5, 'a.b': 1 });
  });

  test(`${name}: the quiet hours of a chunk and the zones of its recipients are frozen with it`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const quiet = { from: '22:00', to: '08:00', zone: 'Europe/Berlin' };
    const page = pageOf(id, [6, 2], { chunk: { quiet } });
    const zones = [
      'Asia/Kathmandu',
      undefined,
      'Pacific/Kiritimati',
      'Asia/Kathmandu',
      'No such\n',
    ];
    for (const [n, zone] of zones.entries())
      if (zone !== undefined) page.chunks[0]!.recipients[n]!.zone = zone;
    Object.assign(page.chunks[0]!.recipients[2]!, { language: 'pt-BR', values: { name: '\t' } });
    Object.assign(page.chunks[0]!.recipients[5]!, { badge: 7 });
    await store.freezePage(page);
    for (const { id: chunkId, recipients } of page.chunks) {
      const { chunk } = claimed(await claim(store, chunkId));
      assert.deepEqual([chunk.quiet, chunk.recipients], [quiet, recipients]);
    }
    // held, and claimed again
    const commit = commitOf(page.chunks[0]!.id, 'mine', { accepted: 5, open: [2] });
    commit.lease = { release: true, notBefore: NOW + MINUTE, stalled: 0 };
    await store.commitChunk(commit);
    const { chunk } = claimed(await claim(store, page.chunks[0]!.id, 'next', NOW + MINUTE));
    assert.deepEqual([chunk.quiet, chunk.open], [quiet, [2]]);
    assert.deepEqual(chunk.recipients, page.chunks[0]!.recipients);
  });

  test(`${name}: recipients that an attempt holds are counted, until when too`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const held = (recipients: number, until: number) => ({ recipients, until });
    const page = pageOf(id, [4, 2], { last: true });
    page.chunks[0]!.heldUntil = NOW + 50;
    await store.freezePage(page);
    const commit = async (part: number, open: number[], told: Partial<ChunkCommit>) => {
      const { id: chunkId } = page.chunks[part]!;
      claimed(await claim(store, chunkId));
      await store.commitChunk({ ...commitOf(chunkId, 'mine', { open }), ...told });
    };
    const counted = async () => {
      const { accepted, held, heldUntil } = await store.counts(id);
      return [accepted, held, heldUntil];
    };
    assert.deepEqual(await counted(), [0, 4, NOW + 50]);
    await commit(0, [0, 1, 2, 3], { held: held(2, NOW + 90) });
    assert.deepEqual(await counted(), [0, 6, NOW + 90]);
    await commit(0, [1], { accepted: 3, held: held(1, NOW + 70) });
    await commit(1, [0, 1], { held: held(2, NOW + 90) });
    assert.deepEqual(await counted(), [3, 9, NOW + 90]);
    await commit(0, [], { accepted: 1 });
    await commit(1, [], { accepted: 2 });
    assert.equal((await store.getCampaign(id))?.state, 'completed');
    assert.deepEqual(await counted(), [6, 9, NOW + 90]);
    assert.equal((await store.getCampaign(id))?.sums?.held, 9);
  });

  test(`${name}: an erasure leaves each of the others its zone`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const quiet = { from: '22:00', to: '08:00', zone: 'Etc/UTC' };
    const page = pageOf(id, [3], { chunk: { quiet } });
    const { recipients } = page.chunks[0]!;
    const zones = ['Asia/Tokyo', 'Asia/Kathmandu', 'America/Lima'];
    for (const [n, it] of recipients.entries()) Object.assign(it, { zone: zones[n] });
    await store.putInstallations([person(recipients[0]!.installationId, { userId: 'ada' })]);
    await store.freezePage(page);
    const told = (await Array.fromAsync(store.readUser('ada'))).flat();
    const [record] = told.filter((it) => it.kind === 'recipient');
    assert.deepEqual(
      [record?.installationId, record?.zone],
      [recipients[0]!.installationId, 'Asia/Tokyo'],
    );
    await store.eraseUser('ada', NOW);
    const { chunk } = claimed(await claim(store, page.chunks[0]!.id));
    assert.deepEqual([chunk.quiet, chunk.open], [quiet, [1, 2]]);
    assert.deepEqual(chunk.recipients, [{ installationId: '', token: '' }, ...recipients.slice(1)]);
  });

  test(`${name}: badges are counted up once for a page, and frozen as they are then`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const badges = async (campaignId: string, pageNumber: number, by: (number | undefined)[]) => {
      const page = pageOf(campaignId, [by.length], { page: pageNumber });
      for (const [n, it] of page.chunks[0]!.recipients.entries())
        Object.assign(it, { installationId: `device-${n}`, ...(by[n] && { badge: by[n] }) });
      const { kind } = await store.freezePage(page);
      if (kind === 'stale') return kind;
      const { chunk } = claimed(await claim(store, page.chunks[0]!.id));
      return chunk.recipients.map((it) => it.badge);
    };
    await store.setBadge('default', 'device-1', 41);
    await store.setBadge('other', 'device-0', 5);
    assert.deepEqual(await badges(id, 0, [1, 1, undefined]), [1, 42, undefined]);
    assert.equal(await badges(id, 0, [1, 1, 1]), 'stale', 'nothing was counted');
    assert.deepEqual(await badges(id, 1, [3, 1, 1]), [4, 43, 1]);
    await store.setBadge('default', 'device-0', 0);
    const other = await running(store);
    assert.deepEqual(await badges(other, 0, [1, 99_999, 1]), [1, 99_999, 2], 'of all campaigns');
    await store.putInstallations([person('device-1'), person('device-2')]);
    await store.deleteInstallation('default', 'device-1');
    assert.deepEqual(await badges(other, 1, [1, 1, 1]), [2, 1, 3], 'kept, and gone with it');
  });

  test(`${name}: it is known whose tokens were forgotten, and for which reason`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await lonelyChunk(store, 4);
    const dead = (n: number) => ({
      installationId: `${chunkId}:${n}`,
      token: `token-of-${chunkId}:${n}`,
    });
    // the third registered again, the fourth is not there
    for (const n of [0, 1, 2])
      await store.putInstallations([person(dead(n).installationId, {}, n === 2 ? NOW + 5 : NOW)]);
    claimed(await claim(store, chunkId));
    const commit = commitOf(chunkId, 'mine', { failed: [0, 1, 2, 3], open: [] });
    for (const it of commit.failures)
      Object.assign(it, {
        outcome: 'unregistered',
        reason: it.index ? 'Unregistered' : 'ExpiredToken',
      });
    await store.commitChunk({
      ...commit,
      forget: [0, 1, 2, 3].map((n) => ({ ...dead(n), since: NOW })),
    });
    assert.deepEqual((await store.counts(campaignId)).pruned, { ExpiredToken: 1, Unregistered: 1 });
    assert.deepEqual(
      (await allFailures(store, campaignId)).map((it) => it.pruned),
      [true, true, undefined, undefined],
    );
  });

  test(`${name}: a chunk gets another slot, unless a worker is sending it`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const page = pageOf(id, [1, 1, 1]);
    await store.freezePage(page);
    const [waiting, sending, done] = page.chunks.map((it) => it.id) as [string, string, string];
    claimed(await claim(store, sending));
    await finish(store, done);
    const slot = { notBefore: NOW + MINUTE, expiresAt: NOW + 9 * MINUTE };
    const moved = { slot, dueAt: NOW + 5 * MINUTE, task: 'resumed' };
    const move = (now: number, some = moved) =>
      store.moveChunks(
        [waiting, sending, done].map((chunkId) => ({ chunkId, ...some })),
        now,
      );
    await move(NOW);
    const open = (await Array.fromAsync(store.openChunks(id, 0))).flat();
    const both = { provider: 'fcm', size: 1 };
    assert.deepEqual(
      open.toSorted((a, b) => a.attempt - b.attempt),
      [
        { ...both, ...untried, chunkId: waiting, notBefore: NOW + MINUTE, task: 'resumed' },
        { ...both, ...untried, chunkId: sending, attempt: 1, leaseUntil: leaseOf('').until },
      ],
    );
    assert.deepEqual(await claim(store, waiting), { kind: 'early', notBefore: NOW + MINUTE });
    assert.equal((await claim(store, sending)).kind, 'leased');
    assert.equal((await claim(store, done)).kind, 'done');
    const { chunk } = claimed(await claim(store, waiting, 'mine', NOW + MINUTE));
    assert.equal(chunk.expiresAt, slot.expiresAt);
  });

  test(`${name}: a chunk that is moved keeps what is not said, and a dead sender is none`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 1, { notBefore: 7 });
    await store.published(await store.unpublished(campaignId));
    const dies = leaseOf('dead', NOW + 50);
    claimed(await store.claimChunk(chunkId, dies, NOW));
    const parked = { chunkId, dueAt: NOW + 9 * MINUTE };
    await store.moveChunks([parked], NOW + 49);
    assert.equal((await store.takeOverdue(NOW + 50, NOW + 60, 9)).length, 1);
    await store.noteTasks([{ kind: 'chunk', chunkId, task: 'sweep-1' }]);
    await store.noteTasks([{ kind: 'chunk', chunkId: 'a.0.0.0', task: 'sweep-1' }]);
    await store.moveChunks([parked], NOW + 50);
    assert.deepEqual(await store.takeOverdue(NOW + 8 * MINUTE, NOW + 9 * MINUTE, 9), []);
    assert.deepEqual(await store.takeOverdue(NOW + 9 * MINUTE, NOW + 20 * MINUTE, 9), [
      {
        kind: 'chunk',
        campaignId,
        chunkId,
        provider: 'fcm',
        size: 1,
        dueAt: NOW + 9 * MINUTE,
        notBefore: 7,
        attempt: 1,
        leaseUntil: NOW + 50,
        task: 'sweep-1',
      },
    ]);
    const { chunk } = claimed(await claim(store, chunkId, 'next', NOW + 9 * MINUTE));
    assert.deepEqual([chunk.notBefore, chunk.attempt], [7, 1]);
  });

  test(`${name}: of two planners the one with a stale page number writes nothing`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const all = await Promise.all([
      store.freezePage(pageOf(id, [1])),
      store.freezePage(pageOf(id, [1])),
    ]);
    assert.deepEqual(all.map((it) => it.kind).toSorted(), ['frozen', 'stale']);
    const before = await store.getShard(id, 0);
    const stale = { kind: 'stale' };
    for (const page of [0, 2, 7]) {
      const other = pageOf(id, [], { page, skipped: 9, last: true, chunks: [] });
      other.chunks.push(chunkOf(id, [0, page, 9], 5));
      assert.deepEqual(await store.freezePage(other), stale);
      assert.deepEqual(await store.claimChunk(other.chunks[0]!.id, leaseOf('l'), NOW), {
        kind: 'missing',
      });
    }
    assert.deepEqual(await store.getShard(id, 0), before);
    await store.freezePage(pageOf(id, [1], { page: 1, last: true }));
    assert.deepEqual(await store.freezePage(pageOf(id, [1], { page: 2 })), stale, 'planned');
    assert.deepEqual(await store.openShards(id), []);
  });

  test(`${name}: a chunk is claimed by one, until its lease is over`, async (t) => {
    const store = await makeStore(t);
    const { chunkId } = await lonelyChunk(store, 2);
    const until = NOW + MINUTE;
    const both = await Promise.all([claim(store, chunkId, 'a'), claim(store, chunkId, 'b')]);
    assert.deepEqual(both.map((it) => it.kind).toSorted(), ['claimed', 'leased']);
    assert.deepEqual(await claim(store, chunkId, 'c', until - 1), { kind: 'leased', until });
    const { chunk } = claimed(await claim(store, chunkId, 'd', until));
    assert.equal(chunk.attempt, 1);
    assert.deepEqual(chunk.open, [0, 1]);
  });

  test(`${name}: a chunk is not claimed early, paused, done or missing`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 1, { notBefore: NOW + 10 });
    assert.deepEqual(await claim(store, chunkId), { kind: 'early', notBefore: NOW + 10 });
    await store.moveCampaign({ id: campaignId, from: ['running'], to: 'paused', reason: 'why' });
    assert.deepEqual(await claim(store, chunkId, 'x', NOW + 10), { kind: 'paused' });
    await store.moveCampaign({ id: campaignId, from: ['paused'], to: 'running', reason: null });
    await finish(store, chunkId, NOW + 10);
    assert.deepEqual(await claim(store, chunkId), { kind: 'done' });
    assert.deepEqual(await claim(store, `${chunkId}9`), { kind: 'missing' });
  });

  test(`${name}: a cancelled campaign's chunks are claimed before their time`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 1, { notBefore: NOW + MINUTE });
    await store.moveCampaign({ id: campaignId, from: ['running'], to: 'cancelling', reason: null });
    assert.equal(claimed(await claim(store, chunkId)).campaign.state, 'cancelling');
  });

  test(`${name}: a commit writes outcomes, counts and failures together`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 6);
    await claim(store, chunkId);
    const lease = { release: true, notBefore: NOW + 500, stalled: 3 } as const;
    const commit = commitOf(chunkId, 'mine', {
      accepted: 1,
      skipped: [1],
      failed: [2],
      open: [3, 4, 5],
      inDoubt: [4],
      lease,
    });
    const running = { kind: 'committed', state: 'running', campaignClosed: false };
    assert.deepEqual(await store.commitChunk(commit), running);
    const reasons = { INVALID_ARGUMENT: 1 };
    const counts = { recipients: 6, accepted: 1, failed: 1, skipped: 1, reasons };
    assert.deepEqual(await store.counts(campaignId), counts);
    const failures = commit.failures.map((it) => ({ ...it, campaignId, chunkId }));
    assert.deepEqual(await allFailures(store, campaignId), failures);
    assert.deepEqual(await claim(store, chunkId), { kind: 'early', notBefore: NOW + 500 });
    const { chunk } = claimed(await claim(store, chunkId, 'next', NOW + 500));
    assert.deepEqual([chunk.open, chunk.inDoubt, chunk.attempt], [[3, 4, 5], [4], 1]);
    assert.equal(chunk.stalled, 3);
    assert.equal(chunk.recipients.length, 6);
  });

  test(`${name}: a failure keeps the provider's own words`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 2);
    await claim(store, chunkId);
    const commit = commitOf(chunkId, 'mine', { failed: [0, 1], open: [] });
    commit.failures[1]!.detail = 'message.android.ttl: no duration';
    await store.commitChunk(commit);
    const details = (await allFailures(store, campaignId)).map((it) => it.detail);
    assert.deepEqual(details, [undefined, 'message.android.ttl: no duration']);
  });

  test(`${name}: a time that a clock gave while it was ahead is not waited for`, async (t) => {
    const store = await makeStore(t);
    const hour = 60 * MINUTE;
    const { chunkId } = await lonelyChunk(store, 3);
    claimed(await store.claimChunk(chunkId, leaseOf('ahead', NOW + hour + 1000), NOW + hour));
    // its owner may be alive, and extends the lease then
    const cut = NOW + LEASE_MS;
    assert.deepEqual(await claim(store, chunkId, 'next'), { kind: 'leased', until: cut });
    assert.deepEqual(await claim(store, chunkId, 'next', cut - 1), { kind: 'leased', until: cut });
    claimed(await store.claimChunk(chunkId, leaseOf('next', cut + 1000), cut));
    const lease = { release: true, notBefore: cut + hour + 500, stalled: 0 } as const;
    const late = commitOf(chunkId, 'next', { open: [1, 2], lease, now: cut + hour });
    assert.equal((await store.commitChunk(late)).kind, 'committed');
    assert.deepEqual(claimed(await claim(store, chunkId, 'right', cut)).chunk.open, [1, 2]);
  });

  test(`${name}: one process tries a message at a provider until a push is accepted`, async (t) => {
    const store = await makeStore(t);
    const { campaignId } = await lonelyChunk(store, 2);
    const until = NOW + 15_000;
    const ask = (by: string, provider: 'apns' | 'fcm' = 'fcm', now = NOW) =>
      store.claimTrial({ campaignId, provider, by, until: now + 15_000, now });
    assert.equal(await ask('one'), 'ours');
    assert.equal(await ask('one'), 'ours', 'again');
    assert.equal(await ask('two'), 'other');
    assert.equal(await ask('two', 'apns'), 'ours', 'each provider has its own');
    assert.equal(await ask('two', 'fcm', until), 'ours', 'the first had its time');
    assert.equal(await ask('one', 'fcm', until + 1), 'other');
    assert.equal(await ask('one', 'fcm', NOW - 60 * MINUTE), 'ours', 'a clock was ahead');
    await store.notePush(campaignId, NOW + 9, 'fcm');
    assert.equal(await ask('one'), 'accepted');
    assert.deepEqual((await store.getCampaign(campaignId))?.trials?.fcm, { acceptedAt: NOW + 9 });
    assert.equal(await ask('one', 'apns'), 'other');
    assert.equal((await store.getCampaign(campaignId))?.firstPushAt, NOW + 9);
    await store.notePush(campaignId, NOW + 10, 'apns');
    assert.equal(await ask('one', 'apns'), 'accepted');
    assert.equal((await store.getCampaign(campaignId))?.firstPushAt, NOW + 9, 'the earliest');
    assert.equal(
      await store.claimTrial({
        campaignId: 'nothing',
        provider: 'fcm',
        by: 'one',
        until,
        now: NOW,
      }),
      'accepted',
    );
    await store.moveCampaign({ id: campaignId, from: ['running'], to: 'paused', reason: 'why' });
    assert.equal(await ask('one'), 'accepted', 'a change of state keeps it');
  });

  test(`${name}: a commit without the lease changes nothing at all`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('device')]);
    const { chunkId, campaignId } = await lonelyChunk(store, 3);
    const dead = { installationId: 'device', token: 'token-of-device', since: NOW + MINUTE };
    const late = (leaseId: string, rest: Partial<ChunkCommit> = {}) =>
      store.commitChunk(
        commitOf(chunkId, leaseId, { accepted: 2, failed: [0], forget: [dead], open: [], ...rest }),
      );
    const before = await store.counts(campaignId);
    assert.deepEqual(await late('mine'), fenced, 'never claimed');
    await claim(store, chunkId, 'mine');
    assert.deepEqual(await late('other'), fenced, 'another one');
    await claim(store, chunkId, 'successor', NOW + MINUTE);
    assert.deepEqual(await late('mine'), fenced, 'taken over');
    assert.deepEqual(await late('mine', { lease: { keep: leaseOf('mine') } }), fenced);
    assert.deepEqual(await store.counts(campaignId), before);
    assert.deepEqual(await allFailures(store, campaignId), []);
    assert.ok(await store.getInstallation('default', 'device'));
    assert.equal((await late('successor')).kind, 'committed');
    assert.deepEqual(await late('successor'), fenced, 'done');
    assert.deepEqual(await store.commitChunk(commitOf('nothing', 'mine', { open: [] })), fenced);
  });

  test(`${name}: a lease that ran out is good until another worker takes the chunk`, async (t) => {
    const store = await makeStore(t);
    const { chunkId } = await lonelyChunk(store, 1);
    await claim(store, chunkId);
    const late = commitOf(chunkId, 'mine', { accepted: 1, open: [], now: NOW + 5 * MINUTE });
    assert.equal((await store.commitChunk(late)).kind, 'committed');
  });

  test(`${name}: each checkpoint takes the lease and gives another`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 3);
    await claim(store, chunkId, 'one');
    const until = NOW + 3 * MINUTE;
    const keep = (from: string, to: string, open: number[]) =>
      store.commitChunk(
        commitOf(chunkId, from, { accepted: 1, open, lease: { keep: { id: to, until } } }),
      );
    assert.equal((await keep('one', 'two', [1, 2])).kind, 'committed');
    assert.deepEqual(await keep('one', 'two', [1, 2]), fenced, 'tried again');
    assert.deepEqual(await claim(store, chunkId, 'x', until - 1), { kind: 'leased', until });
    assert.equal((await keep('two', 'three', [2])).kind, 'committed');
    const end = commitOf(chunkId, 'three', { accepted: 1, open: [] });
    assert.equal((await store.commitChunk(end)).kind, 'committed');
    assert.deepEqual(await store.commitChunk(end), fenced, 'tried again');
    assert.equal((await store.counts(campaignId)).accepted, 3);
  });

  test(`${name}: a checkpoint that settles the last recipient ends the chunk`, async (t) => {
    const store = await makeStore(t);
    const { chunkId } = await lonelyChunk(store, 1);
    await claim(store, chunkId, 'one');
    const keep = { keep: leaseOf('two') };
    assert.deepEqual(
      await store.commitChunk(commitOf(chunkId, 'one', { accepted: 1, open: [], lease: keep })),
      { kind: 'committed', state: 'completed', campaignClosed: true },
    );
    assert.deepEqual(await store.commitChunk(commitOf(chunkId, 'two', { open: [] })), fenced);
  });

  test(`${name}: a commit tells that the campaign was paused or cancelled`, async (t) => {
    const store = await makeStore(t);
    const { chunkId, campaignId } = await lonelyChunk(store, 2);
    await claim(store, chunkId, 'a');
    const keep = (from: string, id: string) =>
      store.commitChunk(
        commitOf(chunkId, from, { open: [0, 1], lease: { keep: leaseOf(id) }, accepted: 0 }),
      );
    await store.moveCampaign({ id: campaignId, from: ['running'], to: 'paused', reason: 'why' });
    assert.deepEqual(await keep('a', 'b'), {
      kind: 'committed',
      state: 'paused',
      campaignClosed: false,
    });
    await store.moveCampaign({ id: campaignId, from: ['paused'], to: 'cancelling', reason: null });
    assert.deepEqual(await keep('b', 'c'), {
      kind: 'committed',
      state: 'cancelling',
      campaignClosed: false,
    });
    const skip = commitOf(chunkId, 'c', { skipped: [0, 1], open: [], now: NOW + 7 });
    assert.deepEqual(await store.commitChunk(skip), {
      kind: 'committed',
      state: 'cancelled',
      campaignClosed: true,
    });
    assert.equal((await store.counts(campaignId)).skipped, 2);
    assert.equal((await store.getCampaign(campaignId))?.closedAt, NOW + 7);
  });
}
