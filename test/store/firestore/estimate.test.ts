/** The documents that `volley estimate` says, beside those that small campaigns are counted to use. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Firestore } from '@google-cloud/firestore';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import { type Campaign, documentsOf } from '../../../functions/model/cost/documents.ts';
import { STORED_BYTES, tasksOf } from '../../../functions/model/cost/estimate.ts';
import type { Outcome } from '../../../functions/model/outcome.ts';
import {
  AUDITED,
  AUDITED_WAVES,
  CHUNK_SIZE,
  QUERY_SIZE,
  shardsFor,
} from '../../../functions/model/sizes.ts';
import { person } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { chance } from '../../http2/chance.ts';
import { takeCosts, total } from './costs.ts';
import { emulator, openStore } from './emulated.ts';
import { oneByOne } from './one-by-one.ts';
import { DAY, openPaged } from './pages/paged.ts';
import { startProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');
/** Documents of a campaign with a TTL policy in firestore.indexes.json. */
const expire = [
  'campaigns',
  'shards',
  'chunks',
  'recipients',
  'failures',
  'events',
  'formerUsers',
  'gone',
];

interface Used {
  reads: number;
  writes: number;
  deletes: number;
  /** chunks that were frozen: those of a shard are of one size */
  chunks: number;
  tasks: number;
}

const GONE: Outcome = { kind: 'unregistered', reason: 'UNREGISTERED', since: null };

const hexadecimal = (length: number, random: ReturnType<typeof chance>) =>
  Array.from({ length }, () => random.upTo(16).toString(16)).join('');

/** Installations with ids and tokens that compress as real ones do. */
function people(count: number) {
  const random = chance(7);
  return Array.from({ length: count }, (_, n) => {
    const id = hexadecimal(32, random);
    const token = hexadecimal(64, random);
    const timeZone = ZONES[n % ZONES.length]!;
    return person(id, { platform: 'ios', token, userId: id.slice(0, 12), timeZone });
  });
}

