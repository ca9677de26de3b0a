/** What caps cost on Firestore, and how they hold while documents are written by others. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Cap } from '../../../functions/model/app-policy.ts';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import { CHUNK_SIZE, NEVER_WIDE } from '../../../functions/model/sizes.ts';
import type { Frozen, FrozenPage } from '../../../functions/ports/ports.ts';
import { NOW, person, running } from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { aMillion, pageTo, sendTo } from './cap-costs.ts';
import { takeCosts } from './costs.ts';
import { emulator, openStore, openThroughProxy } from './emulated.ts';
import { namesInShard } from './million.ts';
import { type FirestoreProxy, failing } from './proxy.ts';

const skip = withoutEmulators('firestore');
const HOUR = 60 * 60 * 1000;

test('caps cost at most 2,000 reads and 2,000 writes a million, and nothing where there are none', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const ids = namesInShard();
  const send = async (caps: Cap[], hours: number) => {
    takeCosts(proxy);
    const counts = await sendTo(store, ids, { size: CHUNK_SIZE, caps, now: NOW + hours * HOUR });
    return { capped: counts.skippedBy?.capped ?? 0, ...aMillion(takeCosts(proxy)) };
  };
  const caps: Cap[] = [
    { max: 2, per: '24h' },
    { max: 5, per: '7d' },
  ];
  assert.deepEqual(await send([], 0), { capped: 0, reads: 0, writes: 0 });
  for (const [hours, isOver] of [
    [0, false],
    [12, false],
    [23, true],
    [48, false],
    [72, false],
    [96, false],
    [120, true],
  ] as const) {
    const { capped, reads, writes } = await send(caps, hours);
    assert.equal(capped, isOver ? ids.length : 0, `after ${hours} hours`);
    assert.ok(reads <= 2_000 && writes <= 2_000, `${reads} reads, ${writes} writes`);
    t.diagnostic(`${hours} h: ${reads} reads and ${writes} writes a million`);
  }
});

test('a page over more than 64 sets is cut, and no small one is', { skip }, async (t) => {
  const { store } = await openThroughProxy(t);
  const caps: Cap[] = [{ max: 20, per: '30d' }];
  const ids = namesInShard();
  // as many times as make small sets
  await sendTo(store, ids, { size: CHUNK_SIZE, caps });
  for (let day = 1; day < 8; day++)
    await sendTo(store, ids, { size: CHUNK_SIZE, caps, now: NOW + day * HOUR });
  const sparse = ids.filter((_, index) => index % 20 === 0);
  const id = await running(store);
  const freeze = (page: number, some: string[]): Promise<Frozen> =>
    store.freezePage(pageTo(id, page, some, caps, NOW + 9 * HOUR) satisfies FrozenPage);
  const whole = await freeze(0, sparse);
  if (whole.kind === 'wide') {
    assert.ok(whole.from > 0 && whole.from < BUCKETS);
    const first = sparse.filter((it) => bucketOf(it) < whole.from);
    assert.equal((await freeze(0, first)).kind, 'frozen');
    assert.equal((await freeze(1, sparse.slice(first.length))).kind, 'frozen');
  } else assert.fail(`a page over a whole shard: ${whole.kind}`);
  assert.equal((await store.counts(id)).recipients, sparse.length);
  const few = ids.filter((_, index) => index % Math.ceil(ids.length / NEVER_WIDE) === 0);
  assert.ok(few.length <= NEVER_WIDE);
  assert.equal((await freeze(2, few)).kind, 'frozen');
});

const ONCE: Cap[] = [{ max: 1, per: '24h' }];

/** Does something between the next read of where sets start and that of the sets. */
function betweenReads(proxy: FirestoreProxy, work: () => Promise<unknown>) {
  let isDone = false;
  proxy.fault = async (call) => {
    const before = proxy.calls.at(-2)?.reads ?? [];
    const isThen = before.length > 0 && before.every((it) => it === 'capStarts');
    if (!isThen || call.method !== 'BatchGetDocuments' || isDone) return null;
    isDone = true;
    await work();
    return null;
  };
  return () => assert.ok(isDone, 'it was between the reads');
}

/** Two stores of a project, and devices of one set that got a campaign. Others among them cut the set. */
async function beforeCut(t: TestContext) {
  const project = freshProject();
  const { store: slow, proxy } = await openThroughProxy(t, { project });
  const fast = openStore(t, emulator, { project });
  const all = namesInShard().slice(0, 2_600);
  const [ids, others] = [0, 1].map((rest) => all.filter((_, index) => index % 2 === rest));
  await sendTo(fast, ids!, { size: CHUNK_SIZE, caps: ONCE });
  const cut = () => sendTo(fast, others!, { size: CHUNK_SIZE, caps: ONCE });
  return { slow, fast, all, ids: ids!, happened: betweenReads(proxy, cut) };
}

test('a set that another campaign cuts while a page reads it hides no device', {
  skip,
}, async (t) => {
  const { slow, fast, all, ids, happened } = await beforeCut(t);
  const some = ids.slice(-100);
  const { skippedBy } = await sendTo(slow, some, { size: CHUNK_SIZE, caps: ONCE });
  happened();
  assert.deepEqual(skippedBy, { capped: some.length });
  // also the first of the other half, with which its set begins
  const again = await sendTo(fast, all, { size: CHUNK_SIZE, caps: ONCE });
  assert.deepEqual(again.skippedBy, { capped: all.length });
});

test('a set that is cut while a user is erased hides none of their devices', {
  skip,
}, async (t) => {
  const { slow, fast, ids, happened } = await beforeCut(t);
  const last = ids.at(-1)!;
  await fast.putInstallations([person(last, { userId: 'ada' })]);
  for (let after: string | null = null; ; ) {
    const { next } = await slow.eraseUser('ada', NOW + HOUR, after);
    if (next === null) break;
    after = next;
  }
  happened();
  const later = { size: CHUNK_SIZE, caps: ONCE, now: NOW + 2 * HOUR };
  assert.deepEqual((await sendTo(fast, [last], later)).skippedBy, undefined);
});

test('a page whose answer was lost counts once', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const caps: Cap[] = [{ max: 2, per: '24h' }];
  const skipped = async () =>
    (await sendTo(store, ['ada', 'ben'], { size: CHUNK_SIZE, caps })).skipped;
  const lost = { code: 14, when: 'after' as const };
  const happened = failing(proxy, (it) => it.writes.includes('caps'), lost);
  assert.equal(await skipped(), 0);
  happened();
  assert.equal(await skipped(), 0);
  assert.equal(await skipped(), 2);
});
