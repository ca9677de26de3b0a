/** The part of the store's contract that is about imports: what is written, what is pruned. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BadCursor } from '../../functions/lib/errors.ts';
import type { Installation } from '../../functions/model/installation.ts';
import type { ImportedInstallation, Store } from '../../functions/ports/ports.ts';
import { chance, type MakeStore, MINUTE, NOW, person } from './store-fixture.ts';

const LATER = NOW + 60 * MINUTE;
const DAY = 24 * 60 * MINUTE;

/** A row that does not say when its app registered. */
const row = (...of: Parameters<typeof person>): ImportedInstallation => ({
  ...person(...of),
  refreshedAt: null,
});

const importAt = (store: Store, at: number, batch: ImportedInstallation[], run?: string) =>
  store.importInstallations(batch, { run: run ?? null, now: at });

const get = (store: Store, id: string) => store.getInstallation('default', id);

async function pruned(store: Store, run: string, dryRun = false, app = 'default') {
  let found = 0;
  for (let after: string | null = null, calls = 0; ; calls++) {
    assert.ok(calls < 10_000, 'it comes to an end');
    const part = await store.pruneInstallations(app, run, after, dryRun);
    if (part === null) return null;
    found += part.found;
    after = part.next;
    if (after === null) return found;
  }
}

