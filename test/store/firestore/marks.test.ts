/** What the writes of installations leave behind for pages of the registry. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { Store } from '../../../functions/ports/ports.ts';
import { changedAt, changedName } from '../../../functions/store/firestore/pages/markers.ts';
import {
  claimed,
  commitOf,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  person,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts } from './costs.ts';
import { idIn, openMarked } from './marked.ts';
import { type Call, failing } from './proxy.ts';

const skip = withoutEmulators('firestore');
const DAY = 24 * 60 * MINUTE;

/** Removes what run `r` has not seen, of the whole app; how many those were. */
async function pruneAll(store: Store): Promise<number> {
  let found = 0;
  for (let next: string | null = null; ; ) {
    const part = await store.pruneInstallations('default', 'r', next, false);
    found += part!.found;
    next = part!.next;
    if (next === null) return found;
  }
}

test('a registration is marked with the minute of its read, in the cell of its bucket', {
  skip,
}, async (t) => {
  const { store, clock, fieldsOf, changedSince } = await openMarked(t);
  const [first, last] = [idIn('0'), idIn('f')];
  clock.now = NOW + 30_000;
  await store.putInstallations([person(first), person(last)]);
  assert.equal((await fieldsOf(first))?.changed, changedName('default', '0', NOW));
  assert.equal((await fieldsOf(last))?.changed, changedName('default', 'f', NOW));
  assert.deepEqual(await changedSince('0', NOW), [first]);
  assert.deepEqual(await changedSince('f', NOW), [last]);
  assert.deepEqual(await changedSince('0', NOW + MINUTE), []);
  assert.equal('changed' in (await store.getInstallation('default', first))!, false);
});

test("the marker has Firestore's time, whatever the clock of the writer says", {
  skip,
}, async (t) => {
  const before = Date.now();
  const { store, fieldsOf } = await openMarked(t, {
    now: () => NOW - 300 * DAY,
    readTime: (at) => at.toMillis(),
  });
  await store.putInstallations([person('device')]);
  const at = changedAt((await fieldsOf('device'))?.changed);
  assert.ok(at > before - MINUTE && at <= Date.now());
});

test('of what a transaction has read, the latest counts', { skip }, async (t) => {
  for (const step of [MINUTE, -MINUTE]) {
    let reads = 0;
    const { store, fieldsOf } = await openMarked(t, { readTime: () => NOW + step * reads++ });
    await store.putInstallations([person('a')]);
    // the installation and its token
    assert.equal(changedAt((await fieldsOf('a'))?.changed), step > 0 ? NOW + MINUTE : NOW);
  }
});

test('a refresh keeps the marker for a week', { skip }, async (t) => {
  const { store, clock, fieldsOf } = await openMarked(t);
  const rest = { language: 'de', tags: ['news'], attributes: { plan: 'pro' }, userId: 'ada' };
  const registered = async (after: number) => {
    clock.now = NOW + after;
    await store.putInstallations([person('device', rest, clock.now)]);
    return changedAt((await fieldsOf('device'))?.changed) - NOW;
  };
  assert.equal(await registered(0), 0);
  assert.equal(await registered(0), 0);
  assert.equal(await registered(6 * DAY), 0);
  assert.equal(await registered(7 * DAY - 1), 0);
  assert.equal(await registered(7 * DAY), 7 * DAY);
  assert.equal(await registered(8 * DAY), 7 * DAY);
  assert.equal((await fieldsOf('device'))?.refreshedAt, NOW + 8 * DAY);
  // for a week it has said nothing
  assert.equal(await registered(13 * DAY), 7 * DAY);
  assert.equal(await registered(20 * DAY), 20 * DAY);
});

