/** The part of the store's contract that is about waves: their shards, and what is frozen of them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cap } from '../../functions/model/app-policy.ts';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { NewChunk, ShardWave } from '../../functions/model/chunk.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import { cutWaves } from '../../functions/pipeline/plan/cut.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  chunkOf,
  claimed,
  EVERYBODY,
  finish,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';

const HOUR = 60 * MINUTE;
const DUE = NOW + 15 * MINUTE;

const waveOf = (index: number, at: number, rest: Partial<ShardWave> = {}): ShardWave => ({
  index,
  of: 1,
  part: 0,
  at,
  isHeld: false,
  isLate: false,
  zones: { in: [`Zone/${index}`] },
  ...rest,
});

const HALVES = [
  { from: 0, to: BUCKETS / 2 },
  { from: BUCKETS / 2, to: BUCKETS },
];

/** Two waves of two shards each, and the shard of those that move. */
const waves: ShardWave[] = [
  waveOf(0, NOW - HOUR, { of: 2, part: 0, isLate: true }),
  waveOf(0, NOW - HOUR, { of: 2, part: 1, isLate: true }),
  waveOf(1, NOW + 9 * HOUR, { of: 2, part: 0, isHeld: true, zones: { except: ['Zone/0'] } }),
  waveOf(1, NOW + 9 * HOUR, { of: 2, part: 1, isHeld: true, zones: { except: ['Zone/0'] } }),
  waveOf(2, NOW + 9 * HOUR, { zones: 'movers' }),
];
const ranges = [...HALVES, ...HALVES, EVERYBODY];
const shards = waves.map((wave, index) => ({ ...ranges[index]!, wave }));
const ofCampaign = [
  { at: NOW - HOUR, shards: 2 },
  { at: NOW + 9 * HOUR, shards: 2 },
];

/** A campaign that runs in those waves, nothing of it frozen. */
async function inWaves(store: Store) {
  const { id } = campaignOf();
  await store.createCampaign(campaignOf({ id }), null, DUE);
  assert.ok(await store.startCampaign({ id, shards, waves: ofCampaign, dueAt: DUE, at: NOW }));
  return id;
}

/** A chunk to these devices. */
const chunkTo = (
  campaignId: string,
  place: [number, number, number],
  ids: string[],
  rest: Partial<NewChunk> = {},
): NewChunk => ({
  ...chunkOf(campaignId, place, 0, rest),
  recipients: ids.map((id) => ({ installationId: id, token: `token-of-${id}`, badge: 1 })),
});

async function stateOf(store: Store, campaignId: string, installationId: string) {
  const device = { installationId, token: null, userId: null, listedBy: null };
  const campaign = (await store.getCampaign(campaignId))!;
  return (await store.findRecipient(campaign, device)).recipients.map((it) => it.state);
}

