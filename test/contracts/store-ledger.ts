/** The part of the store's contract that is about the ledger: closing, what is open, failures. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpenChunk } from '../../functions/model/chunk.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  allFailures,
  campaignOf,
  chance,
  commitOf,
  EVERYBODY,
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

async function openChunks(store: Store, campaignId: string, shard: number | null = null) {
  const all: OpenChunk[] = [];
  for await (const page of store.openChunks(campaignId, shard)) {
    assert.ok(page.length > 0, 'no page is empty');
    all.push(...page);
  }
  return all;
}

const claim = (store: Store, chunkId: string, leaseId = 'mine', now = NOW) =>
  store.claimChunk(chunkId, leaseOf(leaseId, now + MINUTE), now);

export function ledgerContract(name: string, makeStore: MakeStore) {
  test(`${name}: the last of pages and chunks closes the campaign, in every order`, async (t) => {
    const store = await makeStore(t);
    const { below } = chance(3);
    for (let round = 0; round < 30; round++) {
      const shards = 1 + below(3);
      const id = await running(store, shards);
      // steps of each shard in order: its pages; chunks whenever they are there
      const pages = Array.from({ length: shards }, () => 1 + below(3));
      const frozen = pages.map(() => 0);
      const ready: string[] = [];
      let recipients = 0;
      const closed: boolean[] = [];
      while (ready.length > 0 || frozen.some((done, i) => done < pages[i]!)) {
        const shard = below(shards);
        const freezes = frozen[shard]! < pages[shard]! && below(2) === 0;
        if (!freezes && ready.length === 0) continue;
        assert.equal((await store.getCampaign(id))?.closedAt, null, 'not before the last step');
        if (freezes) {
          const page = frozen[shard]!++;
          const sizes = Array.from({ length: below(3) }, () => 1 + below(3));
          const last = page === pages[shard]! - 1;
          const step = pageOf(id, sizes, { shard, page, last, skipped: below(2) });
          recipients += sizes.reduce((sum, it) => sum + it, step.skipped);
          const result = await store.freezePage(step);
          closed.push(result.kind === 'frozen' && result.campaignClosed);
          ready.push(...step.chunks.map((it) => it.id));
        } else {
          const result = await finish(store, ready.splice(below(ready.length), 1)[0]!);
          closed.push(result.kind === 'committed' && result.campaignClosed);
        }
      }
      assert.equal(closed.filter(Boolean).length, 1, 'closed once');
      assert.equal(closed.at(-1), true, 'by the last step');
      const campaign = (await store.getCampaign(id))!;
      assert.deepEqual([campaign.state, campaign.closedAt], ['completed', NOW]);
      const counts = await store.counts(id);
      assert.equal(counts.recipients, recipients);
      assert.equal(counts.accepted + counts.skipped, recipients);
    }
  });

  test(`${name}: chunks of many shards that end together close the campaign once`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 3);
    for (const shard of [0, 1, 2])
      await store.freezePage(pageOf(id, [2, 2, 2], { shard, last: true }));
    const ids = (await openChunks(store, id)).map((it) => it.chunkId);
    const all = await Promise.all(ids.map((it) => finish(store, it)));
    assert.equal(all.filter((it) => it.kind === 'committed' && it.campaignClosed).length, 1);
    assert.equal((await store.counts(id)).accepted, 18);
  });

  test(`${name}: a cancelled campaign of which nothing was frozen closes as cancelled`, async (t) => {
    const store = await makeStore(t);
    const { id } = campaignOf();
    await store.createCampaign(campaignOf({ id }), null, NOW);
    await store.moveCampaign({ id, from: ['accepted'], to: 'cancelling', reason: null });
    assert.equal(await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW }), true);
    assert.equal((await store.getCampaign(id))?.state, 'cancelling');
    const last = pageOf(id, [], { skipped: 5, last: true });
    assert.deepEqual(await store.freezePage(last), { kind: 'frozen', campaignClosed: true });
    assert.equal((await store.getCampaign(id))?.state, 'cancelled');
    assert.equal((await store.counts(id)).skipped, 5);
  });

  test(`${name}: what planning expected is kept, and what it left out is counted`, async (t) => {
    const store = await makeStore(t);
    const { id } = campaignOf();
    await store.createCampaign(campaignOf({ id }), null, NOW);
    await store.startCampaign({ id, shards: [EVERYBODY], dueAt: NOW, at: NOW, expected: 9 });
    assert.equal((await store.getCampaign(id))?.expected, 9);
    await store.freezePage(pageOf(id, [2], { leftOut: 3, denied: 1 }));
    assert.equal((await store.counts(id)).leftOut, 3);
    await store.freezePage(pageOf(id, [1], { page: 1, denied: 1 }));
    await store.freezePage(pageOf(id, [], { page: 2, leftOut: 4, last: true }));
    const { recipients, leftOut, denied } = await store.counts(id);
    assert.deepEqual([recipients, leftOut, denied], [3, 7, 2]);
    const untold = await running(store);
    await store.freezePage(pageOf(untold, [2], { last: true }));
    assert.equal((await store.getCampaign(untold))?.expected, undefined);
    const none = await store.counts(untold);
    assert.deepEqual([none.leftOut ?? 0, none.denied ?? 0], [0, 0]);
  });

  test(`${name}: open chunks are those not done, of one shard or of all`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 2);
    const apns = { provider: 'apns', notBefore: NOW + 3 } as const;
    await store.freezePage(pageOf(id, [1, 2, 3], { shard: 0 }));
    await store.freezePage(pageOf(id, [4], { shard: 1, chunk: apns }));
    await finish(store, `${id}.0.0.1`);
    await claim(store, `${id}.0.0.2`);
    const inFirst = [
      { ...untried, chunkId: `${id}.0.0.0`, provider: 'fcm', size: 1 },
      {
        ...untried,
        chunkId: `${id}.0.0.2`,
        provider: 'fcm',
        size: 3,
        attempt: 1,
        leaseUntil: NOW + MINUTE,
      },
    ];
    const inSecond = [
      { ...untried, chunkId: `${id}.1.0.0`, provider: 'apns', size: 4, notBefore: NOW + 3 },
    ];
    assert.deepEqual(await openChunks(store, id, 0), inFirst);
    assert.deepEqual(await openChunks(store, id, 1), inSecond);
    assert.deepEqual(await openChunks(store, id), [...inFirst, ...inSecond]);
    assert.deepEqual(await openChunks(store, 'nothing'), []);
  });

  test(`${name}: many open chunks are each listed once, though some end meanwhile`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    for (let page = 0; page < 12; page++)
      await store.freezePage(pageOf(id, Array(100).fill(1), { page }));
    const listed: string[] = [];
    for await (const page of store.openChunks(id, null)) {
      listed.push(...page.map((it) => it.chunkId));
      await finish(store, listed.at(-1)!);
      await finish(store, listed.at(-2)!);
    }
    assert.equal(listed.length, 1200);
    assert.equal(new Set(listed).size, 1200);
  });

  test(`${name}: failures are paged completely, none twice, of one campaign only`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const sizes = Array.from({ length: 13 }, (_, i) => 1 + (i % 12));
    await store.freezePage(pageOf(id, sizes, { last: true }));
    const other = await lonelyChunk(store, 3);
    for (const { chunkId, size } of [
      ...(await openChunks(store, id)),
      ...(await openChunks(store, other.campaignId)),
    ]) {
      await claim(store, chunkId);
      const failed = Array.from({ length: size }, (_, i) => i).filter((i) => i % 3 !== 1);
      const accepted = size - failed.length;
      await store.commitChunk(commitOf(chunkId, 'mine', { accepted, failed, open: [] }));
    }
    const { failed } = await store.counts(id);
    const all = await allFailures(store, id);
    assert.equal(all.length, failed);
    for (const limit of [1, 2, 7, failed - 1, failed, failed + 1])
      assert.deepEqual(await allFailures(store, id, limit), all);
    assert.equal(new Set(all.map((it) => `${it.chunkId} ${it.index}`)).size, failed);
    assert.ok(all.every((it) => it.campaignId === id && it.index % 3 !== 1));
    assert.deepEqual(await store.listFailures('nothing', null, 10), { items: [], next: null });
  });

  test(`${name}: a token is forgotten only where it is still used, and was then`, async (t) => {
    const store = await makeStore(t);
    const since = NOW;
    await store.putInstallations([
      person('dead', {}, since - 1),
      person('at that very time', {}, since),
      person('came back', {}, since + 1),
      person('has another', { token: 'another' }, since - 1),
      person('elsewhere', { app: 'other' }, since - 1),
    ]);
    const { chunkId } = await lonelyChunk(store, 1);
    await claim(store, chunkId);
    const named = ['dead', 'at that very time', 'came back', 'has another', 'elsewhere', 'nobody'];
    const forget = named.map((id) => ({ installationId: id, token: `token-of-${id}`, since }));
    await store.commitChunk(commitOf(chunkId, 'mine', { failed: [0], forget, open: [] }));
    const left = await Promise.all(named.map((id) => store.getInstallation('default', id)));
    assert.deepEqual(
      left.filter((it) => it !== null).map((it) => it.id),
      ['came back', 'has another'],
    );
    assert.ok(await store.getInstallation('other', 'elsewhere'));
  });
}
