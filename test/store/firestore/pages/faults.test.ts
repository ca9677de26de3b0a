/** Planners that die between writes of pages, planners side by side, writers whose clocks differ. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BUCKETS, type BucketRange, bucketOf } from '../../../../functions/model/bucket.ts';
import type { Installation } from '../../../../functions/model/installation.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import type { Store } from '../../../../functions/ports/ports.ts';
import { cellOf } from '../../../../functions/store/firestore/pages/markers.ts';
import { EVERYBODY, NOW, person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { emulator, openStore } from '../emulated.ts';
import { type Call, startProxy } from '../proxy.ts';
import { HOUR, openPaged, type Paged } from './paged.ts';

const skip = withoutEmulators('firestore');

const IDS = Array.from({ length: 64 }, (_, n) => `device-${n}`).toSorted(
  (a, b) => bucketOf(a) - bucketOf(b),
);

/** So many that each of 256 pages has some. */
const MANY = Array.from({ length: 4_096 }, (_, n) => `device-${n}`).toSorted(
  (a, b) => bucketOf(a) - bucketOf(b),
);

const put = (store: Store, app: string, ids: string[], rest: Partial<Installation> = {}) =>
  store.putInstallations(ids.map((id) => person(id, { app, token: `${app} ${id}`, ...rest })));

async function read(
  store: Store,
  app: string,
  audience: Audience = {},
  { until = () => false, range = EVERYBODY }: { until?: () => boolean; range?: BucketRange } = {},
) {
  const found: string[] = [];
  const all = { app, audience, range, after: null, size: 4 };
  for await (const { installations } of store.streamAudience(all)) {
    found.push(...installations.map((it) => it.id));
    if (until()) break;
  }
  return found;
}

/** Every second one opts out, so that each page changes. */
async function change(it: Paged, app: string): Promise<string[]> {
  await put(
    it.other,
    app,
    IDS.filter((_, n) => n % 2 === 0),
    { optedOut: true },
  );
  return IDS.filter((_, n) => n % 2 === 1);
}

/** One of each page, which is a cell: so few that the page is folded. */
const FIRST = [...Map.groupBy(IDS, (id) => cellOf(bucketOf(id))).values()].map((some) => some[0]!);

/** A query for all of a range; changes are found by their markers. */
const isOfDocuments = ({ method, query }: Call) =>
  method === 'RunQuery' &&
  query?.from?.[0]?.collectionId === 'installations' &&
  query.orderBy?.[0]?.field.fieldPath !== 'changed';

const isOfPage = ({ method, writes }: Call) => method === 'Commit' && writes.includes('pages');

for (const what of ['built', 'folded'] as const)
  test(`a planner dies before or behind each write, while pages are ${what}`, {
    skip,
  }, async (t) => {
    const proxy = await startProxy(emulator, t);
    const it = openPaged(t, { pages: { foldedAfter: 1 } }, proxy.host);
    await put(it.other, 'app', IDS);
    await it.layout('app');
    it.clock.ahead += HOUR;
    await read(it.other, 'app');
    let turn = 0;
    for (const when of ['before', 'after'] as const)
      for (let [dies, lives] = [0, false]; !lives; dies++) {
        it.clock.ahead += HOUR;
        if (what === 'built') await it.drop();
        const tags = [`turn ${++turn}`];
        // no index finds it, so it is read through pages
        const renewed = { not: { tags: { none: tags } } };
        await put(it.other, 'app', FIRST, { tags });
        it.clock.ahead += HOUR;
        let written = 0;
        let documents = 0;
        // nothing is written after its death, and the answer to its last write does not come
        proxy.fault = (call) => {
          if (isOfDocuments(call)) documents++;
          if (!isOfPage(call) || written++ < dies) return null;
          return { code: status.UNAVAILABLE, when: written === dies + 1 ? when : 'before' };
        };
        await read(it.store, 'app', {}, { until: () => written > dies });
        proxy.fault = () => null;
        lives = written <= dies;
        if (lives) assert.equal(dies, what === 'built' ? 16 : FIRST.length, 'each page is written');
        assert.equal(documents > 0, what === 'built');
        for (let round = 0; round < 2; round++) {
          const told = `died ${when} write ${dies + 1}, read ${round + 1}`;
          assert.deepEqual(await read(it.other, 'app'), IDS, told);
          assert.deepEqual(await read(it.other, 'app', renewed), FIRST, told);
          it.clock.ahead += HOUR;
        }
      }
  });