const ZONES = ['Etc/UTC', 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York'];

async function start(t: TestContext, now?: number) {
  const proxy = await startProxy(emulator);
  const paged = openPaged(t, now === undefined ? {} : { now: () => now }, proxy.host);
  t.after(() => proxy.stop());
  const engine = await oneByOne(t, {}, { store: paged.store, proxy });
  let tasks = 0;
  const { create } = engine.ports.queue;
  engine.ports.queue.create = async (some) => {
    tasks += some.length;
    await create(some);
  };

  /** Runs a campaign to all, in which one in `each` is gone; what it used, and what will expire of it. */
  async function used(
    each = Number.POSITIVE_INFINITY,
    rest: Partial<CampaignRequest> = {},
  ): Promise<Used> {
    takeCosts(proxy);
    tasks = 0;
    engine.script.sent.length = 0;
    engine.script.answer = () =>
      engine.script.sent.length % each === 0 ? GONE : { kind: 'accepted' };
    const id = await engine.campaign({}, rest);
    await engine.run();
    const { reads, writes, deletes } = takeCosts(proxy);
    assert.equal((await paged.store.getCampaign(id))?.state, 'completed');
    const expiring = await more(expire);
    return {
      reads: total(reads),
      writes: total(writes),
      deletes: total(deletes) + expiring,
      chunks: await more(['chunks']),
      tasks,
    };
  }

  const before = new Map<string, number>();
  /** Documents that these collections did not have when they were asked for last. */
  async function more(names: string[]) {
    let sum = 0;
    for (const name of names) sum += (await paged.db.collection(name).count().get()).data().count;
    const known = before.get(names.join()) ?? 0;
    before.set(names.join(), sum);
    return sum - known;
  }
  return { ...engine, paged, used };
}

const PEOPLE = 4_000;

const shape = (recipients: number, more: Partial<Campaign> = {}): Campaign => ({
  chunks: Math.ceil(recipients / CHUNK_SIZE),
  shards: 1,
  frozen: Math.ceil(recipients / Math.max(CHUNK_SIZE, QUERY_SIZE)),
  failing: 0,
  removed: 0,
  looked: recipients,
  pages: 0,
  waves: 1,
  moved: 0,
  changed: null,
  ...more,
});

test('small campaigns use the documents that the estimate says', { skip }, async (t) => {
  const { paged, store, used, ports } = await start(t);
  const all = people(PEOPLE);
  const assertAs = (
    name: string,
    { chunks, tasks, ...counted }: Used,
    asked: Partial<Campaign>,
  ) => {
    const campaign = shape(PEOPLE, { chunks, ...asked });
    assert.equal(tasks, tasksOf(campaign), name);
    const said = documentsOf(campaign);
    // no page of this store is audited
    if (campaign.changed !== null)
      said.reads -=
        (PEOPLE / AUDITED) * (campaign.waves > 1 ? (campaign.waves + 1) / AUDITED_WAVES : 1);
    t.diagnostic(`${name}: ${JSON.stringify(counted)}, said ${JSON.stringify(said)}`);
    for (const kind of ['reads', 'writes', 'deletes'] as const) {
      // a few documents more or less of the campaign itself
      const off = Math.abs(counted[kind] - said[kind]);
      assert.ok(
        off <= 5 + 0.02 * counted[kind],
        `${name}: ${kind} ${counted[kind]}, said ${said[kind]}`,
      );
    }
  };
  await store.putInstallations(all);
  assertAs('one by one', await used(), {});
  await paged.layout('default', 4);
  paged.clock.ahead = DAY;
  assertAs('the first one with pages', await used(), { pages: 16 });
  paged.clock.ahead = 2 * DAY;
  const some = all.slice(0, 60).map((it) => ({ ...it, language: 'fr' }));
  await store.putInstallations(some);
  assertAs('the next one', await used(), { pages: 16, changed: 60 });
  const { estimateAudience } = store;
  ports.store.estimateAudience = async () => 250_000;
  const shards = shardsFor(250_000);
  const split = { shards, frozen: shards, pages: 16, changed: 60 };
  assertAs('in several shards', await used(), split);
  ports.store.estimateAudience = estimateAudience;
  const local = { schedule: { local: '2026-11-24T09:00' } };
  const waves = ZONES.length;
  await store.putInstallations(all.slice(0, 160).map((it) => ({ ...it, language: 'es' })));
  paged.clock.ahead += DAY / 24;
  const timed = { waves, shards: waves + 1, frozen: waves, pages: 16, changed: 160 };
  assertAs('in waves', await used(undefined, local), timed);
  const removed = PEOPLE / 100;
  const failing = shape(PEOPLE).chunks;
  const stored = await storedBytes(paged.db);
  t.diagnostic(`${stored.toFixed(1)} bytes a recipient`);
  assert.ok(stored <= STORED_BYTES && stored > 0.7 * STORED_BYTES, `${stored} bytes a recipient`);
  // so many that pages are written again: they know what they say of those that are gone
  const changed = PEOPLE / 10;
  await store.putInstallations(all.slice(0, changed).map((it) => ({ ...it, language: 'it' })));
  assertAs('some are gone', await used(100), { pages: 16, changed, removed, failing });
});

test('who has moved between waves is told with the reads that the estimate says', {
  skip,
}, async (t) => {
  // when the first wave is planned: a store says by its clock that one moved
  const { paged, store, proxy, ports, campaign, run } = await start(t, Date.UTC(2026, 10, 24));
  const all = people(1_000);
  await store.putInstallations(all);
  // the waves are Tokyo, Berlin, UTC and New York
  const waves = ZONES.length;
  const [tokyo, later] = [all.filter((_, n) => n % waves === 1), ZONES.filter((_, n) => n !== 1)];
  const moved = tokyo.slice(0, 42).map((it, n) => ({ ...it, timeZone: later[n % 3]! }));
  let counted = 0;
  const counting =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const from = proxy.calls.length;
      const answer = await work(...args);
      // beside it the next page of the registry is read
      const isOfIt = (it: string) => ['campaigns', 'shards', 'recipients'].includes(it);
      for (const { reads } of proxy.calls.slice(from)) counted += reads.filter(isOfIt).length;
      return answer;
    };
  let isFirst = true;
  ports.store = {
    ...store,
    // each wave has a page, and another process that plans it
    frozenAmong: counting((...args) =>
      openStore(t, proxy.host, { project: paged.project }).frozenAmong(...args),
    ),
    openShards: counting(store.openShards),
    async freezePage(page) {
      const frozen = await store.freezePage(page);
      if (isFirst) await paged.other.putInstallations(moved);
      isFirst = false;
      return frozen;
    },
  };
  const id = await campaign({}, { schedule: { local: '2026-11-24T09:00' } });
  await run();
  const { state, sums } = (await store.getCampaign(id))!;
  assert.deepEqual([state, sums?.accepted], ['completed', 1_000]);
  const shards = waves + 1;
  const asked = shape(1_000, { chunks: waves, shards, frozen: waves, waves });
  const [said, without] = [moved.length, 0].map((it) => documentsOf({ ...asked, moved: it }).reads);
  // to queue the shards, and whether the last one may be planned: that is of each campaign in waves
  const more = counted - 2 * shards;
  t.diagnostic(`${more} reads, said ${said! - without!}`);
  assert.ok(Math.abs(more - (said! - without!)) <= 0.15 * more, `${more}`);
});

/** Bytes of values that are kept for a recipient when all chunks are done. */
async function storedBytes(db: Firestore) {
  const found = (await db.collection('recipients').get()).docs.map((it) => it.data());
  const chunks = (await db.collection('chunks').get()).docs.map((it) => it.data());
  const sizeOf = (value: unknown): number => {
    if (Buffer.isBuffer(value)) return value.length;
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (typeof value !== 'object' || value === null) return 8;
    return Object.entries(value).reduce((sum, [name, it]) => sum + name.length + sizeOf(it), 0);
  };
  const bytes = [...found, ...chunks].reduce((sum, it) => sum + sizeOf(it), 0);
  return bytes / chunks.reduce((sum, { size }) => sum + size, 0);
}