test('a refresh moves the marker if its date is a week old, or goes where no refresh goes', {
  skip,
}, async (t) => {
  const { store, clock, fieldsOf } = await openMarked(t);
  const markedAt = async () => changedAt((await fieldsOf('device'))?.changed) - NOW;
  await store.putInstallations([person('device')]);
  clock.now = NOW + 6 * DAY;
  await store.updateInstallation('default', 'device', (it) => ({ ...it, tags: ['new'] }));
  assert.equal(await markedAt(), 6 * DAY);
  const refresh = (at: number) => store.putInstallations([person('device', { tags: ['new'] }, at)]);
  clock.now = NOW + 7 * DAY;
  await refresh(NOW);
  assert.equal(await markedAt(), 7 * DAY, 'its date was a week old');
  await refresh(NOW + 7 * DAY);
  clock.now = NOW + 9 * DAY;
  await refresh(NOW + 9 * DAY);
  assert.equal(await markedAt(), 7 * DAY, 'its date was two days old');
  clock.now = NOW + 14 * DAY;
  await refresh(NOW + 13 * DAY);
  assert.equal(await markedAt(), 14 * DAY, 'the marker was a week old');
  clock.now = NOW + 15 * DAY;
  await refresh(NOW + 13 * DAY - 1);
  assert.equal(await markedAt(), 15 * DAY, 'its date went back');
  // the clock of the writer is ahead: by less than a week of the marker, and by a week
  await refresh(NOW + 22 * DAY - 1);
  assert.equal(await markedAt(), 15 * DAY);
  clock.now = NOW + 16 * DAY;
  await refresh(NOW + 22 * DAY);
  assert.equal(await markedAt(), 16 * DAY);
});

test('whatever else changes moves the marker', { skip }, async (t) => {
  const { store, clock, fieldsOf } = await openMarked(t);
  await store.putInstallations([person('device')]);
  const changes = [
    { language: 'de' },
    { language: 'de', tags: ['news'] },
    { tags: ['news'] },
    { attributes: { plan: 'pro' } },
    { userId: 'ada' },
    { token: 'new' },
    { environment: 'sandbox' },
    { optedOut: true },
    { optedOut: false },
    { optedOutOf: ['marketing'] },
    { optedOutOf: [] },
  ] as const;
  for (const change of changes) {
    clock.now += MINUTE;
    const whole = { ...person('device', {}, clock.now), optedOut: false };
    await store.putInstallations([{ ...whole, ...change } as typeof whole]);
    assert.equal(changedAt((await fieldsOf('device'))?.changed), clock.now, JSON.stringify(change));
  }
  for (const optedOut of [true, false]) {
    clock.now += MINUTE;
    await store.updateInstallation('default', 'device', (it) => ({ ...it, optedOut }));
    assert.equal(changedAt((await fieldsOf('device'))?.changed), clock.now);
  }
});

test('a marker that an earlier version has removed, or that is none, is put again', {
  skip,
}, async (t) => {
  const { store, clock, schema, fieldsOf } = await openMarked(t);
  const ref = schema.installation('default', 'device');
  await store.putInstallations([person('device')]);
  for (const changed of [undefined, '', 'default~0~', 'yesterday']) {
    const { changed: _, ...fields } = (await fieldsOf('device'))!;
    await ref.set({ ...fields, ...(changed !== undefined && { changed }) });
    clock.now += MINUTE;
    await store.putInstallations([person('device')]);
    assert.equal(changedAt((await fieldsOf('device'))?.changed), clock.now, changed);
  }
});

test('an import marks what it changes, and writes nothing of what it does not', {
  skip,
}, async (t) => {
  const { store, proxy, clock, schema, fieldsOf } = await openMarked(t);
  const rows = Array.from({ length: 300 }, (_, n) => ({
    ...person(`device-${n}`),
    refreshedAt: null,
  }));
  const run = (some: typeof rows) => store.importInstallations(some, { run: null, now: clock.now });
  await run(rows);
  assert.equal(changedAt((await fieldsOf('device-7'))?.changed), NOW);
  // as an earlier version has written it
  const { changed: _, ...fields } = (await fieldsOf('device-8'))!;
  await schema.installation('default', 'device-8').set(fields);
  takeCosts(proxy);
  clock.now += DAY;
  const { unchanged } = await run(rows);
  assert.equal(unchanged, 300);
  assert.deepEqual(takeCosts(proxy), { reads: { installations: 300 }, writes: {}, deletes: {} });
  await run(rows.map((it, n) => (n === 7 ? { ...it, tags: ['news'] } : it)));
  assert.equal(changedAt((await fieldsOf('device-7'))?.changed), NOW + DAY);
  assert.equal(changedAt((await fieldsOf('device-9'))?.changed), NOW);
  assert.deepEqual(takeCosts(proxy).writes, { installations: 1 });
});

