import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { Shard, ShardWave } from '../../../functions/model/chunk.ts';
import type { Reached } from '../../../functions/model/installation.ts';
import {
  aloneUntil,
  movedSince,
  moversWaitUntil,
  withoutMovers,
} from '../../../functions/pipeline/plan/movers.ts';
import type { Store } from '../../../functions/ports/ports.ts';

const [MINUTE, DAY] = [60_000, 86_400_000];
const campaign = (rest: object = {}) => ({ id: 'c', createdAt: 5 * DAY, ...rest }) as Campaign;
const shard = (index: number, at?: number, zones: object | string = { in: [] }) =>
  ({ campaignId: 'c', index, ...(at && { wave: { at, index, zones } as ShardWave }) }) as Shard;
const storeOf = (it: Partial<Store>) => it as Store;

test('a mover has changed its zone since a day before its campaign', () => {
  assert.equal(movedSince(campaign()), 4 * DAY);
  assert.equal(movedSince(campaign({ schedule: { at: 7 * DAY } })), 6 * DAY);
});

test('no other wave is under way until six minutes before the next of them', async () => {
  const until = (...open: Shard[]) =>
    aloneUntil({ store: storeOf({ openShards: async () => open }) }, shard(1, 20 * MINUTE));
  const movers = shard(4, 10 * MINUTE, 'movers');
  const own = shard(1, 20 * MINUTE);
  const others = [shard(2, 90 * MINUTE), shard(3, 60 * MINUTE), shard(5)];
  assert.equal(await until(own, ...others, movers), 54 * MINUTE);
  assert.equal(await until(own, movers), Number.POSITIVE_INFINITY);
});

test('a wave sends to movers only while it is alone, and to none that is frozen', async () => {
  const person = (id: string, movedAt?: number) => ({ id, movedAt }) as Reached;
  const [stays, moved, early] = [person('a'), person('b', 4 * DAY), person('c', 4 * DAY - 1)];
  const sent = async (until: number, frozen: string[], installations = [stays, moved, early]) => {
    const frozenAmong: Store['frozenAmong'] = async (_, ids) =>
      new Set(ids.filter((it) => frozen.includes(it)));
    const ports = { store: storeOf({ frozenAmong }), now: () => MINUTE };
    const page = { installations, until: async () => until };
    return (await withoutMovers(ports, campaign(), page)).map((it) => it.id).join('');
  };
  assert.equal(await sent(MINUTE + 1, []), 'abc');
  assert.equal(await sent(MINUTE + 1, ['a', 'b', 'c']), 'ac');
  assert.equal(await sent(MINUTE, []), 'ac');
  const page = { installations: [stays], until: () => assert.fail('asked for no mover') };
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
