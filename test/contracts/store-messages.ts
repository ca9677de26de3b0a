/** The part of the store's contract that is about campaigns of one page, stored and frozen together. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  claimed,
  finish,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
} from './store-fixture.ts';

const once = (key: string, requestHash = 'hash') => ({ key, requestHash });

/** A campaign and its only page, of chunks of these sizes. */
export function messageOf(sizes: number[]) {
  const campaign = campaignOf();
  const dueAt = NOW + MINUTE;
  return { campaign, page: pageOf(campaign.id, sizes, { last: true, dueAt, chunk: { dueAt } }) };
}

const typesOf = async (store: Store, id: string) =>
  (await store.timeline(id, 0)).map(({ event }) => event.type);

export function messageContract(name: string, makeStore: MakeStore) {
  test(`${name}: a campaign of one page is created, started and frozen together`, async (t) => {
    const store = await makeStore(t);
    const { campaign, page } = messageOf([3, 2]);
    const { id } = campaign;
    assert.deepEqual(await store.createStarted(campaign, once('k'), page, 'ann'), {
      ...{ kind: 'created', campaign },
    });
    const { state, shards } = (await store.getCampaign(id))!;
    assert.deepEqual([state, shards], ['running', 1]);
    assert.equal((await store.counts(id)).recipients, 5);
    assert.deepEqual(await typesOf(store, id), ['campaign.accepted', 'campaign.started']);
    assert.equal((await store.history(id))[0]?.by, 'ann');
    for (const { dueAt, ...frozen } of page.chunks) {
      const { chunk } = claimed(await store.claimChunk(frozen.id, leaseOf('mine', NOW + 1), NOW));
      const open = frozen.recipients.map((_, index) => index);
      assert.deepEqual(chunk, { ...frozen, open, inDoubt: [], attempt: 0, stalled: 0 });
    }
    for (const it of page.chunks) await finish(store, it.id, NOW + 2);
    const closed = (await store.getCampaign(id))!;
    assert.deepEqual([closed.state, (await store.counts(id)).accepted], ['completed', 5]);
  });

  test(`${name}: of a campaign of one page the same key gives the first, another body a conflict`, async (t) => {
    const store = await makeStore(t);
    const [first, second, other] = [messageOf([1]), messageOf([2]), messageOf([2])];
    await store.createStarted(first.campaign, once('k'), first.page);
    const before = await store.getCampaign(first.campaign.id);
    assert.deepEqual(await store.createStarted(second.campaign, once('k'), second.page), {
      ...{ kind: 'exists', campaign: before },
    });
    assert.deepEqual(await store.createStarted(other.campaign, once('k', 'another'), other.page), {
      kind: 'conflict',
    });
    // by whichever verb it was created
    assert.equal((await store.createCampaign(campaignOf(), once('k'), NOW)).kind, 'exists');
    for (const { campaign, page } of [second, other]) {
      assert.equal(await store.getCampaign(campaign.id), null);
      assert.deepEqual(await store.claimChunk(page.chunks[0]!.id, leaseOf('mine'), NOW), {
        kind: 'missing',
      });
    }
    assert.equal((await store.counts(first.campaign.id)).recipients, 1);
    for (let i = 0; i < 2; i++) {
      const { campaign, page } = messageOf([1]);
      assert.equal((await store.createStarted(campaign, null, page)).kind, 'created');
    }
  });

  test(`${name}: of many campaigns of one page with one key at the same time, one is created`, async (t) => {
    const store = await makeStore(t);
    const all = Array.from({ length: 6 }, () => messageOf([1]));
    const created = await Promise.all(
      all.map(({ campaign, page }) => store.createStarted(campaign, once('k'), page)),
    );
    const kinds = created.map((it) => it.kind).toSorted();
    assert.deepEqual(kinds, ['created', ...Array(5).fill('exists')]);
    const ids = created.map((it) => (it.kind === 'conflict' ? '' : it.campaign.id));
    assert.equal(new Set(ids).size, 1);
    const claims = all.map(({ page }) => store.claimChunk(page.chunks[0]!.id, leaseOf('me'), NOW));
    const taken = (await Promise.all(claims)).filter((it) => it.kind === 'claimed');
    assert.deepEqual(
      taken.map((it) => it.campaign.id),
      [ids[0]],
    );
  });

  test(`${name}: a campaign of one page that is empty is closed immediately`, async (t) => {
    const store = await makeStore(t);
    const { campaign, page } = messageOf([]);
    const { id } = campaign;
    assert.equal((await store.createStarted(campaign, null, page)).kind, 'created');
    const closed = (await store.getCampaign(id))!;
    assert.deepEqual([closed.state, closed.closedAt], ['completed', NOW]);
    assert.deepEqual(await typesOf(store, id), [
      ...['campaign.accepted', 'campaign.started', 'campaign.completed'],
    ]);
    await store.published(await store.unpublished(id));
    assert.deepEqual(await store.takeOverdue(NOW + 1e9, NOW + 2e9, 10), []);
  });

  test(`${name}: a campaign of one page whose tasks were never made is for the sweep`, async (t) => {
    const store = await makeStore(t);
    const { campaign, page } = messageOf([1, 2]);
    await store.createStarted(campaign, null, page);
    await store.published(await store.unpublished(campaign.id));
    assert.deepEqual(await store.takeOverdue(NOW + MINUTE - 1, NOW + 9 * MINUTE, 10), []);
    const overdue = await store.takeOverdue(NOW + MINUTE, NOW + 9 * MINUTE, 10);
    assert.deepEqual(
      overdue.map((it) => (it.kind === 'chunk' ? it.chunkId : it.kind)).toSorted(),
      page.chunks.map((it) => it.id),
    );
  });
}
