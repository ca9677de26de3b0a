/** The part of the store's contract that is about time zones: which there are, and who has moved. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunked } from '../../functions/lib/chunked.ts';
import { matches } from '../../functions/model/audience/matches.ts';
import { BUCKETS } from '../../functions/model/bucket.ts';
import type { Carried, Installation, Reached } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { AudienceRead, Store } from '../../functions/ports/ports.ts';
import {
  chance,
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  lonelyChunk,
  type MakeStore,
  NOW,
  person,
} from './store-fixture.ts';
import { expression, inOrder } from './store-matching.ts';

const app = 'default';
const [BERLIN, TOKYO, LIMA] = ['Europe/Berlin', 'Asia/Tokyo', 'America/Lima'];

/** A store, and its clock. */
async function withClock(t: Parameters<MakeStore>[0], makeStore: MakeStore) {
  const clock = { at: NOW };
  const store = await makeStore(t, () => clock.at);
  const movedAt = async (id: string) => (await store.getInstallation(app, id))?.movedAt;
  return { store, clock, movedAt };
}

async function streamed(store: Store, read: Partial<AudienceRead>): Promise<Reached[]> {
  const all: Reached[] = [];
  const whole = { app, audience: {}, range: EVERYBODY, after: null, size: 50, ...read };
  for await (const page of store.streamAudience(whole)) {
    assert.ok(page.installations.length <= whole.size);
    all.push(...page.installations);
  }
  return all;
}

/** Those of these that are there, as they are now. */
async function stored(store: Store, ids: string[]): Promise<Installation[]> {
  const found: (Installation | null)[] = [];
  for (const some of chunked(ids, 50))
    found.push(...(await Promise.all(some.map((id) => store.getInstallation(app, id)))));
  return found.filter((it) => it !== null);
}

const idsOf = (all: { id: string }[]) => all.map((it) => it.id);
const zonesOf = async (store: Store, of = app) => (await store.zonesOf(of)).sort();

