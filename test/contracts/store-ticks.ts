/** The part of the store's contract that is about ticks. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MakeStore, MINUTE, NOW } from './store-fixture.ts';

export function tickContract(name: string, makeStore: MakeStore) {
  test(`${name}: the last tick that was noted is known, and no tick before there was one`, async (t) => {
    const store = await makeStore(t);
    assert.equal(await store.lastTick(), null);
    await store.noteTick(NOW);
    assert.equal(await store.lastTick(), NOW);
    await store.noteTick(NOW + MINUTE);
    await store.noteTick(NOW + MINUTE);
    assert.equal(await store.lastTick(), NOW + MINUTE);
  });

  test(`${name}: ticks at the same time are all noted, and one of them is kept`, async (t) => {
    const store = await makeStore(t);
    const times = [0, 1, 2, 3, 4].map((n) => NOW + n);
    await Promise.all(times.map((at) => store.noteTick(at)));
    assert.ok(times.includes((await store.lastTick())!));
  });
}
