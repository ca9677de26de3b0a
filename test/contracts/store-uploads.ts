/** The part of the store's contract that is about saved segments and uploaded audiences. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, type BucketRange, bucketOf, type Cursor } from '../../functions/model/bucket.ts';
import type { Segment } from '../../functions/model/segment.ts';
import type { Upload } from '../../functions/model/upload.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { allPages, EVERYBODY, type MakeStore, NOW, person } from './store-fixture.ts';

const segmentOf = (name: string, rest: Partial<Segment> = {}): Segment => ({
  app: 'default',
  name,
  audience: { tags: { any: ['"vip" ✓'] } },
  updatedAt: NOW,
  ...rest,
});

const uploadOf = (id: string, rest: Partial<Upload> = {}): Upload => ({
  id,
  app: 'default',
  of: 'userIds',
  size: null,
  createdAt: NOW,
  expiresAt: NOW + 1000,
  ...rest,
});

async function namesOf(
  store: Store,
  id: string,
  size = 1000,
  range: BucketRange = EVERYBODY,
  after: Cursor | null = null,
) {
  const all: string[] = [];
  for await (const names of store.readUpload(id, range, after, size)) {
    assert.ok(names.length > 0 && names.length <= size);
    all.push(...names);
  }
  return all;
}

const inOrder = (names: string[]) =>
  [...new Set(names)].toSorted((a, b) => bucketOf(a) - bucketOf(b) || (a < b ? -1 : 1));

export function uploadContract(name: string, makeStore: MakeStore) {
  test(`${name}: a segment is kept by app and name, replaced and forgotten`, async (t) => {
    const store = await makeStore(t);
    assert.equal(await store.getSegment('default', 'vip'), null);
    await store.putSegment(segmentOf('vip'));
    await store.putSegment(segmentOf('vip', { app: 'other', audience: {} }));
    assert.deepEqual(await store.getSegment('default', 'vip'), segmentOf('vip'));
    const later = segmentOf('vip', { audience: { not: { segment: 'x' } }, updatedAt: NOW + 1 });
    await store.putSegment(later);
    assert.deepEqual(await store.getSegment('default', 'vip'), later);
    assert.equal(await store.deleteSegment('default', 'vip'), true);
    assert.equal(await store.deleteSegment('default', 'vip'), false);
    assert.ok(await store.getSegment('other', 'vip'));
  });

  test(`${name}: segments are listed by name, of one app, in pages`, async (t) => {
    const store = await makeStore(t);
    const names = ['B', 'a-1', 'a.2', 'b', 'z_9'];
    for (const it of names.toReversed()) await store.putSegment(segmentOf(it));
    await store.putSegment(segmentOf('a-2', { app: 'other' }));
    const all = await allPages((after) => store.listSegments('default', after, 2), 2);
    assert.deepEqual(
      all.map((it) => it.name),
      names,
    );
    assert.deepEqual(await store.listSegments('nobody', null, 10), { items: [], next: null });
  });

  test(`${name}: an upload is read in order, each name once, however it came`, async (t) => {
    const store = await makeStore(t);
    const names = Array.from({ length: 700 }, (_, n) => `user ${n % 600} Zoë "✓" =:~/`);
    const upload = uploadOf('aaaa');
    await store.putUpload(upload);
    for (let i = 0; i < names.length; i += 150)
      await store.addToUpload(upload, names.slice(i, i + 150));
    await store.addToUpload(uploadOf('bbbb'), ['another']);
    assert.equal((await store.getUpload('aaaa'))?.size, null);
    const done = { ...upload, size: 700 };
    await store.putUpload(done);
    assert.deepEqual(await store.getUpload('aaaa'), done);
    assert.equal(await store.getUpload('cccc'), null);

    const expected = inOrder(names);
    assert.deepEqual(await namesOf(store, 'aaaa'), expected);
    assert.deepEqual(await namesOf(store, 'aaaa', 7), expected);
    assert.deepEqual(await namesOf(store, 'cccc'), []);
    const third = Math.floor(BUCKETS / 3);
    const parts: string[] = [];
    for (const from of [0, third, 2 * third]) {
      const to = from === 2 * third ? BUCKETS : from + third;
      parts.push(...(await namesOf(store, 'aaaa', 50, { from, to })));
    }
    assert.deepEqual(parts, expected);
    for (const at of [0, 1, 349, 599]) {
      const id = expected[at]!;
      const after = { bucket: bucketOf(id), id };
      assert.deepEqual(await namesOf(store, 'aaaa', 100, EVERYBODY, after), expected.slice(at + 1));
    }
  });

  test(`${name}: an upload that has expired is not there any more`, async (t) => {
    const clock = { now: NOW };
    const store = await makeStore(t, () => clock.now);
    const old = { ...uploadOf('aaaa', { expiresAt: NOW + 1 }), size: 2 };
    await store.putUpload(old);
    await store.addToUpload(old, ['one', 'two']);
    assert.deepEqual(await store.getUpload('aaaa'), old);
    clock.now = NOW + 1;
    assert.equal(await store.getUpload('aaaa'), null);
    // a reader that began before reads all of it
    await store.putUpload(uploadOf('bbbb', { createdAt: NOW + 1, expiresAt: NOW + 1000 }));
    assert.deepEqual(await namesOf(store, 'aaaa'), inOrder(['one', 'two']));
  });

  test(`${name}: it is known which tokens are registered, those of who opted out too`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([
      person('one', { token: 'a' }),
      person('two', { token: 'b', optedOut: true }),
      person('far', { token: 'c', app: 'other' }),
    ]);
    const known = await store.registeredTokens('default', ['d', 'c', 'b', 'a', 'a']);
    assert.deepEqual(known.toSorted(), ['a', 'b']);
    assert.deepEqual(await store.registeredTokens('default', []), []);
  });
}
