import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Campaign, noCounts, sumsOf } from '../../functions/model/campaign.ts';
import type { Shard, ShardWave } from '../../functions/model/chunk.ts';
import { standingOf, talliedOf } from '../../functions/pipeline/waves.ts';

const MINUTE = 60_000;
/** Shards of a wave that is planned a minute before its tenth, and of it whatever else is said. */
const shard = (rest: Partial<Shard> = {}, wave: Partial<ShardWave> = {}) =>
  ({
    pages: 0,
    planned: false,
    plannedAt: null,
    chunks: 0,
    chunksDone: 0,
    counts: { ...noCounts(), recipients: 2 },
    wave: { at: 10 * MINUTE, isHeld: true, isLate: false, zones: { in: ['a'] }, index: 0, ...wave },
    ...rest,
  }) as Shard;
const planned = (chunks: number, chunksDone: number, plannedAt = 9 * MINUTE) =>
  shard({ planned: true, pages: 1, chunks, chunksDone, plannedAt });
const readerOf = (...shards: Shard[]) => ({
  listShards: async () => shards,
  counts: async () => ({ ...noCounts(), recipients: 7 }),
});
const campaign = { id: 'c', waves: [{ at: 10 * MINUTE, shards: 2, size: 5 }] } as Campaign;

test('how far a wave is follows from its shards', async () => {
  for (const [shards, state] of [
    [[shard(), shard()], 'waiting'],
    [[shard(), shard({ pages: 1 })], 'planning'],
    [[shard(), planned(1, 1)], 'planning'],
    [[planned(1, 1), planned(2, 1)], 'sending'],
    [[planned(1, 1), planned(2, 2)], 'done'],
    // a clock that is a minute behind is none of a planner that closed it unread
    [[planned(0, 0, 8 * MINUTE)], 'done'],
    [[planned(0, 0, 8 * MINUTE - 1)], 'cancelled'],
    [[planned(0, 0, 1), planned(1, 1, 1)], 'done'],
  ] as const) {
    const { waves } = await talliedOf(readerOf(...shards), campaign);
    assert.deepEqual(
      waves.map((it) => it.state),
      [state],
    );
  }
});

test('waves come in their order, that of movers last, with sums of their own and of all', async () => {
  const all = readerOf(
    shard({}, { at: MINUTE, index: 2, zones: 'movers' }),
    shard(),
    shard(),
    shard({}, { at: 9 * MINUTE, index: 1 }),
    shard({ wave: undefined }),
  );
  const { waves, counts } = await standingOf(all, campaign);
  const { counts: _, size: __, ...wave } = waves[1]!;
  assert.deepEqual(wave, {
    at: 10 * MINUTE,
    isHeld: true,
    isLate: false,
    zones: { in: ['a'] },
    state: 'waiting',
  });
  assert.deepEqual(
    waves.map((it) => [it.at / MINUTE, it.counts.recipients, it.size]),
    [
      [9, 2, undefined],
      [10, 4, 5],
      [1, 2, undefined],
    ],
  );
  assert.equal(counts.recipients, 10);
  const sums = sumsOf({ ...noCounts(), recipients: 3 });
  assert.equal((await standingOf(all, { ...campaign, sums })).counts.recipients, 3);
  for (const it of [
    await standingOf(all, { id: 'c' } as Campaign),
    await talliedOf(all, { id: 'c' }),
  ])
    assert.deepEqual([it.counts.recipients, it.waves], [7, []]);
});