test('planners side by side build and fold the same pages', { skip }, async (t) => {
  const it = openPaged(t, { pages: { foldedAfter: 1, querySize: 7 } });
  await put(it.other, 'app', IDS);
  it.clock.ahead += HOUR;
  await it.layout('app');
  const three = () => Promise.all([it.store, it.other, it.store].map((one) => read(one, 'app')));
  assert.deepEqual(await three(), [IDS, IDS, IDS]);
  it.clock.ahead += HOUR;
  const left = await change(it, 'app');
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await three(), [left, left, left]);
    it.clock.ahead += HOUR;
  }
});

test('a page is folded while its range is written to', { skip }, async (t) => {
  const it = openPaged(t, { pages: { foldedAfter: 1, querySize: 3 } });
  await put(it.other, 'app', IDS);
  it.clock.ahead += HOUR;
  await it.layout('app');
  await read(it.store, 'app');
  for (let round = 0; round < 4; round++) {
    it.clock.ahead += HOUR;
    const optedOut = round % 2 === 0;
    const some = IDS.filter((_, n) => n % 3 === round % 3);
    const others = IDS.filter((id) => !some.includes(id));
    // some of them before, some while they are read
    const [found] = await Promise.all([
      read(it.store, 'app'),
      ...some.map((id) => put(it.other, 'app', [id], { optedOut })),
    ]);
    const is = await Promise.all(others.map((id) => it.other.getInstallation('app', id)));
    for (const one of is.filter((one) => !one!.optedOut)) assert.ok(found.includes(one!.id));
    it.clock.ahead += HOUR;
    const all = await Promise.all(IDS.map((id) => it.other.getInstallation('app', id)));
    const left = all.filter((one) => !one!.optedOut).map((one) => one!.id);
    assert.deepEqual(await read(it.store, 'app'), left);
  }
});

test('a page that is older than those read before it gets its own changes', { skip }, async (t) => {
  const it = openPaged(t, { pages: { foldedAfter: 1 } });
  // one in each of the first five of 256 pages, which lie in a cell; four pages are read in the first call
  const width = BUCKETS / 256;
  const ids = [0, 1, 2, 3, 4].map(
    (page) => MANY.find((id) => Math.floor(bucketOf(id) / width) === page)!,
  );
  const others = MANY.filter((id) => bucketOf(id) < 5 * width && !ids.includes(id));
  await put(it.other, 'app', [...ids, ...others]);
  it.clock.ahead += HOUR;
  await it.layout('app', 8);
  const cell = { from: 0, to: 16 * width };
  await read(it.store, 'app', {}, { range: cell });
  it.clock.ahead += HOUR;
  await put(it.other, 'app', ids, { tags: ['changed'] });
  it.clock.ahead += HOUR;
  // the first four are folded
  await read(it.store, 'app', {}, { range: { from: 0, to: 4 * width } });
  it.clock.ahead += HOUR;
  const changed = { not: { tags: { none: ['changed'] } } };
  assert.deepEqual(await read(it.store, 'app', changed, { range: cell }), ids);
});

test('clocks of writers may be an hour apart', { skip }, async (t) => {
  const it = openPaged(t, { pages: { foldedAfter: 1 } });
  const readTime = (at: { toMillis(): number }) => at.toMillis() + it.clock.ahead;
  const at = (now: number) =>
    openStore(t, emulator, { project: it.project, readTime, now: () => now });
  const [late, early] = [at(NOW - HOUR), at(NOW + HOUR)];
  await put(early, 'app', IDS);
  it.clock.ahead += HOUR;
  await it.layout('app');
  await read(it.store, 'app');
  for (const [n, writer] of [late, early, late].entries()) {
    it.clock.ahead += HOUR;
    const some = IDS.filter((_, i) => i % 3 === n);
    await put(writer, 'app', some, { optedOut: true });
    await writer.deleteInstallation('app', IDS[(n + 1) % 3]!);
    const all = await Promise.all(IDS.map((id) => it.other.getInstallation('app', id)));
    const left = IDS.filter((_, i) => all[i] && !all[i].optedOut);
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(await read(it.store, 'app'), left);
      it.clock.ahead += HOUR;
    }
  }
});
