/** No document of a campaign is written by many: behind a fake of Firestore's bound all goes on as before. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { each } from '../../../functions/lib/concurrency.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import {
  claimed,
  commitOf,
  leaseOf,
  NOW,
  pageOf,
  person,
  running,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { type Contention, contended } from './contention.ts';
import { openThroughProxy } from './emulated.ts';

const skip = withoutEmulators('firestore');

test('the fake refuses what one document does not take', { skip }, async (t) => {
  const clock = { now: NOW };
  let seen: Contention | undefined;
  // what is refused is tried again without a wait, and given up after a number of refusals
  const { store, proxy } = await openThroughProxy(t, {
    random: () => 0,
    monotonic: () => 10_000 * (seen?.aborted ?? 0),
  });
  await store.check();
  seen = contended(proxy, () => clock.now);
  const write = (at: number) =>
    store.noteTick(at).then(
      () => true,
      () => false,
    );
  const all = await Promise.all(Array.from({ length: 20 }, (_, n) => write(n)));
  assert.equal(all.filter(Boolean).length, 8);
  assert.ok(seen.aborted >= 12);
  clock.now += 1_000;
  assert.deepEqual([await write(1), await write(2)], [true, false]);
});

/** Sends a chunk: a checkpoint in the middle, then the end. */
async function send(store: Store, chunkId: string) {
  const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf(`1 ${chunkId}`), NOW));
  const [first, ...open] = chunk.open;
  assert.equal(first, 0);
  const keep = { keep: leaseOf(`2 ${chunkId}`) };
  await store.commitChunk(
    commitOf(chunkId, `1 ${chunkId}`, { accepted: 1, open, lease: keep, now: NOW }),
  );
  const last = { failed: [1], accepted: open.length - 1, open: [] };
  const end = await store.commitChunk(commitOf(chunkId, `2 ${chunkId}`, last));
  return end.kind === 'committed' && end.campaignClosed;
}

test('the chunks of a shard, and planners beside erasures, do not write one document', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const clock = { now: NOW };
  const seen = contended(proxy, () => clock.now);
  await store.putInstallations([1, 2, 3].map((n) => person(`of ${n}`, { userId: `user ${n}` })));
  const id = await running(store, 2);
  const chunkIds: string[] = [];
  for (const page of [0, 1, 2, 3]) {
    clock.now += 500;
    const pages = [0, 1].map((shard) =>
      pageOf(id, [3, 3, 3, 3, 3], { shard, page, last: page === 3 }),
    );
    await Promise.all([
      ...pages.map((it) => store.freezePage(it)),
      store.eraseUser(`user ${page}`, NOW),
    ]);
    chunkIds.push(...pages.flatMap((it) => it.chunks.map((chunk) => chunk.id)));
  }
  // as many in each second as a campaign sends alone
  clock.now += 10_000;
  const closed = await each(chunkIds, 4, (it) => {
    clock.now += 80;
    return send(store, it);
  });
  assert.equal(closed.filter(Boolean).length, 1);
  assert.equal(seen.aborted, 0, JSON.stringify([...seen.written].filter(([, it]) => it > 6)));
  const { recipients, accepted, failed } = await store.counts(id);
  assert.deepEqual([recipients, accepted, failed], [120, 80, 40]);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
});

test('many shards that close together write their campaign a few times', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const id = await running(store, 40);
  const pages = Array.from({ length: 40 }, (_, shard) => pageOf(id, [3], { shard, last: true }));
  await each(pages, 10, (it) => store.freezePage(it));
  const seen = contended(proxy, () => NOW);
  const closed = await each(pages, 40, (it) => send(store, it.chunks[0]!.id));
  assert.equal(closed.filter(Boolean).length, 1);
  assert.deepEqual(
    [...seen.written].filter(([, it]) => it > 8),
    [],
  );
  assert.equal((await store.getCampaign(id))?.state, 'completed');
});