test('what is deleted is gone: one document, which is kept for 35 days', { skip }, async (t) => {
  const { store, proxy, clock, goneSince, allGone } = await openMarked(t);
  const id = idIn('f');
  await store.putInstallations([person(id)]);
  takeCosts(proxy);
  clock.now = NOW + DAY;
  assert.equal(await store.deleteInstallation('default', id), true);
  assert.deepEqual(takeCosts(proxy), {
    reads: { installations: 1 },
    writes: { gone: 1 },
    deletes: { installations: 1, tokens: 1, badges: 1 },
  });
  const [gone, ...others] = await goneSince('f', NOW + DAY);
  assert.deepEqual(others, []);
  assert.deepEqual(gone?.ids, [id]);
  assert.equal(gone?.expireAt.toMillis(), NOW + 36 * DAY);
  assert.deepEqual(await goneSince('f', NOW + DAY + MINUTE), []);
  assert.equal(await store.deleteInstallation('default', id), false);
  assert.deepEqual(await allGone(), [id]);
});

test('whose an installation was is kept two days longer than the retention', {
  skip,
}, async (t) => {
  const { store, schema } = await openMarked(t, { retentionDays: 7 });
  await store.putInstallations([person('phone', { userId: 'ada' })]);
  await store.deleteInstallation('default', 'phone');
  const [former] = (await schema.former.get()).docs;
  assert.equal(former?.get('expireAt').toMillis(), NOW + 9 * DAY);
});

test('many that are removed together are one document for each cell', { skip }, async (t) => {
  const { store, proxy, clock, goneSince, allGone } = await openMarked(t);
  const ids = ['0', '7', 'f'].flatMap((cell) => ['a', 'b', 'c'].map((form) => idIn(cell, form)));
  const rows = [...ids, 'kept'].map((it) => ({ ...person(it), refreshedAt: NOW - DAY }));
  await store.importInstallations(rows.slice(0, -1), { run: null, now: NOW });
  await store.importInstallations(rows.slice(-1), { run: 'r', now: NOW });
  takeCosts(proxy);
  clock.now = NOW + MINUTE;
  const found = await pruneAll(store);
  assert.equal(found, ids.length);
  assert.deepEqual((await allGone()).toSorted(), ids.toSorted());
  const sevens = await goneSince('7', clock.now);
  assert.ok(sevens.length <= 2, 'prune goes through two parts of each cell');
  const { writes } = takeCosts(proxy);
  assert.ok(writes.gone! <= 6);
});

test('to lose a token to another is to be gone, in a cell of its own', { skip }, async (t) => {
  const { store, proxy, clock, changedSince, goneSince, allGone } = await openMarked(t);
  const [old, young] = [idIn('0'), idIn('f')];
  await store.putInstallations([person(old, { token: 'same' })]);
  takeCosts(proxy);
  clock.now = NOW + MINUTE;
  await store.putInstallations([person(young, { token: 'same' })]);
  assert.deepEqual(takeCosts(proxy), {
    reads: { installations: 2, tokens: 1 },
    writes: { installations: 1, tokens: 1, gone: 1 },
    deletes: { installations: 1, badges: 1 },
  });
  assert.deepEqual(
    (await goneSince('0', clock.now)).flatMap((it) => it.ids),
    [old],
  );
  assert.deepEqual(await goneSince('f'), []);
  assert.deepEqual(await changedSince('f', clock.now), [young]);
  assert.deepEqual(await changedSince('0'), []);
  // back again, by an import and by a change
  const row = { ...person(old, { token: 'same' }), refreshedAt: null };
  await store.importInstallations([row], { run: null, now: NOW });
  await store.putInstallations([person(young)]);
  await store.updateInstallation('default', young, (it) => ({ ...it, token: 'same' }));
  assert.deepEqual(await allGone(), [old, old, young]);
  assert.deepEqual(await changedSince('0'), []);
});