export function waveContract(name: string, makeStore: MakeStore) {
  test(`${name}: a campaign keeps its waves, and each shard says to which it belongs`, async (t) => {
    const store = await makeStore(t);
    const id = await inWaves(store);
    assert.deepEqual((await store.getCampaign(id))?.waves, ofCampaign);
    const all = await store.listShards(id);
    assert.deepEqual(
      all.map(({ index, from, to, wave }) => ({ index, from, to, wave })),
      shards.map((it, index) => ({ index, ...it })),
    );
    assert.deepEqual(await store.openShards(id), all);
    assert.deepEqual(await store.getShard(id, 3), all[3]);
    await store.freezePage(pageOf(id, [2], { shard: 1, last: true }));
    assert.deepEqual((await store.getShard(id, 1))?.wave, waves[1]);

    const plain = await running(store);
    assert.ok(!('waves' in (await store.getCampaign(plain))!));
    assert.ok(!('wave' in (await store.getShard(plain, 0))!));
  });

  test(`${name}: waves of a campaign that is being cancelled are kept, too`, async (t) => {
    const store = await makeStore(t);
    const { id } = campaignOf();
    await store.createCampaign(campaignOf({ id }), null, DUE);
    await store.moveCampaign({ id, from: ['accepted'], to: 'cancelling', reason: null, at: NOW });
    assert.ok(await store.startCampaign({ id, shards, waves: ofCampaign, dueAt: DUE, at: NOW }));
    const campaign = (await store.getCampaign(id))!;
    assert.deepEqual([campaign.state, campaign.waves], ['cancelling', ofCampaign]);
    for (const shard of shards.keys())
      await store.freezePage(pageOf(id, [], { shard, last: true }));
    assert.equal((await store.getCampaign(id))?.state, 'cancelled');
  });

  test(`${name}: a shard is not overdue before its wave is lost`, async (t) => {
    const store = await makeStore(t);
    const id = await inWaves(store);
    const taken = async (now: number) =>
      (await store.takeOverdue(now, now + HOUR, 100))
        .flatMap((it) => (it.kind === 'shard' && it.campaignId === id ? [it.shard] : []))
        .sort();
    const lost = NOW + 9 * HOUR + LOST_AFTER_MS;
    assert.deepEqual(await taken(DUE - 1), []);
    assert.deepEqual(await taken(DUE), [0, 1]);
    for (const shard of [0, 1]) await store.freezePage(pageOf(id, [], { shard, last: true }));
    assert.deepEqual(await taken(lost - 1), []);
    assert.deepEqual(await taken(lost), [2, 3, 4]);
  });

  test(`${name}: who is late is in the ledger as skipped, and nothing else is kept of them`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const first = await running(store);
    const frozen = await store.freezePage({
      ...pageOf(first, [], { last: true, caps }),
      chunks: [
        chunkTo(first, [0, 0, 0], ['ada', 'ben'], { isLate: true }),
        chunkTo(first, [0, 0, 1], ['cid']),
        chunkTo(first, [0, 0, 2], ['dan'], { isLate: true, provider: 'apns' }),
      ],
    });
    const settled = [`${first}.0.0.0`, `${first}.0.0.2`];
    assert.deepEqual(frozen, { kind: 'frozen', campaignClosed: false, settled });
    const counts = await store.counts(first);
    const { recipients, skipped, skippedBy } = counts;
    assert.deepEqual([recipients, skipped, skippedBy], [4, 3, { late: 3 }]);
    assert.deepEqual((await store.getShard(first, 0))?.counts, counts);
    for (const it of settled)
      assert.equal((await store.claimChunk(it, leaseOf('a'), NOW)).kind, 'done');
    assert.deepEqual(await stateOf(store, first, 'ben'), ['late']);
    assert.deepEqual(await stateOf(store, first, 'cid'), ['open']);
    await finish(store, `${first}.0.0.1`);
    const closed = (await store.getCampaign(first))!;
    assert.equal(closed.state, 'completed');
    const sums = { recipients: 4, accepted: 1, failed: 0, skipped: 3, skippedBy: { late: 3 } };
    assert.deepEqual(closed.sums, sums);

    // no push was reserved to them, and no badge of theirs was counted up
    const second = await running(store);
    await store.freezePage({
      ...pageOf(second, [], { last: true, caps }),
      chunks: [
        chunkTo(second, [0, 0, 0], ['ada', 'ben', 'cid']),
        chunkTo(second, [0, 0, 1], ['dan', 'eve'], { isLate: true }),
      ],
    });
    const { chunk } = claimed(await store.claimChunk(`${second}.0.0.0`, leaseOf('a'), NOW));
    const open = chunk.open.map((it) => chunk.recipients[it]!);
    assert.deepEqual(
      open.map((it) => [it.installationId, it.badge]),
      [
        ['ada', 1],
        ['ben', 1],
      ],
    );
    const both = await store.counts(second);
    assert.deepEqual([both.skipped, both.skippedBy], [3, { capped: 1, late: 2 }]);
  });

  test(`${name}: a page with none but late recipients closes its campaign`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const page = { chunk: { isLate: true }, last: true };
    const frozen = await store.freezePage(pageOf(id, [3, 2], page));
    const settled = [`${id}.0.0.0`, `${id}.0.0.1`];
    assert.deepEqual(frozen, { kind: 'frozen', campaignClosed: true, settled });
    assert.deepEqual((await store.freezePage(pageOf(id, [3, 2], page))).kind, 'stale');
    const { state, sums } = (await store.getCampaign(id))!;
    assert.deepEqual([state, sums?.recipients, sums?.skippedBy], ['completed', 5, { late: 5 }]);
    const opened: unknown[] = [];
    for await (const it of store.openChunks(id, null)) opened.push(...it);
    assert.deepEqual(opened, []);
  });

  test(`${name}: recipients that wait for the end of quiet hours are counted, with the last end`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 2);
    const heldOf = async () => {
      const { held, heldUntil } = await store.counts(id);
      return [held, heldUntil];
    };
    assert.ok(!('held' in (await store.counts(id))));
    await store.freezePage(pageOf(id, [3], { page: 0, chunk: { heldUntil: NOW + 50 } }));
    await store.freezePage(pageOf(id, [2], { page: 1, chunk: { heldUntil: NOW + 20 } }));
    assert.deepEqual(await heldOf(), [5, NOW + 50]);
    await store.freezePage(pageOf(id, [4], { page: 2 }));
    assert.deepEqual(await heldOf(), [5, NOW + 50]);
    const { counts } = (await store.getShard(id, 0))!;
    assert.deepEqual([counts.held, counts.heldUntil], [5, NOW + 50]);
    const other = { shard: 1, chunk: { heldUntil: NOW + 90 } };
    await store.freezePage(pageOf(id, [4], other));
    assert.equal((await store.freezePage(pageOf(id, [4], other))).kind, 'stale');
    assert.deepEqual(await heldOf(), [9, NOW + 90]);
    const [shard] = await store.openShards(id);
    assert.equal(shard?.counts.held, 5);
  });

  test(`${name}: recipients over a cap wait for nothing`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const frozen = async (ids: string[], held: number) => {
      const id = await running(store);
      const until = NOW + HOUR;
      await store.freezePage({
        ...pageOf(id, [], { last: true, caps }),
        chunks: [
          chunkTo(id, [0, 0, 0], ids.slice(0, held), { heldUntil: until, notBefore: until }),
          chunkTo(id, [0, 0, 1], ids.slice(held)),
        ],
      });
      const { held: waiting, heldUntil, skippedBy } = await store.counts(id);
      return [waiting, heldUntil, skippedBy?.capped];
    };
    assert.deepEqual(await frozen(['ada', 'ben', 'cid'], 2), [2, NOW + HOUR, undefined]);
    assert.deepEqual(await frozen(['ada', 'dan', 'eve', 'ben'], 3), [2, NOW + HOUR, 2]);
    assert.deepEqual(await frozen(['ada', 'ben', 'fay'], 2), [undefined, undefined, 2]);
    // of two turns of a page, those of the later one are over it
    const id = await running(store);
    await store.freezePage({
      ...pageOf(id, [], { last: true, caps }),
      chunks: [
        chunkTo(id, [0, 0, 0], ['gil'], { heldUntil: NOW + HOUR }),
        chunkTo(id, [0, 0, 1], ['ada'], { heldUntil: NOW + 2 * HOUR }),
      ],
    });
    const { held, heldUntil } = await store.counts(id);
    assert.deepEqual([held, heldUntil], [1, NOW + HOUR]);
  });

  test(`${name}: what a campaign has frozen of some installations is known, whatever became of them`, async (t) => {
    const store = await makeStore(t);
    const id = await inWaves(store);
    const device = (n: number) => `device-${n}`;
    const all = Array.from({ length: 3_000 }, (_, n) => device(n));
    // two of three are in waves, in pages of 97 and chunks of 40; some of the rest move
    const inWave = (n: number) => all.filter((_, i) => i % 3 === n);
    const frozen = new Map<string, number>();
    const freezeIn = async (shard: number, ids: string[], chunk: Partial<NewChunk> = {}) => {
      const { from, to } = ranges[shard]!;
      const mine = ids
        .filter((it) => bucketOf(it) >= from && bucketOf(it) < to)
        .sort((a, b) => bucketOf(a) - bucketOf(b));
      let page = 0;
      for (; page * 97 < mine.length; page++) {
        const some = mine.slice(page * 97, (page + 1) * 97);
        const parts = [0, 1, 2].map((part) => some.filter((_, i) => i % 3 === part));
        const chunks = parts
          .filter((it) => it.length > 0)
          .map((it, part) => chunkTo(id, [shard, page, part], it, chunk));
        const result = await store.freezePage({ ...pageOf(id, [], { shard, page }), chunks });
        assert.equal(result.kind, 'frozen');
        for (const it of some) frozen.set(it, waves[shard]!.index);
      }
      await store.freezePage(pageOf(id, [], { shard, page, last: true }));
    };
    const check = async (ids: string[], ...of: number[]) => {
      const isIn = (it: string) => frozen.has(it) && of.includes(frozen.get(it)!);
      const expected = ids.filter(isIn).sort();
      assert.deepEqual([...(await store.frozenAmong(id, ids, of))].sort(), expected);
    };
    const strangers = ['stranger', 'device-', 'device-1 ', 'evice-1', 'device-30000'];
    await check(all.slice(0, 50));
    await freezeIn(0, inWave(0), { isLate: true });
    await freezeIn(1, inWave(0), { isLate: true });
    await check(all, 0);
    await check(all);
    await freezeIn(2, inWave(1));
    await freezeIn(3, inWave(1));
    await check(all, 0, 1);
    await check(all, 0);
    await check(all, 1);
    await freezeIn(4, inWave(2).slice(0, 20));
    await finish(store, `${id}.2.0.0`);
    await check([...all, ...strangers], 0, 1, 2);
    await check(all, 2);
    await check(strangers, 0, 1, 2);
    await check([], 0, 1, 2);
    for (let n = 0; n < 60; n++) await check([device(n), ...strangers], n % 3, 2);
    for (const size of [5, 18, 300]) await check(all.slice(700, 700 + size), 0, 1, 2);
    assert.deepEqual(await store.frozenAmong(await inWaves(store), all, []), new Set());
    assert.deepEqual(await store.frozenAmong('nowhere', ['device-1'], [0]), new Set());
  });

  for (const percent of [undefined, 10, 60])
    test(`${name}: a user is found, told and erased in each wave of a campaign with a canary of ${percent} %`, async (t) => {
      const store = await makeStore(t);
      const turns = [0, 1, 2].map((n) => ({
        at: NOW + n * HOUR,
        isHeld: false,
        isLate: n === 0,
        zones: { in: [`Zone/${n}`] },
      }));
      const size = 300_000;
      const cuts = cutWaves(turns, { whole: size, sizes: turns.map(() => size), percent });
      const canary = percent && { percent, holdSeconds: 0, maxFailureRate: 0.5 };
      const campaign = campaignOf({ ...(canary && { canary }), createdAt: NOW });
      const { id } = campaign;
      await store.createCampaign(campaign, null, DUE);
      assert.ok(await store.startCampaign({ id, ...cuts, dueAt: DUE, at: NOW }));
      const devices = Array.from({ length: 60 }, (_, n) => `device-${n}`);
      const userOf = (n: number) => (n % 3 === 0 ? 'ada' : `user-${n}`);
      await store.putInstallations(devices.map((it, n) => person(it, { userId: userOf(n) })));
      // the fourth wave is that of those who move
      const waveOfDevice = (it: string) => devices.indexOf(it) % 4;
      for (const [shard, { from, to, wave }] of cuts.shards.entries()) {
        const mine = devices
          .filter((it) => bucketOf(it) >= from && bucketOf(it) < to)
          .filter((it) => Math.min(3, wave!.index) === waveOfDevice(it))
          .sort((a, b) => bucketOf(a) - bucketOf(b));
        const chunks = mine.length > 0 ? [chunkTo(id, [shard, 0, 0], mine)] : [];
        const frozen = await store.freezePage({ ...pageOf(id, [], { shard, last: true }), chunks });
        assert.equal(frozen.kind, 'frozen');
      }
      assert.deepEqual((await store.frozenAmong(id, devices, [0, 1, 2, 3])).size, devices.length);
      for (const it of devices.slice(0, 12))
        assert.deepEqual(await stateOf(store, id, it), ['open'], it);
      const told: string[] = [];
      for await (const page of store.readUser('ada'))
        told.push(...page.flatMap((it) => (it.kind === 'recipient' ? it.installationId : [])));
      const theirs = devices.filter((_, n) => userOf(n) === 'ada');
      assert.deepEqual(told.sort(), theirs.sort());
      assert.equal((await store.eraseUser('ada', NOW)).recipients, theirs.length);
      const { recipients, skipped } = await store.counts(id);
      assert.deepEqual([recipients, skipped], [devices.length, theirs.length]);
    });
}
