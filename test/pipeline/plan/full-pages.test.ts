import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, type Cursor } from '../../../functions/model/bucket.ts';
import type { Reached } from '../../../functions/model/installation.ts';
import { CHUNK_SIZE } from '../../../functions/model/sizes.ts';
import { fullPages } from '../../../functions/pipeline/plan/full-pages.ts';
import type { AudiencePage } from '../../../functions/ports/ports.ts';

const byBucket = (a: Reached, b: Reached) =>
  bucketOf(a.id) - bucketOf(b.id) || Number(a.id > b.id) - Number(a.id < b.id);

/** In the order of buckets, of which each is FCM's with that share, evenly. */
function audience(count: number, share: number, token = 'token'): Reached[] {
  const ids = Array.from({ length: count }, (_, n) => ({ id: `device-${n}` }) as Reached);
  return ids.toSorted(byBucket).map(({ id }, n) => {
    const ofFcm = Math.floor((n + 1) * share) > Math.floor(n * share);
    return { id, token, provider: ofFcm ? 'fcm' : 'apns', environment: 'production' };
  });
}

async function* read(all: Reached[], after: Cursor | null = null): AsyncGenerator<AudiencePage> {
  const rest = all.filter((it) => after === null || byBucket(it, { ...it, id: after.id }) > 0);
  for (let from = 0; from < rest.length; from += 2000) {
    const installations = rest.slice(from, from + 2000);
    const { id } = installations.at(-1)!;
    yield { installations, cursor: { bucket: bucketOf(id), id } };
  }
}

const plain = (chunk: number) => ({ chunk, isPersonalized: false, isBeginning: false });

const ofFcm = (page: AudiencePage) => page.installations.filter((it) => it.provider === 'fcm');
const ids = (pages: AudiencePage[]) => pages.flatMap((it) => it.installations.map(({ id }) => id));

for (const [chunk, share] of [1_000, CHUNK_SIZE].flatMap((it) =>
  [0, 0.1, 0.3, 0.5, 0.7, 0.95, 1].map((share) => [it, share] as const),
))
  test(`where ${100 * share} % are FCM's, all but the last of its chunks of ${chunk} are full`, async () => {
    const all = audience(25_000, share);
    const pages = await Array.fromAsync(fullPages(read(all), plain(chunk)));
    assert.deepEqual(
      ids(pages),
      all.map((it) => it.id),
    );
    for (const page of pages.slice(0, -1)) {
      assert.equal(ofFcm(page).length % chunk, 0);
      assert.ok(page.installations.length >= 2000 && page.installations.length <= 10 * chunk);
    }
    if (share === 0 || share === 1)
      for (const { installations } of pages.slice(0, -1))
        assert.equal(installations.length % chunk, 0);
  });

test('a page ends where it would be too large, whatever is in it', async () => {
  const pagesOf = (share: number, isPersonalized: boolean, token?: string) =>
    Array.fromAsync(
      fullPages(read(audience(12_000, share, token)), {
        ...plain(1_000),
        isPersonalized,
      }),
    );
  const sizes = (pages: AudiencePage[]) => pages.map((it) => it.installations.length);
  assert.deepEqual(sizes(await pagesOf(0.01, false)), [10_000, 2000]);
  assert.deepEqual(sizes(await pagesOf(0.01, true)), Array(6).fill(2000));
  assert.deepEqual(sizes(await pagesOf(0.8, true)).slice(0, 3), [1250, 1250, 1250]);
  const long = sizes(await pagesOf(0.3, false, 'x'.repeat(4096)));
  const attributes = { text: '✓'.repeat(1_000) };
  const wordy = audience(12_000, 0.3).map((it) => ({ ...it, attributes }));
  const personal = await Array.fromAsync(
    fullPages(read(wordy), { ...plain(CHUNK_SIZE), isPersonalized: true }),
  );
  assert.ok(Math.max(...sizes(personal)) < 1_400, `${sizes(personal)}`);
  assert.ok(Math.max(...long) < 1000, `${long}`);
});

test('a planner that dies goes on after any page, and misses no installation', async () => {
  const all = audience(11_111, 0.7);
  const pages = await Array.fromAsync(fullPages(read(all), plain(CHUNK_SIZE)));
  for (const [index, { cursor }] of pages.entries()) {
    const rest = await Array.fromAsync(fullPages(read(all, cursor), plain(CHUNK_SIZE)));
    assert.deepEqual(ids(rest), ids(pages.slice(index + 1)));
  }
});

test('what batches left out is counted with the pages, and at the end without one', async () => {
  async function* counted() {
    for await (const batch of read(audience(8_000, 1))) yield { ...batch, leftOut: 10 };
    yield { installations: [], cursor: { bucket: 7, id: 'last' }, leftOut: 5 };
  }
  const pages = await Array.fromAsync(fullPages(counted(), plain(CHUNK_SIZE)));
  assert.equal(
    pages.reduce((sum, it) => sum + (it.leftOut ?? 0), 0),
    45,
  );
  assert.deepEqual(pages.at(-1), {
    installations: [],
    cursor: { bucket: 7, id: 'last' },
    leftOut: 15,
  });
});

test('the first page of a campaign ends with the first batch, and the others where chunks are full', async () => {
  const all = audience(25_000, 0.5);
  const filling = { ...plain(CHUNK_SIZE), isBeginning: true };
  const [first, ...others] = await Array.fromAsync(fullPages(read(all), filling));
  assert.equal(first?.installations.length, 2_000);
  assert.deepEqual(first?.cursor, (await Array.fromAsync(read(all)))[0]?.cursor);
  assert.deepEqual(
    ids([first!, ...others]),
    all.map((it) => it.id),
  );
  for (const page of others.slice(0, -1)) assert.equal(ofFcm(page).length % CHUNK_SIZE, 0);
});
