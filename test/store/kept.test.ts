/** How much of an earlier campaign is read, and held, for the audience of a later one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import { bucketIn, receiptName } from '../../functions/model/receipt.ts';
import { acceptedNames, type KeptSource } from '../../functions/store/kept.ts';
import { createMembers } from '../../functions/store/members.ts';
import { campaignOf } from '../contracts/store-fixture.ts';

const [PAGES, SIZE] = [200, 500];

/** A campaign of 100,000 recipients, all accepted, in two shards; notes which pages are read. */
function earlier(rest: Parameters<typeof campaignOf>[0] = {}) {
  const ids = Array.from({ length: PAGES * SIZE }, (_, n) => `device-${n}`)
    .map((id) => ({ id, bucket: bucketOf(id) }))
    .sort((a, b) => a.bucket - b.bucket);
  const read: string[] = [];
  const half = BUCKETS / 2;
  const shards = [0, 1].map((index) => {
    const own = ids.filter((it) => (it.bucket < half ? 0 : 1) === index);
    const pages = Math.ceil(own.length / SIZE);
    return { index, from: index * half, to: (index + 1) * half, pages, chunks: pages, own };
  });
  const source: KeptSource = {
    checkKept: async () => {},
    shardsOf: async () => shards,
    async pageOf(_, { index }, page) {
      read.push(`${index}.${page}`);
      const some = shards[index]!.own.slice(page * SIZE, (page + 1) * SIZE);
      return [
        {
          id: `c.${index}.${page}.0`,
          provider: 'fcm',
          environment: 'production',
          ids: some.map((it) => `${it.id}\n`).join(''),
          outcomes: 'a'.repeat(some.length),
          releasedAt: null,
        },
      ];
    },
    messageOf: async () => null,
    failuresOf: async () => [],
  };
  return { campaign: campaignOf({ state: 'completed', shards: 2, ...rest }), source, read, ids };
}

const membersOf = ({ campaign, source }: ReturnType<typeof earlier>, seeks = true) =>
  createMembers({
    open: (from) => acceptedNames(source, campaign, { from, to: BUCKETS }),
    seeks,
  });

test('a registry that is read in order reads each page of an earlier campaign once', async () => {
  const it = earlier();
  const members = membersOf(it);
  let found = 0;
  for (let at = 0; at < it.ids.length; at += 1_000) {
    const wanted = it.ids.slice(at, at + 1_000).map(({ id }) => receiptName(id));
    found += (await members.among([...wanted, ...absent(wanted)].sort())).size;
  }
  assert.equal(found, it.ids.length);
  assert.equal(it.read.length, new Set(it.read).size, 'each once');
});

/** Names in the same buckets that are not in the set. */
const absent = (names: string[]) => names.slice(0, 50).map((it) => `${it.slice(0, 8)}00000000`);

test('a part of the registry reads its part of an earlier campaign, and a few pages to find it', async () => {
  const it = earlier();
  for (const part of [0.1, 0.49, 0.51, 0.93]) {
    it.read.length = 0;
    const start = it.ids.findIndex(({ bucket }) => bucket >= part * BUCKETS);
    const members = membersOf(it);
    const wanted = it.ids.slice(start, start + 4 * SIZE).map(({ id }) => receiptName(id));
    assert.equal((await members.among(wanted.toSorted())).size, 4 * SIZE);
    await members.close();
    assert.ok(it.read.length <= 16, `${it.read.length} pages for the part at ${part}`);
  }
});

test('installations far from each other are looked up, and the rest is passed over', async () => {
  const it = earlier();
  const members = membersOf(it);
  const some = Array.from({ length: 5 }, (_, n) => it.ids[n * 20_000 + 77]!);
  const wanted = some.map(({ id }) => receiptName(id)).sort();
  assert.equal((await members.among(wanted)).size, 5);
  assert.ok(it.read.length < 60, `${it.read.length} pages`);
  // backward, too
  assert.equal((await members.among(wanted.slice(0, 1))).size, 1);
});

test('a campaign to a list of tokens is in no order, and is read in order all the same', async () => {
  const it = earlier({
    audience: { tokens: ['t'], unregistered: { platform: 'ios', environment: 'production' } },
  });
  const inOrder: string[] = [];
  for await (const names of acceptedNames(it.source, it.campaign, { from: 0, to: BUCKETS / 4 })) {
    assert.ok(names.length <= 4_000);
    inOrder.push(...names);
  }
  const expected = it.ids.filter(({ bucket }) => bucket < BUCKETS / 4);
  assert.deepEqual(inOrder, expected.map(({ id }) => receiptName(id)).sort());
  assert.equal((await membersOf(it, false).among(inOrder.slice(0, 10))).size, 10);
});

test('a page that is missing, and one in another order, are errors', async () => {
  const it = earlier();
  const { pageOf } = it.source;
  const drain = async (range = { from: 0, to: BUCKETS }) => {
    for await (const _ of acceptedNames(it.source, it.campaign, range));
  };
  it.source.pageOf = async (id, shard, page) => (page === 3 ? [] : pageOf(id, shard, page));
  await assert.rejects(drain(), { name: 'Expired' });
  it.source.pageOf = async (id, shard, page) =>
    (await pageOf(id, shard, page)).map((chunk) => ({ ...chunk, outcomes: '-'.repeat(SIZE) }));
  await assert.rejects(drain(), { name: 'Expired', message: /not kept what became/ });
  it.source.pageOf = (id, shard, page) => pageOf(id, shard, shard.pages - 1 - page);
  await assert.rejects(
    membersOf(it).among(it.ids.map(({ id }) => receiptName(id)).sort()),
    /not in the order of buckets/,
  );
});

test('two installations of one bucket are told apart, also where a part ends between them', async () => {
  const names = ['0000000a11111111', '0000000a22222222', '0000000a00000000', '0000000b00000000'];
  const members = createMembers({
    async *open(from) {
      for (const name of names) if (bucketIn(name) >= from) yield [name];
    },
    seeks: true,
  });
  assert.deepEqual(
    await members.among(['0000000a00000000', '0000000a33333333']),
    new Set([names[2]]),
  );
  assert.deepEqual(
    await members.among(['0000000a11111111', '0000000b00000000']),
    new Set([names[0], names[3]]),
  );
});
