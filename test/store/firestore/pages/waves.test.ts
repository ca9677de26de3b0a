/** What the waves of a campaign read together: without pages, and with them. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { entriesOf } from '../../../../functions/model/canonical/entries.ts';
import { zones } from '../../../../functions/model/canonical/tables.ts';
import type { Audience } from '../../../../functions/model/schemas/audience.ts';
import type { AudienceRead, Store } from '../../../../functions/ports/ports.ts';
import { EVERYBODY, NOW, person } from '../../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../../emulators.ts';
import { takeCosts, total } from '../costs.ts';
import { emulator } from '../emulated.ts';
import { startProxy } from '../proxy.ts';
import { fill, HOUR, openPaged } from './paged.ts';

const skip = withoutEmulators('firestore');

/** With 20,000 it takes minutes: 39,191 documents are read without pages, of which 20,000 for the last wave. */
const PEOPLE = 4_800;
const ZONES = entriesOf(zones)
  .map(([name]) => name!)
  .filter((_, i) => i % 18 === 0)
  .slice(0, 23);
const WAVES: Audience[] = [
  ...ZONES.map((zone) => ({ and: [{}, { timeZone: [zone] }] })),
  { and: [{}, { not: { timeZone: ZONES } }] },
];

async function idsOf(store: Store, read: Partial<AudienceRead>) {
  const ids: string[] = [];
  const whole = { app: 'default', audience: {}, range: EVERYBODY, after: null, size: 2_000 };
  for await (const page of store.streamAudience({
    ...whole,
    carried: ['movedAt'],
    isOfWave: true,
    ...read,
  }))
    ids.push(...page.installations.map((it) => it.id));
  return ids;
}

/** A registry in 24 zones, the last of which is none, behind a proxy that counts. */
async function inZones(t: TestContext, count: number, rest: (n: number) => object = () => ({})) {
  const proxy = await startProxy(emulator, t);
  const it = openPaged(t, {}, proxy.host);
  const people = Array.from({ length: count }, (_, n) =>
    person(`device-${n}`, { timeZone: ZONES[n % 24], ...rest(n) }),
  );
  await fill(it.db, people);
  takeCosts(proxy);
  const reads = () => takeCosts(proxy).reads;
  return { ...it, people, reads };
}

test('24 waves read each device once where it has a zone, and all once for the others', {
  skip,
}, async (t) => {
  const { store, people, reads } = await inZones(t, PEOPLE);
  const found: string[] = [];
  for (const audience of WAVES) found.push(...(await idsOf(store, { audience })));
  const costs = reads();
  t.diagnostic(`without pages: ${JSON.stringify(costs)}`);
  assert.deepEqual(found.toSorted(), people.map((it) => it.id).toSorted());
  const inZone = people.filter((it) => it.timeZone !== undefined).length;
  // of each wave an empty answer, and whether there are pages
  assert.ok(costs.installations! <= inZone + PEOPLE + 24 * 2, `${costs.installations}`);
  assert.ok(total(costs) - costs.installations! <= 24 * 2 + 1);
});

test('24 waves read the pages once each, and what has changed before about once in all', {
  skip,
}, async (t) => {
  const { store, other, people, reads, layout, clock } = await inZones(t, PEOPLE);
  await layout('default');
  clock.ahead += HOUR;
  assert.equal((await idsOf(store, { isOfWave: false })).length, PEOPLE);
  reads();
  clock.ahead += HOUR;
  const moved = people.slice(0, 120).map((it) => ({ ...it, timeZone: ZONES[1] }));
  await other.putInstallations(moved);
  clock.ahead += HOUR;
  const found: string[] = [];
  for (const audience of WAVES) {
    found.push(...(await idsOf(store, { audience })));
    clock.ahead += HOUR;
  }
  const costs = reads();
  t.diagnostic(`with pages: ${JSON.stringify(costs)}`);
  assert.deepEqual(found.toSorted(), people.map((it) => it.id).toSorted());
  // pages, some of them for their size, changes and what is gone by the cell, and a count
  const most = 24 * (16 + 8 + 16 * 2 + 5) + 1.2 * moved.length;
  assert.ok(total(costs) <= most, `${total(costs)} reads of at most ${most}`);
  const those = await idsOf(store, { movedSince: NOW });
  // those that were in that zone before have not moved
  const isMoved = (n: number) => n % 24 !== 1;
  assert.deepEqual(
    those.toSorted(),
    moved.flatMap((it, n) => (isMoved(n) ? it.id : [])).toSorted(),
  );
  assert.ok(total(reads()) <= 16 + 8 + 16 * 2 + 5 + moved.length);
});

test('without pages, those that moved since are found by what has changed', { skip }, async (t) => {
  const { store, people, reads } = await inZones(t, 2_000);
  const moved = people.slice(0, 60).map((it) => ({ ...it, timeZone: 'Asia/Tokyo' }));
  await store.putInstallations(moved);
  reads();
  const found = await idsOf(store, { movedSince: NOW, audience: { platform: ['android'] } });
  assert.deepEqual(found.toSorted(), moved.map((it) => it.id).toSorted());
  const costs = total(reads());
  assert.ok(costs <= moved.length + 16 * 3 + 2, `${costs} reads`);
});

test('an audience by a tag and a zone is read by what finds fewer', { skip }, async (t) => {
  const tags = (n: number) => ({ tags: n % 100 === 0 ? ['all', 'rare'] : ['all'] });
  const { store, people, reads } = await inZones(t, 2_400, tags);
  for (const [tag, most] of [
    ['all', 100],
    ['rare', 24],
  ] as const) {
    const audience = { and: [{ tags: { any: [tag] } }, { timeZone: [ZONES[4]!] }] };
    const found = await idsOf(store, { audience });
    const expected = people.filter((it) => it.tags.includes(tag) && it.timeZone === ZONES[4]);
    assert.deepEqual(found.toSorted(), expected.map((it) => it.id).toSorted());
    const { installations } = reads();
    assert.ok(installations! <= most + 1, `${tag}: ${installations} reads`);
    assert.equal(store.countsExactly(audience, 100), false);
  }
});