export function importContract(name: string, makeStore: MakeStore) {
  test(`${name}: an import says what was new, what had changed and what was there`, async (t) => {
    const store = await makeStore(t);
    const first = [row('a', { tags: ['x'] }), row('b'), row('c', { attributes: { plan: 'pro' } })];
    assert.deepEqual(await importAt(store, NOW, first), {
      inserted: 3,
      updated: 0,
      unchanged: 0,
      superseded: 0,
      tokensMoved: 0,
    });
    assert.deepEqual(await get(store, 'a'), person('a', { tags: ['x'] }, NOW));
    const again = [row('a', { tags: ['x'] }), row('b', { language: 'de' }), row('d'), first[2]!];
    assert.deepEqual(await importAt(store, LATER, again), {
      inserted: 1,
      updated: 1,
      unchanged: 2,
      superseded: 0,
      tokensMoved: 0,
    });
    assert.equal((await get(store, 'a'))?.refreshedAt, NOW);
    assert.deepEqual(await get(store, 'b'), person('b', { language: 'de' }, NOW));
    assert.equal((await get(store, 'd'))?.refreshedAt, LATER);
    assert.deepEqual(await importAt(store, LATER, []), {
      inserted: 0,
      updated: 0,
      unchanged: 0,
      superseded: 0,
      tokensMoved: 0,
    });
  });

  test(`${name}: every field that an import changes is written, and none is lost`, async (t) => {
    const store = await makeStore(t);
    const all: Partial<Installation> = {
      platform: 'ios',
      provider: 'apns',
      language: 'de',
      timeZone: 'Europe/Zurich',
      country: 'CH',
      appVersion: '1.0',
      userId: 'u',
      tags: ['a'],
      attributes: { n: 1 },
      permission: 'granted',
    };
    const changes: Partial<Installation>[] = [
      ...[{ token: 'another' }, { platform: 'web' as const }, { provider: 'fcm' as const }],
      ...[{ environment: 'sandbox' as const }, { language: 'fr' }, { language: undefined }],
      ...[{ timeZone: 'Europe/Rome' }, { country: 'IT' }, { appVersion: '1.1' }, { userId: 'v' }],
      ...[{ userId: undefined }, { tags: [] }, { tags: ['a', 'b'] }, { attributes: {} }],
      ...[{ attributes: { n: '1' } }, { optedOut: true }, { optedOutOf: ['digest', 'marketing'] }],
      ...[{ permission: 'denied' as const }, { permission: undefined }],
    ];
    for (const [n, change] of changes.entries()) {
      // a new one: none has moved before
      const id = `device-${n}`;
      const before = person(id, all);
      await store.putInstallations([{ ...before, optedOut: false, optedOutOf: [] }]);
      const told = { ...before, ...change };
      const counts = await importAt(store, LATER, [{ ...told, refreshedAt: null }]);
      assert.equal(counts.updated, 1, JSON.stringify(change));
      const refreshedAt = 'token' in change ? LATER : NOW;
      const movedAt = 'timeZone' in change ? NOW : undefined;
      const expected = Object.entries({ ...told, refreshedAt, movedAt }).filter(
        ([, it]) => it !== undefined,
      );
      assert.deepEqual(await get(store, id), Object.fromEntries(expected));
      const again = await importAt(store, LATER, [{ ...told, refreshedAt: null }]);
      assert.equal(again.unchanged, 1, JSON.stringify(change));
    }
  });

  test(`${name}: an import never ends an opt-out by keeping silent about it`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('one', { optedOut: true })]);
    assert.equal((await importAt(store, LATER, [row('one')])).unchanged, 1);
    assert.equal((await importAt(store, LATER, [row('one', { language: 'de' })])).updated, 1);
    assert.equal((await get(store, 'one'))?.optedOut, true);
    const said = row('one', { language: 'de', optedOut: false });
    assert.equal((await importAt(store, LATER, [said])).updated, 1);
    assert.equal((await get(store, 'one'))?.optedOut, undefined);
    assert.equal((await importAt(store, LATER, [said])).unchanged, 1);
  });

  test(`${name}: nor an opt-out of categories`, async (t) => {
    const store = await makeStore(t);
    const stored = async () => (await get(store, 'one'))?.optedOutOf;
    const updated = async (rest: Partial<Installation>) =>
      (await importAt(store, LATER, [row('one', rest)])).updated;
    await store.putInstallations([person('one', { optedOutOf: ['marketing'] })]);
    assert.equal(await updated({}), 0);
    assert.equal(await updated({ language: 'de' }), 1);
    assert.deepEqual(await stored(), ['marketing']);
    assert.equal(await updated({ language: 'de', optedOutOf: ['marketing'] }), 0);
    assert.equal(await updated({ language: 'de', optedOutOf: ['digest'] }), 1);
    assert.deepEqual(await stored(), ['digest']);
    assert.equal(await updated({ language: 'de', optedOutOf: [] }), 1);
    assert.equal(await stored(), undefined);
    assert.equal(await updated({ language: 'de', optedOutOf: [] }), 0);
  });

  test(`${name}: when an app was last seen moves forward only`, async (t) => {
    const store = await makeStore(t);
    const seen = (at: number) => importAt(store, LATER, [{ ...row('one'), refreshedAt: at }]);
    assert.equal((await seen(NOW)).inserted, 1);
    assert.equal((await seen(NOW - 5)).unchanged, 1);
    assert.equal((await get(store, 'one'))?.refreshedAt, NOW);
    assert.equal((await seen(NOW + 5)).updated, 1);
    assert.equal((await get(store, 'one'))?.refreshedAt, NOW + 5);
  });

  test(`${name}: of an id or a token twice in a batch the last row wins, the others are told`, async (t) => {
    const store = await makeStore(t);
    const batch = [
      ...[row('a', { token: 'same' }), row('b', { token: 'same' })],
      ...[row('c', { language: 'de' }), row('c', { language: 'fr' })],
    ];
    assert.deepEqual(await importAt(store, NOW, batch), {
      inserted: 2,
      updated: 0,
      unchanged: 0,
      superseded: 2,
      tokensMoved: 0,
    });
    assert.equal(await get(store, 'a'), null);
    assert.equal((await get(store, 'b'))?.token, 'same');
    assert.equal((await get(store, 'c'))?.language, 'fr');
  });

  test(`${name}: two installations exchange their tokens, and a third loses its own`, async (t) => {
    const store = await makeStore(t);
    const all = ['a', 'b', 'c'].map((id) => row(id, { token: `token-${id}` }));
    await importAt(store, NOW, all);
    const turned = [
      ...[row('a', { token: 'token-b' }), row('b', { token: 'token-a' })],
      row('d', { token: 'token-c' }),
    ];
    const { inserted, updated, tokensMoved } = await importAt(store, LATER, turned);
    assert.equal(inserted + updated, 3);
    assert.equal(tokensMoved, 1, 'c is the one that is gone');
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((id) => get(store, id)));
    assert.deepEqual(
      tokens.map((it) => it?.token),
      ['token-b', 'token-a', undefined, 'token-c'],
    );
    for (const [token, id] of [
      ['token-a', 'b'],
      ['token-b', 'a'],
      ['token-c', 'd'],
    ] as const) {
      const audience = { tokens: [token] };
      const range = { from: 0, to: 2 ** 32 };
      for await (const page of store.streamAudience({
        app: 'default',
        audience,
        range,
        after: null,
        size: 10,
      }))
        assert.deepEqual(
          page.installations.map((it) => it.id),
          [id],
        );
      assert.ok((await store.estimateAudience('default', audience)) >= 1);
    }
  });

  test(`${name}: an import says how many installations lost their token to a row`, async (t) => {
    const store = await makeStore(t);
    const named = (...ids: string[]) => ids.map((id) => row(id, { token: `token-${id}` }));
    await importAt(store, NOW, [
      ...named('a', 'b'),
      row('far', { app: 'other', token: 'token-a' }),
    ]);
    const taking = [row('c', { token: 'token-a' }), row('d', { token: 'token-b' }), row('e')];
    const { inserted, tokensMoved } = await importAt(store, LATER, taking);
    assert.deepEqual([inserted, tokensMoved], [3, 2]);
    assert.equal(await get(store, 'a'), null);
    assert.ok(await store.getInstallation('other', 'far'), 'a token is of one app');
    assert.equal((await importAt(store, LATER, taking)).tokensMoved, 0, 'the same again');
    const back = await importAt(store, LATER, named('a'));
    assert.deepEqual([back.inserted, back.tokensMoved], [1, 1]);
  });

  test(`${name}: what a run has not seen is counted, then removed; the rest stays`, async (t) => {
    const store = await makeStore(t);
    const { below } = chance(5);
    const ids = Array.from({ length: 400 }, (_, n) => `device-${n}`);
    await importAt(store, NOW, [...ids.map((id) => row(id)), row('far', { app: 'other' })], 'old');
    const kept = ids.filter(() => below(3) > 0);
    for (const some of [kept.slice(0, 100), kept.slice(100), kept.slice(0, 10)])
      await importAt(
        store,
        LATER,
        some.map((id) => row(id)),
        'new',
      );
    // an installation that registers meanwhile, or has opted out, is not removed
    await store.putInstallations([
      person('registered', {}, LATER + 1),
      person('opted-out', { optedOut: true }),
      person('opted-out-of-one', { optedOutOf: ['marketing'] }),
    ]);
    const gone = ids.length - kept.length;
    assert.equal(await pruned(store, 'new', true), gone);
    assert.equal(await pruned(store, 'new', true), gone, 'nothing was removed');
    assert.equal(await pruned(store, 'new'), gone);
    assert.equal(await pruned(store, 'new'), 0);
    for (const id of ids) assert.equal((await get(store, id)) !== null, kept.includes(id), id);
    assert.ok(await get(store, 'registered'));
    assert.ok(await get(store, 'opted-out'));
    assert.ok(await get(store, 'opted-out-of-one'));
    assert.ok(await store.getInstallation('other', 'far'));
    assert.ok((await store.estimateAudience('default', {})) >= kept.length);
  });

  test(`${name}: an unknown run prunes nothing`, async (t) => {
    const store = await makeStore(t);
    await importAt(store, NOW, [row('a')]);
    assert.equal(await pruned(store, 'unknown'), null);
    assert.ok(await get(store, 'a'));
  });

  test(`${name}: a run is pruned after for seven days from its beginning, whatever is left of it`, async (t) => {
    const clock = { now: NOW };
    const store = await makeStore(t, () => clock.now);
    const passTo = async (day: number, more = 0) => {
      clock.now = NOW + day * DAY + more;
      while (await store.expire(clock.now - 30 * DAY, clock.now));
    };
    await importAt(store, NOW - DAY, [row('gone'), row('a'), row('b'), row('c')]);
    await importAt(store, NOW, [row('a')], 'slow');
    await passTo(6);
    await importAt(store, clock.now, [row('b')], 'slow');
    await passTo(7);
    assert.equal(await pruned(store, 'slow', true), 2, 'gone, and c which is still to come');
    await passTo(7, 1);
    assert.equal(await pruned(store, 'slow'), null);
    // its last pages come when what it has seen at first is forgotten: it does not begin anew
    for (const day of [9, 40]) {
      await passTo(day);
      await importAt(store, clock.now, [row('c')], 'slow');
      assert.equal(await pruned(store, 'slow'), null);
    }
    for (const id of ['gone', 'a', 'b', 'c']) assert.ok(await get(store, id), id);
    await importAt(store, clock.now, [row('a'), row('b'), row('c')], 'another');
    assert.equal(await pruned(store, 'another'), 1);
    assert.equal(await get(store, 'gone'), null);
  });

  test(`${name}: a prune goes on from where it was, and from nowhere else`, async (t) => {
    const store = await makeStore(t);
    await importAt(store, NOW, [row('a')], 'run');
    for (const after of ['abc', '', '-1', '1.5', 'NaN', '4294967296', '99999999999', '1e3'])
      await assert.rejects(store.pruneInstallations('default', 'run', after, true), BadCursor);
  });

  test(`${name}: an installation is changed in one step, or there is none`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([
      person('one', { userId: 'u', tags: ['a'], optedOut: true }),
      person('other', { token: 'wanted' }),
    ]);
    const changed = await store.updateInstallation('default', 'one', ({ userId, ...it }) => ({
      ...it,
      token: 'wanted',
      tags: [...it.tags, userId!],
      refreshedAt: LATER,
    }));
    const expected = { token: 'wanted', tags: ['a', 'u'], optedOut: true };
    assert.deepEqual(changed, person('one', expected, LATER));
    assert.deepEqual(await get(store, 'one'), changed);
    assert.equal(await get(store, 'other'), null, 'its token has moved');
    assert.equal(await store.updateInstallation('default', 'nobody', (it) => it), null);
    assert.equal(await store.updateInstallation('other', 'one', (it) => it), null);

    await assert.rejects(
      store.updateInstallation('default', 'one', () => {
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    assert.deepEqual(await get(store, 'one'), changed);

    await store.updateInstallation('default', 'one', ({ optedOut: _, ...it }) => it);
    assert.equal((await get(store, 'one'))?.optedOut, undefined, 'what it gives is all there is');
  });

  test(`${name}: many changes of one installation at the same time are all done`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('one')]);
    await Promise.all(
      // in a deadlock of theirs the emulator waits for seconds
      Array.from({ length: 4 }, (_, n) =>
        store.updateInstallation('default', 'one', (it) => ({ ...it, tags: [...it.tags, `${n}`] })),
      ),
    );
    const { tags } = (await get(store, 'one'))!;
    assert.deepEqual([...tags].sort(), ['0', '1', '2', '3']);
  });
}
