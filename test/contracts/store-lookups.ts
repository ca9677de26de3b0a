/** The part of the store's contract that is about finding installations by a user or a token. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPages, type MakeStore, NOW, person } from './store-fixture.ts';

export function lookupContract(name: string, makeStore: MakeStore) {
  test(`${name}: a user's installations of one app are listed, opted out or not`, async (t) => {
    const store = await makeStore(t);
    const theirs = Array.from({ length: 11 }, (_, n) =>
      person(`device-${n}`, { userId: 'ada', ...(n === 3 && { optedOut: true }) }),
    );
    await store.putInstallations([
      ...theirs,
      person('elsewhere', { userId: 'ada', app: 'shop' }),
      person('another', { userId: 'ada2' }),
      person('alone'),
    ]);
    const inOrder = theirs.toSorted((a, b) => a.bucket - b.bucket).map((it) => it.id);
    for (const limit of [1, 4, 10, 11, 12]) {
      const found = await allPages(
        (after) => store.installationsOfUser('default', 'ada', after, limit),
        limit,
      );
      assert.deepEqual(
        found.map((it) => it.id),
        inOrder,
      );
      assert.equal(found.find((it) => it.id === 'device-3')?.optedOut, true);
    }
    const [only] = (await store.installationsOfUser('shop', 'ada', null, 9)).items;
    assert.deepEqual(only, (await store.getInstallation('shop', 'elsewhere'))!);
    const none = { items: [], next: null };
    assert.deepEqual(await store.installationsOfUser('default', 'ADA', null, 9), none);
    assert.deepEqual(await store.installationsOfUser('nowhere', 'ada', null, 9), none);
  });

  test(`${name}: an installation is found by its token, in its app, while it has that token`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([
      person('a', { token: 'one', optedOut: true }),
      person('b', { token: 'two' }),
      person('c', { token: 'one', app: 'shop' }),
    ]);
    const ids = async (app: string, ...tokens: string[]) =>
      (await store.installationsWithTokens(app, tokens)).map((it) => it.id).toSorted();
    assert.deepEqual(await ids('default', 'one'), ['a']);
    assert.deepEqual(await ids('default', 'two', 'none', 'one'), ['a', 'b']);
    assert.deepEqual(await ids('shop', 'one', 'two'), ['c']);
    assert.deepEqual(await ids('default'), []);
    assert.deepEqual(await ids('nowhere', 'one'), []);
    // it moves with the token, and is gone with it
    await store.putInstallations([person('b', { token: 'one' }, NOW + 1)]);
    assert.deepEqual([await ids('default', 'one'), await ids('default', 'two')], [['b'], []]);
    await store.deleteInstallation('default', 'b');
    assert.deepEqual(await ids('default', 'one'), []);
  });
}
