/** The part of the store's contract that is about what stays of a chunk: who it was for, and what became of each. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecipientRecord, Store } from '../../functions/ports/ports.ts';
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

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

/** A frozen chunk of six installations, each of a user of its own, with values and a badge. */
async function frozen(store: Store) {
  await store.putInstallations(ids.map((id) => person(id, { userId: `user-${id}` })));
  const createdAt = Math.min(NOW, Date.now()) - MINUTE;
  const campaignId = await running(store, 1, { createdAt });
  const page = pageOf(campaignId, [ids.length], { last: true });
  page.chunks[0]!.recipients = ids.map((id) => ({
    installationId: id,
    token: `token-of-${id}`,
    values: { name: `Zoë ${id}` },
  }));
  await store.freezePage(page);
  return { campaignId, chunkId: page.chunks[0]!.id };
}

/** What is told to a user who was a recipient once. */
async function recordFor(store: Store, id: string): Promise<RecipientRecord> {
  const found: RecipientRecord[] = [];
  for await (const page of store.readUser(`user-${id}`))
    found.push(...page.filter((it): it is RecipientRecord => it.kind === 'recipient'));
  assert.equal(found.length, 1, id);
  return found[0]!;
}

const outcomes = (store: Store) =>
  Promise.all(ids.map(async (id) => (await recordFor(store, id)).outcome));

export function outcomeContract(name: string, makeStore: MakeStore) {
  test(`${name}: a chunk that is done keeps who it was for and what became of each, and no token`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await frozen(store);
    const where = { kind: 'recipient', campaignId, chunkId, app: 'default' };
    const told = { token: 'token-of-a', values: { name: 'Zoë a' } };
    assert.deepEqual(await recordFor(store, 'a'), { ...where, installationId: 'a', ...told });

    claimed(await store.claimChunk(chunkId, leaseOf('one'), NOW));
    // a checkpoint, an attempt that ends, and the last one
    const kept = commitOf(chunkId, 'one', {
      accepted: 1,
      open: [1, 2, 3, 4, 5],
      lease: { keep: leaseOf('two') },
    });
    await store.commitChunk(kept);
    const released = commitOf(chunkId, 'two', { failed: [1], open: [2, 3, 4, 5], inDoubt: [3] });
    released.failures[0]!.outcome = 'unregistered';
    await store.commitChunk(released);
    const none = undefined;
    assert.deepEqual(await outcomes(store), ['accepted', 'unregistered', none, none, none, none]);
    assert.equal((await recordFor(store, 'a')).token, 'token-of-a', 'until the chunk is done');
    const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('three'), NOW));
    assert.deepEqual([chunk.open, chunk.inDoubt], [[2, 3, 4, 5], [3]]);
    assert.deepEqual(chunk.recipients[2], { installationId: 'c', ...told, ...of('c') });
    const last = { accepted: 1, skipped: [4], failed: [3, 5], open: [] };
    const end = commitOf(chunkId, 'three', last);
    end.failures[0]!.outcome = 'unknown';
    await store.commitChunk(end);
    assert.deepEqual(await outcomes(store), [
      ...['accepted', 'unregistered', 'accepted', 'unknown', 'skipped', 'rejected'],
    ]);
    assert.deepEqual(await recordFor(store, 'c'), {
      ...where,
      installationId: 'c',
      outcome: 'accepted',
    });
  });

  test(`${name}: an erasure takes out of a chunk that is done who was in it, and leaves the outcomes of others`, async (t) => {
    const store = await makeStore(t);
    const { campaignId, chunkId } = await frozen(store);
    await finish(store, chunkId, NOW, [5]);
    const before = await store.counts(campaignId);
    const both = await Promise.all(['a', 'b'].map((id) => store.eraseUser(`user-${id}`, NOW)));
    assert.deepEqual(
      both.map((it) => it.recipients),
      [1, 1],
    );
    for (const id of ['a', 'b'])
      assert.deepEqual(await Array.fromAsync(store.readUser(`user-${id}`)), []);
    assert.equal((await recordFor(store, 'c')).outcome, 'accepted');
    assert.equal((await recordFor(store, 'f')).outcome, 'rejected');
    assert.deepEqual(await store.counts(campaignId), before);
  });
}

const of = (id: string) => ({ token: `token-of-${id}`, values: { name: `Zoë ${id}` } });
