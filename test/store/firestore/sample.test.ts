/** What a sample of an audience reads, and how right it is: by documents, and by pages. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { intervalOf } from '../../../functions/model/audience/interval.ts';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import type { Installation } from '../../../functions/model/installation.ts';
import type { Audience } from '../../../functions/model/schemas/audience.ts';
import { FORMAT, packed, toPageRow } from '../../../functions/store/firestore/pages/codec.ts';
import { rangeOf } from '../../../functions/store/firestore/pages/layout.ts';
import { expiry, fromInstallation } from '../../../functions/store/firestore/schema.ts';
import { chance, person } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts, total } from './costs.ts';
import { emulator } from './emulated.ts';
import { DAY, fill, HOUR, openPaged, type Paged } from './pages/paged.ts';
import { type FirestoreProxy, startProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');

const PEOPLE = 3_200;

/** A third is German, one in 25 has a tag, one in a hundred another. */
function people(count: number): Installation[] {
  const { below } = chance(9);
  return Array.from({ length: count }, (_, n) =>
    person(`device-${n}`, {
      platform: below(2) ? 'ios' : 'android',
      language: below(3) ? 'en' : 'de',
      tags: [...(below(25) ? [] : ['vip']), ...(below(100) ? [] : ['beta'])],
    }),
  );
}

const matching: [Audience, (it: Installation) => boolean][] = [
  [{}, () => true],
  [{ language: ['de'] }, (it) => it.language === 'de'],
  [{ tags: { none: ['vip'] } }, (it) => !it.tags.includes('vip')],
  [{ tags: { any: ['vip'] }, platform: ['ios'] }, (it) => isVip(it) && it.platform === 'ios'],
  [{ or: [{ tags: { any: ['beta'] } }, { tags: { any: ['vip'] } }] }, (it) => it.tags.length > 0],
  [{ attributes: { plan: { '=': 'pro' } } }, () => false],
  [{ lastSeen: { before: '2020-01-01T00:00:00Z' } }, () => false],
];
const isVip = (it: Installation) => it.tags.includes('vip');

async function start(t: TestContext) {
  const proxy = await startProxy(emulator, t);
  return { proxy, paged: openPaged(t, {}, proxy.host) };
}

async function sampled({ store }: Paged, proxy: FirestoreProxy, audience: Audience) {
  takeCosts(proxy);
  const found = await store.sampleAudience({ app: 'default', audience });
  const costs = takeCosts(proxy);
  assert.deepEqual([costs.writes, costs.deletes], [{}, {}], 'nothing is written');
  return { ...found, costs, reads: total(costs.reads) };
}

test('without pages some 2,000 documents are looked at, and what an index finds is counted', {
  skip,
}, async (t) => {
  const { proxy, paged } = await start(t);
  const all = people(PEOPLE);
  await fill(paged.db, all);
  for (const [audience, isIn] of matching) {
    const what = JSON.stringify(audience);
    const { installations, reads, looked, counted, share } = await sampled(paged, proxy, audience);
    assert.ok(reads <= 2_000 + 10, `${what}: ${reads} reads`);
    const interval = intervalOf({ matched: installations.length, looked, counted, share });
    const number = all.filter(isIn).length;
    t.diagnostic(`${what}: ${number}, ${JSON.stringify(interval)} by ${reads} reads`);
    assert.ok(interval.low <= number && number <= interval.high, what);
    assert.ok(interval.high > 0);
  }
  // an index finds so few that they are all looked at
  const { looked, counted, share } = await sampled(paged, proxy, { tags: { any: ['vip'] } });
  assert.deepEqual([looked, counted, share], [all.filter(isVip).length, looked, 1]);
});

test('with pages, two sizes of registries cost the same few reads', { skip }, async (t) => {
  const { proxy, paged } = await start(t);
  paged.clock.ahead = DAY;
  const now = Date.now() + paged.clock.ahead;
  const reads: number[] = [];
  for (const level of [7, 15]) {
    await paged.drop();
    await paged.layout('default', level);
    const rows = 500;
    await writePages(paged, level, rows, now - HOUR);
    for (const audience of [{}, { tags: { none: ['vip'] } }]) {
      const found = await sampled(paged, proxy, audience);
      const all = found.counted / found.share;
      assert.ok(Math.abs(all - rows * 2 ** level) < 0.02 * all, `${all} in ${2 ** level} pages`);
      assert.ok(Math.abs(found.looked - 4 * rows) < 0.1 * found.looked);
      assert.equal(found.asOf, now - HOUR);
      reads.push(found.reads);
    }
    // an index finds none of these: the pages here have no documents
    const none = await sampled(paged, proxy, { language: ['xx'] });
    assert.deepEqual([none.installations, none.share, none.asOf], [[], 1, null]);
    assert.ok(none.reads < 100, `${none.reads} reads`);
  }
  assert.deepEqual(new Set(reads), new Set([1 + 4 + 64]));
  t.diagnostic(`${reads[0]} reads`);
});

/** Pages of a large app: those that are looked at, without the documents that they are from. */
async function writePages({ db, schema }: Paged, level: number, rows: number, through: number) {
  const { below } = chance(3);
  const indices = new Set(
    [4, 64].flatMap((all) =>
      Array.from({ length: all }, (_, i) => Math.floor(((i + 0.5) * 2 ** level) / all)),
    ),
  );
  const batch = db.batch();
  for (const index of indices) {
    // within 10 %, as chance has it
    const n = rows + below(rows / 5) - rows / 10;
    const { from } = rangeOf(level, index);
    const all = Array.from({ length: n }, (_, i) => person(`p${from / BUCKETS}-${i}`));
    batch.set(schema.page('default', level, index), {
      format: FORMAT,
      through,
      n,
      expireAt: expiry(through, 30),
      rows: packed(all.map((it) => toPageRow(it.id, fromInstallation(it)))),
    });
  }
  await batch.commit();
}

test('pages that are absent, empty or too old are not looked at', { skip }, async (t) => {
  const { proxy, paged } = await start(t);
  const all = people(40);
  await fill(paged.db, all);
  await paged.layout('default');
  const exact = async (what: string) => {
    const { looked, share, asOf } = await sampled(paged, proxy, {});
    assert.deepEqual([looked, share, asOf], [all.length, 1, null], what);
  };
  await exact('absent');
  const now = Date.now();
  await writePages(paged, 4, 10, now - 40 * DAY);
  await exact('too old');
  for (const { ref } of (await paged.schema.pages.get()).docs)
    await ref.set({ format: FORMAT, through: 0, n: 0 });
  await exact('emptied by an erasure');
  await writePages(paged, 4, 10, now - HOUR);
  assert.notEqual((await sampled(paged, proxy, {})).asOf, null);
  // a date in a page may be behind
  const seen = await sampled(paged, proxy, { lastSeen: { before: '2020-01-01T00:00:00Z' } });
  assert.deepEqual([seen.looked, seen.asOf], [all.length, null]);
});
