import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { Shard, ShardWave } from '../../../functions/model/chunk.ts';
import type { Reached } from '../../../functions/model/installation.ts';
import {
  movedSince,
  moversWaitUntil,
  othersOf,
  withoutMovers,
} from '../../../functions/pipeline/plan/movers.ts';
import type { Store } from '../../../functions/ports/ports.ts';

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const campaign = (rest: object = {}) => ({ id: 'c', createdAt: 5 * DAY, ...rest }) as Campaign;
const shard = (index: number, at?: number, zones: object | string = { in: [] }) =>
  ({ campaignId: 'c', index, ...(at && { wave: { at, index, zones } as ShardWave }) }) as Shard;
const storeOf = (it: Partial<Store>) => it as Store;

test('a mover has changed its zone since an hour before its campaign', () => {
  assert.equal(movedSince(campaign()), 5 * DAY - HOUR);
  assert.equal(movedSince(campaign({ schedule: { at: 7 * DAY } })), 7 * DAY - HOUR);
});

test('no other wave is under way until six minutes before the next of them', async () => {
  const own = shard(1, 20 * MINUTE);
  const waves = [0, 1, 2, 3, 4].map(() => ({ at: 0, shards: 1 }));
  const othersAmong = (...open: Shard[]) =>
    othersOf({ store: storeOf({ openShards: async () => open }) }, campaign({ waves }), own.wave!);
  const movers = shard(4, 10 * MINUTE, 'movers');
  const others = [shard(2, 90 * MINUTE), shard(3, 60 * MINUTE), shard(5)];
  assert.deepEqual(await othersAmong(own, ...others, movers), { until: 54 * MINUTE, planned: [0] });
  const until = Number.POSITIVE_INFINITY;
  assert.deepEqual(await othersAmong(own, movers), { until, planned: [0, 2, 3] });
  assert.deepEqual(await othersAmong(movers), { until, planned: [0, 2, 3] });
});

test('a wave sends to movers only while it is alone, and to none that is frozen', async () => {
  const person = (id: string, movedAt?: number) => ({ id, movedAt }) as Reached;
  const since = 5 * DAY - HOUR;
  const [stays, moved, early] = [person('a'), person('b', since), person('c', since - 1)];
  const sent = async (until: number, frozen: string[], installations = [stays, moved, early]) => {
    const frozenAmong: Store['frozenAmong'] = async (_, ids, waves) => {
      assert.deepEqual(waves, [3]);
      return new Set(ids.filter((it) => frozen.includes(it)));
    };
    const ports = { store: storeOf({ frozenAmong }), now: () => MINUTE };
    const page = { installations, others: async () => ({ until, planned: [3] }) };
    return (await withoutMovers(ports, campaign(), page)).map((it) => it.id).join('');
  };
  assert.equal(await sent(MINUTE + 1, []), 'abc');
  assert.equal(await sent(MINUTE + 1, ['a', 'b', 'c']), 'ac');
  assert.equal(await sent(MINUTE, []), 'ac');
  const page = { installations: [stays], others: () => assert.fail('asked for no mover') };
  const ports = { store: storeOf({}), now: () => 0 };
  assert.deepEqual(await withoutMovers(ports, campaign(), page), [stays]);
});

test('the last shard looks each minute whether all others are planned', async () => {
  const wait = (now: number, ...open: Shard[]) =>
    moversWaitUntil({ store: storeOf({ openShards: async () => open }), now: () => now }, shard(1));
  assert.equal(await wait(0, shard(1)), null);
  assert.equal(await wait(0, shard(0), shard(1)), MINUTE);
  assert.equal(await wait(MINUTE - 1_001, shard(0), shard(1)), MINUTE);
  // a task that comes a second before its time is on time, and the next one needs another name
  assert.equal(await wait(MINUTE - 1_000, shard(0), shard(1)), 2 * MINUTE);
});