test('within a batch only those are gone that it does not put', { skip }, async (t) => {
  const { store, clock, changedSince, allGone } = await openMarked(t);
  const [a, b, c] = ['a', 'b', 'c'].map((form) => idIn('5', form)) as [string, string, string];
  const all = [person(a), person(b), person(c)];
  await store.putInstallations(all);
  clock.now = NOW + MINUTE;
  // a takes the token of b, b that of c
  const moved = [person(a, { token: `token-of-${b}` }), person(b, { token: `token-of-${c}` })];
  for (const batch of [moved, moved.toReversed()]) {
    await store.putInstallations(batch);
    assert.deepEqual((await changedSince('5', clock.now)).toSorted(), [a, b].toSorted());
    assert.deepEqual(await allGone(), [c]);
  }
  // and two that change places
  clock.now = NOW + 2 * MINUTE;
  await store.putInstallations([
    person(a, { token: `token-of-${c}` }),
    person(b, { token: `token-of-${b}` }),
  ]);
  assert.deepEqual((await changedSince('5', clock.now)).toSorted(), [a, b].toSorted());
  assert.deepEqual(await allGone(), [c]);
});

test('a dead token is gone only if it was not refreshed since', { skip }, async (t) => {
  const { store, clock, allGone } = await openMarked(t);
  const ids = ['dead', 'back', 'other'];
  await store.putInstallations(ids.map((it) => person(it)));
  const { chunkId } = await lonelyChunk(store, 3, {
    recipients: ids.map((it) => ({ installationId: it, token: `token-of-${it}` })),
  });
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const commit = commitOf(chunkId, 'mine', { failed: [0, 1, 2], open: [] });
  const since = NOW + MINUTE;
  commit.forget = ids.map((it) => ({ installationId: it, token: `token-of-${it}`, since }));
  clock.now = NOW + 2 * MINUTE;
  await store.putInstallations([
    person('back', {}, since + 1),
    person('other', { token: 'another' }),
    person('dead', {}, since),
  ]);
  assert.equal((await store.commitChunk(commit)).kind, 'committed');
  assert.deepEqual(await allGone(), ['dead']);
  assert.equal(await store.getInstallation('default', 'dead'), null);
});

test('what an erasure removes is gone, and what two of one token leave in canonical form', {
  skip,
}, async (t) => {
  const { store, clock, fieldsOf, schema, allGone } = await openMarked(t);
  await store.putInstallations([
    person('phone', { userId: 'ada' }),
    person('tablet', { userId: 'ada' }),
    person('other', { userId: 'bob' }),
  ]);
  await store.eraseUser('ada', NOW);
  assert.deepEqual((await allGone()).toSorted(), ['phone', 'tablet']);

  const token = 'AB'.repeat(32);
  const old = { platform: 'ios' as const };
  await store.putInstallations([
    person('upper', old, NOW - 1),
    person('mixed', old),
    person('lower', { ...old, token: token.toLowerCase() }, NOW - 2),
  ]);
  // as an earlier version has stored them
  for (const [id, written] of [
    ['upper', token],
    ['mixed', token.replace('AB', 'Ab')],
  ] as const) {
    await schema.installation('default', id).update({ token: written });
    await schema.token('default', written).set({ id });
  }
  clock.now = NOW + MINUTE;
  const { changed, removed } = await store.normalizeInstallations(null, 100);
  assert.deepEqual([changed, removed], [1, 2]);
  assert.equal(changedAt((await fieldsOf('mixed'))?.changed), clock.now);
  assert.deepEqual((await allGone()).toSorted(), ['lower', 'phone', 'tablet', 'upper']);
});

const commits = (call: Call) => call.method === 'Commit' && call.writes.includes('gone');

