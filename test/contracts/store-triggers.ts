import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailedPing, Trigger } from '../../functions/model/trigger.ts';
import { allPages, type MakeStore, MINUTE, NOW } from './store-fixture.ts';

export const trigger = (name: string, rest: Partial<Trigger> = {}): Trigger => ({
  name,
  app: 'default',
  idPath: 'event.id',
  createdAt: NOW,
  proof: { kind: 'github', secret: 'a secret of sixteen' },
  audience: { userIds: ['{{user.id}}'] },
  message: { title: 'Hallo {{user.name|you}}' },
  ...rest,
});

export const failed = (of: string, key: string, at = NOW): FailedPing => ({
  trigger: of,
  key,
  at,
  id: null,
  body: Buffer.from(key).toString('base64'),
  faults: [{ path: '', message: 'is not valid JSON' }],
});

export function triggerContract(name: string, makeStore: MakeStore) {
  test(`${name}: a trigger is made, replaced, listed and deleted`, async (t) => {
    const store = await makeStore(t);
    const first = trigger('orders');
    assert.equal(await store.getTrigger('orders'), null);
    assert.equal(await store.getTrigger('../orders'), null);
    assert.deepEqual(await store.putTrigger(first), first);
    const second = trigger('orders', { app: 'news', idPath: null, createdAt: NOW + MINUTE });
    const put = { ...second, createdAt: NOW };
    assert.deepEqual(await store.putTrigger(second), put, 'made when the first was');
    const counts = { received: 0, forged: 0 };
    assert.deepEqual(await store.getTrigger('orders'), { ...put, counts });
    for (const other of ['a', 'z', 'b']) await store.putTrigger(trigger(other));
    const all = await allPages((after) => store.listTriggers(after, 3), 3);
    assert.deepEqual(
      all.map((it) => it.name),
      ['a', 'b', 'orders', 'z'],
    );
    assert.deepEqual(all[2], { ...put, counts });
    assert.equal(await store.deleteTrigger('orders'), true);
    assert.equal(await store.deleteTrigger('orders'), false);
    assert.equal(await store.getTrigger('orders'), null);
  });

  test(`${name}: pings of a trigger are counted, whatever is done to it`, async (t) => {
    const store = await makeStore(t);
    await store.putTrigger(trigger('orders'));
    await store.countPings('orders', { received: 2, forged: 0 });
    await store.putTrigger(trigger('orders', { app: 'news' }));
    await store.countPings('orders', { received: 1, forged: 3 });
    await store.countPings('other', { received: 1, forged: 1 });
    assert.deepEqual((await store.getTrigger('orders'))?.counts, { received: 3, forged: 3 });
    assert.equal(await store.getTrigger('other'), null);
  });

  test(`${name}: a failed ping is kept once, newest first, until it is dropped`, async (t) => {
    const store = await makeStore(t);
    for (const it of ['orders', 'orders-2']) await store.putTrigger(trigger(it));
    const all = Array.from({ length: 7 }, (_, i) => failed('orders', `ping${i}`, NOW + (i >> 1)));
    for (const it of [...all, all[0]!, failed('orders-2', 'other')]) await store.putFailedPing(it);
    const list = () => allPages((after) => store.listFailedPings('orders', after, 3), 3);
    const newest = all.toSorted((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1));
    assert.deepEqual(await list(), newest);
    assert.deepEqual(await store.getFailedPing('orders', 'ping3'), all[3]);
    assert.equal(await store.getFailedPing('orders', 'other'), null, "it is another trigger's");
    assert.equal(await store.getFailedPing('orders', 'no/id'), null);
    await store.dropFailedPing('orders', 'other');
    await store.dropFailedPing('orders', 'ping3');
    await store.dropFailedPing('orders', 'ping3');
    assert.deepEqual(
      await list(),
      newest.filter((it) => it.key !== 'ping3'),
    );
    assert.deepEqual((await store.listFailedPings('none', null, 3)).items, []);
    assert.equal(await store.deleteTrigger('orders'), true);
    assert.deepEqual(await list(), [], 'they go with their trigger');
    assert.equal((await store.listFailedPings('orders-2', null, 3)).items.length, 1);
  });
}
