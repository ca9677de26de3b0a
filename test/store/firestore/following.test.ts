/** A process that follows a campaign reads what does not change any more once, and counts right. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../../functions/ports/ports.ts';
import {
  chance,
  claimed,
  commitOf,
  finish,
  leaseOf,
  NOW,
  pageOf,
  running,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts } from './costs.ts';
import { openThroughProxy } from './emulated.ts';

const skip = withoutEmulators('firestore');

/** Sizes of chunks with a recipient each. */
const ones = (chunks: number): number[] => Array(chunks).fill(1);

test('counters of which all chunks have ended are read once', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  // of two shards each has 16 counters: the first four of shard 0 get two chunks, all others one
  const id = await running(store, 2);
  await store.freezePage(pageOf(id, ones(20)));
  await store.freezePage(pageOf(id, ones(3), { shard: 1 }));
  let ended = 0;
  const finishAll = async (shard: number, chunks: number[]) => {
    for (const it of chunks) await finish(store, `${id}.${shard}.0.${it}`);
    ended += chunks.length;
  };
  /** Counters read; a query that finds none is one. */
  const look = async () => {
    takeCosts(proxy);
    const { recipients, accepted } = await store.counts(id);
    assert.deepEqual({ recipients, accepted }, { recipients: 23, accepted: ended });
    const { counters, ...others } = takeCosts(proxy).reads;
    assert.deepEqual(others, { shards: 2 });
    return counters;
  };

  await finishAll(0, [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  assert.equal(await look(), 12);
  assert.equal(await look(), 12, 'more chunks may be frozen');
  await store.freezePage(pageOf(id, [], { page: 1, last: true }));
  assert.equal(await look(), 12);
  assert.equal(await look(), 2, 'in front of the final ones, and behind them');
  await finishAll(0, [0]);
  assert.equal(await look(), 2);
  await finishAll(0, [16]);
  assert.equal(await look(), 2);
  assert.equal(await look(), 2, 'one alone is not left out');
  await finishAll(0, [1, 17]);
  await finishAll(1, [0, 1, 2]);
  assert.equal(await look(), 5);
  assert.equal(
    await look(),
    5,
    'in front, one query for none between, and three of the other shard',
  );
  await finishAll(0, [2, 3, 18]);
  assert.equal(await look(), 6);
  await finishAll(0, [19]);
  assert.equal(await look(), 5, 'the shard is closed, and its counters are deleted');
  assert.equal(await look(), 3);
  await store.freezePage(pageOf(id, [], { shard: 1, page: 1, last: true }));
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  assert.equal(await look(), 1);
});

test('the timeline behind an event that is known costs a read', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const id = await running(store);
  const seqsAfter = async (after: number) => {
    takeCosts(proxy);
    const seqs = (await store.timeline(id, after)).map(({ seq }) => seq);
    return { seqs, reads: takeCosts(proxy).reads };
  };
  assert.deepEqual(await seqsAfter(0), { seqs: [1, 2], reads: { events: 2 } });
  assert.deepEqual(await seqsAfter(1), { seqs: [2], reads: { events: 2 } });
  assert.deepEqual(await seqsAfter(2), { seqs: [], reads: { events: 1 } });
  await store.freezePage(pageOf(id, [], { last: true }));
  assert.deepEqual(await seqsAfter(2), { seqs: [3], reads: { events: 2 } });
});

test('counts are right while shards are planned, sent and closed in any order', {
  skip,
}, async (t) => {
  const SHARDS = 4;
  const { below, pick } = chance(29);
  const { store } = await openThroughProxy(t);
  const id = await running(store, SHARDS);
  const expected = { recipients: 0, accepted: 0, failed: 0 };
  const pages = Array.from({ length: SHARDS }, () => 0);
  const planned = new Set<number>();
  const open: string[] = [];
  const halfSent: string[] = [];

  const freeze = async (shard: number) => {
    const last = pages[shard]! > 1;
    const sizes = last ? [] : Array(5 + below(8)).fill(2);
    const page = pages[shard]!++;
    await store.freezePage(pageOf(id, sizes, { shard, page, last }));
    if (last) planned.add(shard);
    open.push(...sizes.map((_, part) => `${id}.${shard}.${page}.${part}`));
    expected.recipients += 2 * sizes.length;
  };
  /** Of two recipients the first is accepted, and the other left for later. */
  const sendHalf = async (chunkId: string) => {
    const lease = leaseOf(`half-${chunkId}`);
    claimed(await store.claimChunk(chunkId, lease, NOW));
    await store.commitChunk(commitOf(chunkId, lease.id, { accepted: 1, open: [1] }));
    halfSent.push(chunkId);
    expected.accepted += 1;
  };
  const end = async (chunkId: string, failed: number[]) => {
    await finish(store, chunkId, NOW, failed);
    const left = halfSent.includes(chunkId) ? 1 : 2;
    expected.failed += failed.length;
    expected.accepted += left - failed.length;
  };
  const drawn = (from: string[]) => from.splice(below(from.length), 1)[0]!;

  const unplanned = () => pages.flatMap((_, shard) => (planned.has(shard) ? [] : shard));
  while (open.length > 0 || unplanned().length > 0) {
    const kind = below(4);
    if (open.length === 0 || (kind === 0 && unplanned().length > 0))
      await freeze(pick(unplanned()));
    else if (kind === 1 && open.some((it) => !halfSent.includes(it)))
      await sendHalf(pick(open.filter((it) => !halfSent.includes(it))));
    else await end(drawn(open), below(3) === 0 ? [1] : []);
    const { recipients, accepted, failed } = await store.counts(id);
    assert.deepEqual({ recipients, accepted, failed }, expected);
  }
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  assert.deepEqual(await summedUp(store, id), expected);
});

async function summedUp(store: Store, id: string) {
  const sum = { recipients: 0, accepted: 0, failed: 0 };
  for (const { counts } of await store.listShards(id))
    for (const name of ['recipients', 'accepted', 'failed'] as const) sum[name] += counts[name];
  return sum;
}
