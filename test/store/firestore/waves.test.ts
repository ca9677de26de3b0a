/** What Firestore alone can get wrong of waves: many shards in one write, and what finding things reads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import { entriesOf } from '../../../functions/model/canonical/entries.ts';
import { zones } from '../../../functions/model/canonical/tables.ts';
import type { ShardWave } from '../../../functions/model/chunk.ts';
import type { PlannedShard, Store } from '../../../functions/ports/ports.ts';
import {
  campaignOf,
  chunkOf,
  EVERYBODY,
  leaseOf,
  NOW,
  pageOf,
  person,
} from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { takeCosts } from './costs.ts';
import { openStore, openThroughProxy } from './emulated.ts';
import { fill, openDocuments } from './pages/paged.ts';

const skip = withoutEmulators('firestore');

const HOUR = 60 * 60 * 1000;
const ZONES = entriesOf(zones).map(([name]) => name!);

const waveOf = (index: number, zones: ShardWave['zones'], of = 1, part = 0): ShardWave => ({
  index,
  of,
  part,
  zones,
  at: NOW + index * HOUR,
  isHeld: false,
  isLate: false,
});

/** Waves of `of` shards each, `canary` of them one more, and the shard of movers. */
function shardsOf(waves: number, of: number, zonesOf: (wave: number) => string[], canary = 0) {
  const shards: PlannedShard[] = [];
  const sizes = [];
  for (let index = 0; index < waves; index++) {
    const width = BUCKETS / of;
    const ranges = Array.from({ length: of }, (_, i) => ({ from: width * i, to: width * (i + 1) }));
    if (index === 0 && canary > 0) {
      ranges[0]!.from = canary;
      ranges.unshift({ from: 0, to: canary });
    }
    sizes.push({ at: NOW + index * HOUR, shards: ranges.length });
    for (const [part, range] of ranges.entries())
      shards.push({
        ...range,
        wave: waveOf(index, { in: zonesOf(index) }, ranges.length, part),
      });
  }
  shards.push({ ...EVERYBODY, wave: waveOf(waves, 'movers') });
  return { shards, waves: sizes };
}

async function started(store: Store, planned: ReturnType<typeof shardsOf>, canary = false) {
  const campaign = campaignOf(canary ? { canary: { percent: 1, maxFailures: 1 } as never } : {});
  await store.createCampaign(campaign, null, NOW);
  assert.ok(await store.startCampaign({ ...planned, id: campaign.id, dueAt: NOW, at: NOW }));
  return campaign.id;
}

test('forty waves of sixteen shards, each with sixty zones, begin in one write', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const planned = shardsOf(40, 16, (wave) => ZONES.slice(wave, wave + 60));
  const id = await started(store, planned);
  const shards = await store.listShards(id);
  assert.deepEqual(
    shards.map(({ from, to, wave }) => ({ from, to, wave })),
    planned.shards,
  );
  assert.deepEqual((await store.getCampaign(id))?.waves, planned.waves);
});

test('a version that knows no waves freezes no page of one', { skip }, async (t) => {
  const project = freshProject();
  const store = openStore(t, undefined, { project });
  const db = openDocuments(t, project);
  const id = await started(
    store,
    shardsOf(2, 1, () => ['Asia/Tokyo']),
  );
  const other = campaignOf();
  await store.createCampaign(other, null, NOW);
  await store.startCampaign({ id: other.id, shards: [EVERYBODY], dueAt: NOW, at: NOW });
  // it reads the shard when it begins to plan, and compares what it has read then with it before it writes
  const isAsBefore = async (campaign: string) => {
    const read = async () => (await db.doc(`shards/${campaign}~00000`).get()).get('pages');
    const planned = await read();
    return planned === (await read());
  };
  assert.deepEqual([await isAsBefore(id), await isAsBefore(other.id)], [false, true]);
  for (const page of [0, 1]) {
    assert.equal((await store.getShard(id, 0))?.pages, page);
    assert.equal((await store.freezePage(pageOf(id, [3], { page }))).kind, 'frozen');
    assert.equal((await store.freezePage(pageOf(id, [3], { page }))).kind, 'stale');
    assert.equal(await isAsBefore(id), false);
  }
});

