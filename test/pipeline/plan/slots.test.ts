import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Campaign, noCounts } from '../../../functions/model/campaign.ts';
import type { Shard, ShardWave } from '../../../functions/model/chunk.ts';
import { slotsBegin, slotsOf } from '../../../functions/pipeline/plan/slots.ts';
import type { Store } from '../../../functions/ports/ports.ts';

const MINUTE = 60_000;
const ada = { installationId: 'ada', token: '-' };

test('a chunk leaves when what is before it has left at its share of the rate', () => {
  const wave = { of: 4, part: 1 } as ShardWave;
  for (const [perMinute, index, of, size, first, later] of [
    [600, 0, undefined, 50, 0, MINUTE],
    [600, 1, undefined, 50, 5_000, 5_000 + MINUTE],
    [1_200, 1, wave, 50, 2_500, 2_500 + MINUTE],
    [2, 0, undefined, 1, 0, 300 * MINUTE],
  ] as const) {
    const slots = slotsOf({ shards: 2 }, perMinute, { index, wave: of }, 1_000);
    const named = `${perMinute} a minute in shard ${index}`;
    assert.deepEqual(
      [slots.size, slots.at(0, ada), slots.at(300, ada)],
      [size, 1_000 + first, 1_000 + later],
      named,
    );
    assert.equal(slots.at(0, ada, 9_000), 9_000 + first, named);
    assert.equal(slots.at(0, ada, 500), 1_000 + first, named);
  }
});

test('the slots of a wave begin with it, or when those of the waves before have ended', async () => {
  const shardOf = (index: number, at: number, recipients: number, isLate = false) =>
    ({
      wave: { index, at, isLate },
      counts: { ...noCounts(), recipients },
    }) as Shard;
  const before = [
    shardOf(1, 10 * MINUTE, 500),
    shardOf(0, 2 * MINUTE, 300),
    shardOf(0, 2 * MINUTE, 200),
    shardOf(2, 20 * MINUTE, 9_000),
    shardOf(0, 2 * MINUTE, 9_000, true),
    {} as Shard,
  ];
  const store = { listShards: async () => before } as Partial<Store> as Store;
  const campaign = { createdAt: MINUTE, rate: { perMinute: 100 } } as Campaign;
  const begin = async (it: Campaign, wave?: Partial<ShardWave>) =>
    (await slotsBegin({ store }, it, { wave: wave as ShardWave })) / MINUTE;
  assert.equal(await begin(campaign, { index: 2, at: 11 * MINUTE }), 15);
  assert.equal(await begin(campaign, { index: 2, at: 20 * MINUTE }), 20);
  assert.equal(await begin(campaign, { index: 1, at: 3 * MINUTE }), 7);
  assert.equal(await begin(campaign, { index: 0, at: 3 * MINUTE }), 3);
  assert.equal(await begin(campaign), 1);
  assert.equal(await begin({ createdAt: MINUTE } as Campaign, { index: 2, at: 11 * MINUTE }), 1);
});