export function zoneContract(name: string, makeStore: MakeStore) {
  test(`${name}: an installation has moved once its time zone has changed, and not before`, async (t) => {
    const { store, clock, movedAt } = await withClock(t, makeStore);
    const put = async (at: number, timeZone?: string, rest = {}) => {
      clock.at = at;
      await store.putInstallations([person('one', { timeZone, ...rest })]);
      return movedAt('one');
    };
    assert.equal(await put(NOW, BERLIN), undefined);
    assert.equal(await put(NOW + 1, BERLIN, { language: 'de' }), undefined);
    assert.ok(!('movedAt' in (await store.getInstallation(app, 'one'))!));
    assert.equal(await put(NOW + 2, TOKYO), NOW + 2);
    assert.equal(await put(NOW + 3, TOKYO, { token: 'another' }), NOW + 2);
    assert.equal(await put(NOW + 4), NOW + 4, 'it tells none any more');
    assert.equal(await put(NOW + 5), NOW + 4);
    assert.equal(await put(NOW + 6, BERLIN), NOW + 6);
    await store.putInstallations([person('bare')]);
    clock.at = NOW + 9;
    await store.putInstallations([person('bare', { timeZone: LIMA })]);
    assert.equal(await movedAt('bare'), NOW + 9);
  });

  test(`${name}: the store says when, not who writes`, async (t) => {
    const { store, clock, movedAt } = await withClock(t, makeStore);
    await store.putInstallations([{ ...person('one', { timeZone: BERLIN }), movedAt: NOW - 5 }]);
    assert.equal(await movedAt('one'), undefined);
    clock.at = NOW + 1;
    await store.putInstallations([{ ...person('one', { timeZone: TOKYO }), movedAt: NOW + 99 }]);
    assert.equal(await movedAt('one'), NOW + 1);
    await store.putInstallations([{ ...person('one', { timeZone: TOKYO }), movedAt: NOW + 99 }]);
    assert.equal(await movedAt('one'), NOW + 1);
  });

  test(`${name}: each way to write an installation tells that it moved`, async (t) => {
    const { store, clock, movedAt } = await withClock(t, makeStore);
    const zones = { a: BERLIN, b: BERLIN, c: BERLIN, d: 'europe/berlin', e: BERLIN };
    for (const [id, timeZone] of Object.entries(zones))
      await store.putInstallations([person(id, { timeZone })]);
    clock.at = NOW + 1;
    await store.updateInstallation(app, 'a', (it) => ({ ...it, language: 'de' }));
    assert.equal(await movedAt('a'), undefined);
    await store.updateInstallation(app, 'a', (it) => ({ ...it, timeZone: TOKYO }));
    assert.equal(await movedAt('a'), NOW + 1);
    clock.at = NOW + 2;
    await store.updateInstallation(app, 'a', ({ timeZone: _, ...it }) => it);
    assert.equal(await movedAt('a'), NOW + 2);

    clock.at = NOW + 3;
    const imported = (id: string, timeZone: string) => ({
      ...person(id, { timeZone, language: 'fr' }),
      refreshedAt: null,
    });
    const rows = [imported('a', LIMA), imported('b', LIMA), imported('c', BERLIN)];
    const options = { run: null, now: NOW - 1 };
    assert.equal((await store.importInstallations(rows, options)).updated, 3);
    assert.equal((await store.importInstallations([imported('f', LIMA)], options)).inserted, 1);
    for (const [id, at] of [
      ['a', NOW + 3],
      ['b', NOW + 3],
      ['c', undefined],
      ['f', undefined],
    ] as const)
      assert.equal(await movedAt(id), at, id);
    clock.at = NOW + 4;
    assert.equal((await store.importInstallations(rows, options)).unchanged, 3);
    assert.equal(await movedAt('a'), NOW + 3);

    clock.at = NOW + 5;
    for (let next = null, first = true; first || next !== null; first = false)
      ({ next } = await store.normalizeInstallations(next, 2));
    assert.equal((await store.getInstallation(app, 'd'))?.timeZone, BERLIN);
    assert.equal(await movedAt('d'), NOW + 5);
    assert.equal(await movedAt('e'), undefined);
    assert.equal(await movedAt('a'), NOW + 3);

    // its token goes to another installation, which has not moved
    clock.at = NOW + 6;
    await store.putInstallations([person('g', { timeZone: TOKYO, token: 'token-of-a' })]);
    assert.equal(await store.getInstallation(app, 'a'), null);
    assert.equal(await movedAt('g'), undefined);
  });

  test(`${name}: pages and samples carry the time zone, and when it changed`, async (t) => {
    const { store, clock } = await withClock(t, makeStore);
    await store.putInstallations([
      ...[person('stays', { timeZone: BERLIN }), person('goes', { timeZone: BERLIN })],
      person('bare'),
    ]);
    clock.at = NOW + 1;
    await store.putInstallations([person('goes', { timeZone: LIMA })]);
    const carried: Carried[] = ['timeZone', 'movedAt'];
    const shown = (all: Reached[]) =>
      all
        .map((it) => [it.id, it.timeZone, it.movedAt])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    const expected = [
      ['bare', undefined, undefined],
      ['goes', LIMA, NOW + 1],
      ['stays', BERLIN, undefined],
    ];
    for (const audience of [{}, { installationIds: ['bare', 'goes', 'stays'] }] as Audience[]) {
      assert.deepEqual(shown(await streamed(store, { audience, carried })), expected);
      const { installations, asOf } = await store.sampleAudience({ app, audience, carried });
      // a sample of a registry's pages has some of them
      const ids = new Set(installations.map((it) => it.id));
      const sampled = asOf === null ? expected : expected.filter(([id]) => ids.has(String(id)));
      assert.deepEqual(shown(installations), sampled);
    }
    for (const it of await streamed(store, {})) assert.ok(!('movedAt' in it || 'timeZone' in it));
  });

  test(`${name}: those that have moved since are read alone, in order, from any cursor`, async (t) => {
    const { store, clock } = await withClock(t, makeStore);
    const dice = chance(31);
    const ids = Array.from({ length: 200 }, (_, n) => `device-${n}`);
    const put = (some: string[]) =>
      store.putInstallations(
        some.map((id) =>
          person(id, {
            timeZone: dice.pick([BERLIN, TOKYO, LIMA, undefined]),
            userId: `user-${id}`,
            language: dice.pick(['de', 'en']),
            tags: dice.below(2) === 0 ? ['vip'] : [],
            ...(dice.below(20) === 0 && { optedOut: true }),
            ...(dice.below(4) === 0 && { optedOutOf: ['marketing'] }),
          }),
        ),
      );
    await put(ids);
    for (let n = 0; n < 4; n++) {
      clock.at = NOW + n * 1_000;
      await put(ids.filter(() => dice.below(3) === 0));
    }
    const people = await stored(store, ids);
    const bucketOf = new Map(people.map((it) => [it.id, it.bucket]));
    const inNobodys = person('away', { app: 'other', timeZone: LIMA });
    await store.putInstallations([inNobodys]);
    await store.putInstallations([{ ...inNobodys, timeZone: BERLIN }]);
    const audiences: Audience[] = [
      ...[{}, { language: ['de'] }, { category: 'marketing' }, { tags: { any: ['vip'] } }],
      { and: [{ language: ['en'] }, { timeZone: [LIMA, TOKYO] }] },
      { and: [{}, { not: { timeZone: [LIMA, TOKYO] } }] },
      { userIds: ids.slice(0, 90).map((it) => `user-${it}`) },
      { installationIds: ids.slice(50, 140) },
    ];
    for (const audience of audiences)
      for (const movedSince of [NOW - 1, NOW + 2_000, NOW + 2_001, NOW + 4_000]) {
        const expected = idsOf(
          people
            .filter((it) => it.movedAt !== undefined && it.movedAt >= movedSince)
            .filter((it) => matches(audience, it))
            .sort(inOrder),
        );
        const what = JSON.stringify([audience, movedSince - NOW]);
        const read = { audience, movedSince };
        assert.deepEqual(idsOf(await streamed(store, read)), expected, what);
        const parts = [0, 1, 2].map((n) => ({
          from: Math.floor((BUCKETS / 3) * n),
          to: Math.floor((BUCKETS / 3) * (n + 1)),
        }));
        const inParts: string[] = [];
        for (const range of parts)
          inParts.push(...idsOf(await streamed(store, { ...read, range, size: 3 })));
        assert.deepEqual(inParts, expected, what);
        const [third] = expected.slice(2);
        if (third === undefined) continue;
        const after = { bucket: bucketOf.get(third)!, id: third };
        assert.deepEqual(idsOf(await streamed(store, { ...read, after })), expected.slice(3), what);
      }
    assert.ok((await streamed(store, { movedSince: NOW })).length > 50);
  });

  test(`${name}: the time zones of an app are each told once`, async (t) => {
    const { store } = await withClock(t, makeStore);
    assert.deepEqual(await store.zonesOf(app), []);
    await store.putInstallations([person('bare')]);
    assert.deepEqual(await store.zonesOf(app), []);
    await store.putInstallations([
      ...['a', 'b', 'c'].map((id) => person(id, { timeZone: BERLIN })),
      person('d', { timeZone: TOKYO, optedOut: true }),
      person('e', { timeZone: 'Mars/Olympus Mons' }),
      person('f', { app: 'other', timeZone: LIMA }),
      person('g', { app: 'default2', timeZone: 'Asia/Kathmandu' }),
    ]);
    assert.deepEqual(await zonesOf(store), [TOKYO, BERLIN, 'Mars/Olympus Mons'].sort());
    assert.deepEqual(await zonesOf(store, 'other'), [LIMA]);
    await store.importInstallations([{ ...person('e', { timeZone: LIMA }), refreshedAt: null }], {
      run: null,
      now: NOW,
    });
    await store.updateInstallation(app, 'd', ({ timeZone: _, ...it }) => it);
    assert.deepEqual(await zonesOf(store), [BERLIN, LIMA].sort());
    await store.updateInstallation(app, 'a', (it) => ({ ...it, timeZone: LIMA }));
    await store.deleteInstallation(app, 'b');
    assert.deepEqual(await zonesOf(store), [BERLIN, LIMA].sort());
    await store.deleteInstallation(app, 'c');
    assert.deepEqual(await zonesOf(store), [LIMA]);
  });

  test(`${name}: by their zones the installations of an audience are each read once, in order`, async (t) => {
    const { store, clock } = await withClock(t, makeStore);
    const dice = chance(17);
    const zones = Array.from({ length: 90 }, (_, n) => `Zone/${n}`);
    const put = async (ids: string[]) => {
      const batch = ids.map((id, n) =>
        person(id, {
          platform: dice.pick(['ios', 'android', 'web']),
          app: n % 10 === 0 ? 'other' : app,
          language: dice.pick(['de', 'en', undefined]),
          userId: `user-${dice.below(60)}`,
          tags: dice.below(3) === 0 ? ['vip'] : [],
          ...(dice.below(4) > 0 && { timeZone: dice.pick(zones) }),
          ...(dice.below(15) === 0 && { optedOut: true }),
        }),
      );
      await store.putInstallations(batch);
    };
    const ids = Array.from({ length: 400 }, (_, n) => `device-${n}`);
    await put(ids);
    let people = await stored(store, ids);
    const check = async (audience: Audience) => {
      const named = [zones.slice(0, 1), zones.slice(1, 61), zones.slice(61, 70), ['Zone/none']];
      const waves: Audience[] = [
        ...named.map((timeZone) => ({ timeZone })),
        { not: { timeZone: named.flat() } },
      ];
      const all: string[] = [];
      for (const wave of waves) {
        const both = { and: [audience, wave] };
        const expected = people.filter((it) => matches(both, it)).sort(inOrder);
        const size = 1 + dice.below(60);
        const carried: Carried[] = ['timeZone', 'movedAt'];
        const isOfWave = dice.below(2) === 0;
        const got = await streamed(store, { audience: both, size, carried, isOfWave });
        const shown = (it: Reached) => [it.id, it.token, it.provider, it.timeZone];
        assert.deepEqual(got.map(shown), expected.map(shown), JSON.stringify(both));
        all.push(...idsOf(got));
        const after = got[Math.floor(got.length / 2)];
        if (!after) continue;
        const { bucket } = people.find((it) => it.id === after.id)!;
        const rest = { audience: both, after: { bucket, id: after.id }, size: 7 };
        assert.deepEqual(
          idsOf(await streamed(store, rest)),
          idsOf(got.slice(got.indexOf(after) + 1)),
        );
        const range = { from: bucket, to: bucket + 1 };
        assert.deepEqual(idsOf(await streamed(store, { audience: both, range })), [after.id]);
      }
      const expected = people.filter((it) => matches(audience, it));
      assert.deepEqual(all.toSorted(), idsOf(expected).sort(), JSON.stringify(audience));
    };
    for (const audience of [{}, { platform: ['ios' as const] }, { tags: { any: ['vip'] } }])
      await check(audience);
    // some move, opt out or in, are deleted, and are new
    clock.at = NOW + 1;
    await put(ids.filter(() => dice.below(3) === 0));
    for (const id of ids.slice(100, 120)) await store.deleteInstallation(app, id);
    ids.push(...Array.from({ length: 30 }, (_, n) => `new-${n}`));
    await put(ids.slice(-30));
    people = await stored(store, ids);
    await check({});
    for (let n = 0; n < 6; n++) await check(expression(dice, 2));
  });
}