test('the zones of an app cost a read for each, and two beside other apps', { skip }, async (t) => {
  const project = freshProject();
  const { store, proxy } = await openThroughProxy(t, { project });
  const db = openDocuments(t, project);
  const inZones = (app: string, names: string[]) =>
    Array.from({ length: 2 * names.length }, (_, n) => {
      const optedOut = n % 7 === 0 ? { optedOut: true } : {};
      return person(`device-${n}`, { app, timeZone: names[n % names.length], ...optedOut });
    });
  const wanted = ZONES.filter((_, i) => i % 10 === 0);
  // one begins with the other; a name of before, and no name at all
  const odd = ['Etc/GMT+1', 'Etc/GMT+10', 'Asia/Calcutta', 'Mars/Olympus'];
  const all = [...new Set([...wanted, ...odd])].toSorted();
  await fill(db, [...inZones('default', all), person('zoneless')]);
  takeCosts(proxy);
  assert.deepEqual((await store.zonesOf('default')).toSorted(), all);
  const alone = takeCosts(proxy).reads.installations!;
  assert.equal(alone, all.length + 8);
  for (const app of ['a', 'default~', 'zoo'])
    await fill(db, inZones(app, [...wanted, 'Pacific/Chatham', 'Africa/Abidjan']));
  assert.deepEqual((await store.zonesOf('default')).toSorted(), all);
  assert.ok(takeCosts(proxy).reads.installations! <= 2 * alone + 4);
  assert.deepEqual(await store.zonesOf('nothing'), []);
  assert.equal((await store.zonesOf('zoo')).length, new Set([...wanted, 'Pacific/Chatham']).size);
  t.diagnostic(`${all.length} zones: ${alone} reads`);
});

const byBucket = (a: string, b: string) => bucketOf(a) - bucketOf(b);

/** Freezes a chunk to these devices as the next page of the shard of that wave in which the first lies. */
async function freezeTo(
  store: Store,
  { id, shards }: { id: string; shards: PlannedShard[] },
  wave: number,
  ids: string[],
) {
  const bucket = bucketOf(ids[0]!);
  const shard = shards.findIndex(
    (it) => it.wave!.index === wave && bucket >= it.from && bucket < it.to,
  );
  const { pages: page } = (await store.getShard(id, shard))!;
  const recipients = ids.map((it) => ({ installationId: it, token: `token-of-${it}` }));
  const chunk = { ...chunkOf(id, [shard, page, 0], 0), recipients };
  await store.freezePage({ ...pageOf(id, [], { shard, page }), chunks: [chunk] });
  return chunk.id;
}

for (const canary of [0, BUCKETS / 100])
  test(`a device is found in each wave that has it, and erased there${canary ? ', beside a canary' : ''}`, {
    skip,
  }, async (t) => {
    const store = openStore(t);
    const planned = shardsOf(5, 4, () => ['Asia/Tokyo'], canary);
    const id = await started(store, planned, canary > 0);
    const it = { id, shards: planned.shards };
    const phone = person('phone', { userId: 'ada' });
    await store.putInstallations([phone]);
    const near = ['device-1', 'device-2'];
    const chunks = [];
    for (const wave of [0, 2, 4, 5])
      for (const one of [...near, ...(wave > 0 ? [phone.id] : [])].toSorted(byBucket)) {
        const chunk = await freezeTo(store, it, wave, [one]);
        if (one === phone.id) chunks.push(chunk);
      }
    const campaign = (await store.getCampaign(id))!;
    const sought = { installationId: phone.id, token: null, userId: null, listedBy: null };
    const { recipients, shards } = await store.findRecipient(campaign, sought);
    assert.deepEqual(recipients.map((one) => one.chunkId).toSorted(), chunks.toSorted());
    assert.equal(shards.length, 6, 'one of each wave, and that of movers');
    for (let after: string | null = null; ; ) {
      const { next } = await store.eraseUser('ada', NOW + 1, after);
      if (next === null) break;
      after = next;
    }
    for (const chunk of chunks)
      assert.equal((await store.claimChunk(chunk, leaseOf('mine'), NOW + 2)).kind, 'done');
    assert.equal((await store.counts(id)).skipped, chunks.length);
    const all = [0, 1, 2, 3, 4, 5];
    assert.deepEqual(await store.frozenAmong(id, [phone.id, ...near], all), new Set(near));
  });

test('which are frozen costs a read of the campaign and two for each wave, once for all pages of a wave', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const planned = shardsOf(20, 2, () => ['Asia/Tokyo']);
  const id = await started(store, planned);
  const it = { id, shards: planned.shards };
  const ids = Array.from({ length: 400 }, (_, n) => `device-${n}`)
    .filter((one) => bucketOf(one) < BUCKETS / 2)
    .toSorted(byBucket);
  const isOf = (wave: number) => (_: string, i: number) => i % 20 === wave;
  const before = Array.from({ length: 10 }, (_, wave) => wave);
  for (const wave of before) {
    await freezeTo(store, it, wave, ids.filter(isOf(wave)));
    await store.freezePage(pageOf(id, [], { shard: 2 * wave, page: 1, last: true }));
  }
  takeCosts(proxy);
  const frozenOf = async (some: string[]) => {
    const frozen = await store.frozenAmong(id, some, before);
    assert.deepEqual(frozen, new Set(some.filter((one) => ids.indexOf(one) % 20 < 10)));
    return takeCosts(proxy).reads;
  };
  // the last page of each shard has no recipient
  assert.deepEqual(await frozenOf(ids), { campaigns: 1, shards: 10, recipients: 20 });
  for (const page of [ids.slice(0, 90), ids.slice(90, 91), ids.slice(91)])
    assert.deepEqual(await frozenOf(page), {});
});