for (const [what, fault] of [
  ['whose answer is lost', { code: status.UNAVAILABLE, when: 'after' }],
  ['that fails at first', { code: status.ABORTED, when: 'before' }],
] as const)
  test(`a removal ${what} is written down once`, { skip }, async (t) => {
    const { store, proxy, clock, allGone } = await openMarked(t);
    await store.putInstallations([person('deleted'), person('old')]);
    let happened = failing(proxy, commits, fault);
    assert.equal(await store.deleteInstallation('default', 'deleted'), true);
    happened();
    assert.deepEqual(await allGone(), ['deleted']);
    assert.equal(await store.getInstallation('default', 'deleted'), null);

    happened = failing(proxy, commits, fault);
    await store.putInstallations([person('young', { token: 'token-of-old' })]);
    happened();
    assert.deepEqual((await allGone()).toSorted(), ['deleted', 'old']);

    const rows = ['y', 'z'].map((it) => ({ ...person(it), refreshedAt: NOW - DAY }));
    await store.importInstallations(rows, { run: null, now: NOW });
    await store.importInstallations([], { run: 'r', now: NOW });
    clock.now = NOW + MINUTE;
    happened = failing(proxy, commits, fault);
    const found = await pruneAll(store);
    happened();
    assert.equal(found, 2);
    assert.deepEqual((await allGone()).toSorted(), ['deleted', 'old', 'y', 'z']);
  });

test('a registration whose answer is lost is marked by the one or the other', {
  skip,
}, async (t) => {
  const { store, proxy, clock, fieldsOf } = await openMarked(t);
  const writes = (call: Call) => call.writes.includes('installations');
  let happened = failing(proxy, writes, { code: status.UNAVAILABLE, when: 'after' });
  await store.putInstallations([person('put')]);
  happened();
  assert.equal(changedAt((await fieldsOf('put'))?.changed), NOW);
  happened = failing(proxy, writes, { code: status.UNAVAILABLE, when: 'after' });
  const row = { ...person('imported'), refreshedAt: null };
  const counts = await store.importInstallations([row], { run: null, now: NOW });
  happened();
  assert.equal(counts.inserted, 1);
  clock.now = NOW + MINUTE;
  happened = failing(proxy, writes, { code: status.UNAVAILABLE, when: 'after' });
  const tags = ['news'];
  await store.updateInstallation('default', 'put', (it) => ({ ...it, tags }));
  happened();
  assert.equal(changedAt((await fieldsOf('put'))?.changed), clock.now);
});

test('apps keep their markers apart, however they are named', { skip }, async (t) => {
  const { store, clock, changedSince, goneSince } = await openMarked(t);
  const apps = ['a', 'a~', 'a!', 'ab', 'a~0'];
  const cells = ['0', 'f'];
  for (const app of apps)
    await store.putInstallations(
      cells.flatMap((cell) =>
        ['stays', 'goes'].map((it) => person(idIn(cell, it), { app, token: `${it}${cell}` })),
      ),
    );
  clock.now = NOW + MINUTE;
  for (const app of apps)
    for (const cell of cells) await store.deleteInstallation(app, idIn(cell, 'goes'));
  for (const app of apps)
    for (const cell of cells) {
      assert.deepEqual(await changedSince(cell, NOW, app), [idIn(cell, 'stays')]);
      const gone = await goneSince(cell, clock.now, app);
      assert.deepEqual(
        gone.map((it) => it.ids),
        [[idIn(cell, 'goes')]],
      );
    }
});

test('a device that comes back within a minute is gone, and there', { skip }, async (t) => {
  const { store, fieldsOf, goneSince, changedSince } = await openMarked(t);
  const id = idIn('3');
  await store.putInstallations([person(id)]);
  await store.deleteInstallation('default', id);
  await store.putInstallations([person(id)]);
  assert.deepEqual(
    (await goneSince('3', NOW)).flatMap((it) => it.ids),
    [id],
  );
  assert.deepEqual(await changedSince('3', NOW), [id]);
  assert.equal(changedAt((await fieldsOf(id))?.changed), NOW);
});

test('while a delete is frozen before its commit, nothing else changes the device', {
  skip,
}, async (t) => {
  const { store, proxy, allGone } = await openMarked(t, { readTime: (at) => at.toMillis() });
  await store.putInstallations([person('device')]);
  const frozen = Promise.withResolvers<null>();
  proxy.fault = (call) => (commits(call) ? frozen.promise : null);
  const deleted = store.deleteInstallation('default', 'device');
  const registered = store.putInstallations([person('device', { tags: ['back'] })]);
  frozen.resolve(null);
  assert.equal(await deleted, true);
  await registered;
  const left = await store.getInstallation('default', 'device');
  if (left) assert.deepEqual(left.tags, ['back']);
  assert.deepEqual(await allGone(), ['device']);
});