/** Firestore does not tell that yet: there, such an installation is a new one. */
export function comeBackContract(name: string, makeStore: MakeStore) {
  test(`${name}: an installation that was removed and is back has moved, whichever way it went or came`, async (t) => {
    const { store, clock, movedAt } = await withClock(t, makeStore);
    const ids = Array.from({ length: 70 }, (_, n) => `device-${n}`);
    const there = ids.map((id) => person(id, { timeZone: BERLIN, userId: 'ada' }));
    await store.putInstallations(there);
    clock.at = NOW + 1;
    for (const id of ids.slice(0, 8)) await store.deleteInstallation(app, id);
    // another device has its token
    await store.putInstallations([person('thief', { token: 'token-of-device-8' })]);
    const { chunkId } = await lonelyChunk(store, 1);
    claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
    const dead = { installationId: 'device-9', token: 'token-of-device-9', since: NOW + 1 };
    await store.commitChunk(commitOf(chunkId, 'mine', { failed: [0], forget: [dead], open: [] }));
    for (const id of ids.slice(0, 10)) assert.equal(await store.getInstallation(app, id), null, id);

    clock.at = NOW + 2;
    const back = ids.map((id) => person(id, { timeZone: TOKYO, token: `new-${id}` }));
    await store.putInstallations([back[0]!, person('device-0', { app: 'other' }), person('new')]);
    const rows = back.slice(1).map((it) => ({ ...it, timeZone: BERLIN, refreshedAt: null }));
    const counts = await store.importInstallations(rows, { run: null, now: NOW + 2 });
    assert.equal(counts.inserted, 9);
    for (const [n, id] of ids.entries())
      assert.equal(await movedAt(id), n < 10 ? NOW + 2 : undefined, id);
    assert.equal(await movedAt('new'), undefined);
    assert.equal((await store.getInstallation('other', 'device-0'))?.movedAt, undefined);
    const moved = await streamed(store, { movedSince: NOW + 2 });
    assert.deepEqual(idsOf(moved).sort(), ids.slice(0, 10));
  });
}
