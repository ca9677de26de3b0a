/** The part of the store's contract that is about installations and audiences. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, type BucketRange, type Cursor } from '../../functions/model/bucket.ts';
import type { Audience } from '../../functions/model/campaign.ts';
import type { Installation } from '../../functions/model/installation.ts';
import type { AudiencePage, Store } from '../../functions/ports/ports.ts';
import { chance, EVERYBODY, type MakeStore, NOW, person } from './store-fixture.ts';

const languages = ['de', 'en', 'pt-BR'];
const tagNames = ['news', 'vip', 'beta', 'Zoë ✓', '"quoted"'];

/** 300 people of two apps, with everything an audience can ask for. */
function crowd(): Installation[] {
  const { below, pick } = chance(7);
  return Array.from({ length: 300 }, (_, n) => {
    const platform = pick(['ios', 'android', 'web'] as const);
    return person(`device-${n}`, {
      app: below(5) === 0 ? 'other' : 'default',
      platform,
      tags: tagNames.filter(() => below(3) === 0),
      token: `token-${n}`,
      ...(below(4) > 0 && { language: pick(languages) }),
      ...(below(2) > 0 && { userId: `user-${below(60)}` }),
      ...(below(10) === 0 && { environment: 'sandbox' }),
      ...(n % 9 === 0 && { optedOut: true }),
      ...(n % 7 === 0 && { optedOutOf: n % 2 === 0 ? ['digest', 'marketing'] : ['marketing'] }),
    });
  });
}

function randomAudience({ below, pick }: ReturnType<typeof chance>): Audience {
  const some = <T>(make: () => T) => Array.from({ length: 1 + below(4) }, make);
  const device = () => below(320);
  return {
    ...(below(3) === 0 && { platform: some(() => pick(['ios', 'android', 'web'] as const)) }),
    ...(below(3) === 0 && { language: some(() => pick([...languages, 'fr'])) }),
    ...(below(2) === 0 && {
      tags: {
        ...(below(2) === 0 && { any: some(() => pick(tagNames)) }),
        ...(below(3) === 0 && { all: some(() => pick(tagNames)).slice(0, 2) }),
        ...(below(3) === 0 && { none: some(() => pick(tagNames)).slice(0, 2) }),
      },
    }),
    ...(below(5) === 0 && { userIds: Array.from({ length: 20 }, () => `user-${below(70)}`) }),
    ...(below(6) === 0 && {
      installationIds: Array.from({ length: 60 }, () => `device-${device()}`),
    }),
    ...(below(6) === 0 && { tokens: Array.from({ length: 60 }, () => `token-${device()}`) }),
    ...(below(3) === 0 && { category: pick(['digest', 'marketing', 'orders']) }),
  };
}

/** The meaning of an audience, in the plainest words. */
const isIn = (app: string, audience: Audience) => (it: Installation) => {
  const tags: {
    any?: string[] | undefined;
    all?: string[] | undefined;
    none?: string[] | undefined;
  } = audience.tags ?? {};
  return (
    it.app === app &&
    it.optedOut !== true &&
    !(audience.category && it.optedOutOf?.includes(audience.category)) &&
    (audience.platform?.includes(it.platform) ?? true) &&
    (audience.language?.includes(it.language ?? '') ?? true) &&
    (audience.userIds?.includes(it.userId ?? '') ?? true) &&
    (audience.installationIds?.includes(it.id) ?? true) &&
    (audience.tokens?.includes(it.token) ?? true) &&
    (tags.any?.some((tag) => it.tags.includes(tag)) ?? true) &&
    (tags.all?.every((tag) => it.tags.includes(tag)) ?? true) &&
    !tags.none?.some((tag) => it.tags.includes(tag))
  );
};

const inOrder = (a: Installation, b: Installation) => a.bucket - b.bucket || (a.id < b.id ? -1 : 1);

async function pagesOf(
  store: Store,
  audience: Audience,
  size: number,
  range: BucketRange = EVERYBODY,
  after: Cursor | null = null,
) {
  const pages: AudiencePage[] = [];
  for await (const page of store.streamAudience({ app: 'default', audience, range, after, size })) {
    assert.ok(page.installations.length > 0 || page.leftOut, 'no page is empty and says nothing');
    assert.ok(page.installations.length <= size, 'no page is larger than asked for');
    pages.push(page);
  }
  for (const { installations } of pages.slice(0, -1)) assert.equal(installations.length, size);
  return pages;
}
const idsOf = (pages: AudiencePage[]) =>
  pages.flatMap((page) => page.installations.map((it) => it.id));

export function audienceContract(name: string, makeStore: MakeStore) {
  test(`${name}: an installation comes back as it was put, whatever its words are`, async (t) => {
    const store = await makeStore(t);
    const full = person('a:b.c-d_e', {
      language: 'pt-BR',
      timeZone: 'America/Sao_Paulo',
      country: 'BR',
      appVersion: '4.12.0-rc.1+77',
      optedOut: true,
      userId: "O'Brien; --",
      tags: tagNames,
      attributes: { plan: 'Zoë "✓" \u{1F514}', age: 41, paying: true },
    });
    await store.putInstallations([full, person('bare')]);
    assert.deepEqual(await store.getInstallation('default', full.id), full);
    assert.deepEqual(await store.getInstallation('default', 'bare'), person('bare'));
    assert.equal(await store.getInstallation('other', full.id), null);
    assert.equal(await store.getInstallation('default', 'nobody'), null);
    await store.putInstallations([]);
  });

  test(`${name}: to put an installation again replaces all of it`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('one', { language: 'de', tags: ['vip'] })]);
    const later = person('one', { token: 'new token' }, NOW + 1);
    await store.putInstallations([later]);
    assert.deepEqual(await store.getInstallation('default', 'one'), later);
    assert.deepEqual(idsOf(await pagesOf(store, { tokens: ['token-of-one'] }, 10)), []);
    assert.deepEqual(idsOf(await pagesOf(store, {}, 10)), ['one']);
  });

  test(`${name}: who opted out is kept but in no audience, until the opposite is said`, async (t) => {
    const store = await makeStore(t);
    const inAudience = async () => [
      ...idsOf(await pagesOf(store, {}, 10)),
      ...idsOf(await pagesOf(store, { installationIds: ['one'] }, 10)),
      ...idsOf(await pagesOf(store, { tokens: ['token-of-one'] }, 10)),
      ...idsOf(await pagesOf(store, { userIds: ['user'] }, 10)),
    ];
    const put = (optedOut?: boolean) =>
      store.putInstallations([person('one', { userId: 'user', optedOut })]);
    await put();
    assert.equal((await inAudience()).length, 4);
    await put(true);
    assert.deepEqual(await inAudience(), []);
    await put();
    assert.deepEqual(await inAudience(), [], 'nothing was said of it');
    assert.equal((await store.getInstallation('default', 'one'))?.optedOut, true);
    await put(false);
    assert.equal((await inAudience()).length, 4);
    assert.deepEqual(
      await store.getInstallation('default', 'one'),
      person('one', { userId: 'user' }),
    );
  });

  test(`${name}: of one id twice in a batch the last one stays`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([
      person('twin', { token: 'first' }),
      person('between'),
      person('twin', { token: 'last' }),
    ]);
    assert.equal((await store.getInstallation('default', 'twin'))?.token, 'last');
    assert.equal(idsOf(await pagesOf(store, {}, 10)).length, 2);
  });

  test(`${name}: a token moves from one installation to another of the same app`, async (t) => {
    const store = await makeStore(t);
    const token = 'the same token';
    await store.putInstallations([person('old', { token })]);
    await store.putInstallations([person('far', { token, app: 'other' })]);
    assert.ok(await store.getInstallation('default', 'old'));
    await store.putInstallations([person('new', { token })]);
    assert.equal(await store.getInstallation('default', 'old'), null);
    assert.ok(await store.getInstallation('other', 'far'));
    assert.deepEqual(idsOf(await pagesOf(store, { tokens: [token] }, 10)), ['new']);
  });

  test(`${name}: a token twice in a batch belongs to one installation`, async (t) => {
    const store = await makeStore(t);
    const twice = ['a', 'b', 'c', 'd'].map((id) => person(id, { token: 'the same token' }));
    await store.putInstallations(twice);
    assert.equal(idsOf(await pagesOf(store, {}, 10)).length, 1);
  });

  test(`${name}: a deleted installation is gone, and only once`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('one'), person('two')]);
    assert.equal(await store.deleteInstallation('other', 'one'), false);
    assert.equal(await store.deleteInstallation('default', 'one'), true);
    assert.equal(await store.deleteInstallation('default', 'one'), false);
    assert.deepEqual(idsOf(await pagesOf(store, {}, 10)), ['two']);
  });

  test(`${name}: who opted out of a category is in no audience of it, until the opposite is said`, async (t) => {
    const store = await makeStore(t);
    const inAudience = async (category?: string) => [
      ...idsOf(await pagesOf(store, { category }, 10)),
      ...idsOf(await pagesOf(store, { installationIds: ['one'], category }, 10)),
      ...idsOf(await pagesOf(store, { tokens: ['token-of-one'], and: [{ category }] }, 10)),
      ...idsOf(await pagesOf(store, { userIds: ['user'], category }, 10)),
    ];
    const stored = async () => (await store.getInstallation('default', 'one'))?.optedOutOf;
    const put = (optedOutOf?: string[]) =>
      store.putInstallations([person('one', { userId: 'user', optedOutOf })]);
    await put(['digest', 'marketing']);
    assert.deepEqual(await inAudience('marketing'), []);
    assert.deepEqual(await inAudience('digest'), []);
    assert.equal((await inAudience('orders')).length, 4);
    assert.equal((await inAudience()).length, 4);
    await put();
    assert.deepEqual(await inAudience('marketing'), [], 'nothing was said of it');
    assert.deepEqual(await stored(), ['digest', 'marketing']);
    await store.updateInstallation('default', 'one', (it) => ({ ...it, optedOutOf: ['orders'] }));
    assert.equal((await inAudience('marketing')).length, 4);
    assert.deepEqual(await inAudience('orders'), []);
    await put([]);
    assert.equal((await inAudience('orders')).length, 4);
    assert.deepEqual(
      await store.getInstallation('default', 'one'),
      person('one', { userId: 'user' }),
    );
  });

  test(`${name}: audiences are who they say, in order, never more than estimated`, async (t) => {
    const store = await makeStore(t);
    const people = crowd();
    await store.putInstallations(people);
    const dice = chance(11);
    const audiences: Audience[] = [{}, { tags: {} }, { platform: ['web'] }];
    while (audiences.length < 80) audiences.push(randomAudience(dice));
    let found = 0;
    for (const audience of audiences) {
      const expected = people.filter(isIn('default', audience)).sort(inOrder);
      const pages = await pagesOf(store, audience, 1 + dice.below(50));
      const what = JSON.stringify(audience);
      assert.deepEqual(
        pages.flatMap((page) => page.installations.map((it) => [it.id, it.token, it.provider])),
        expected.map((it) => [it.id, it.token, it.provider]),
        what,
      );
      assert.deepEqual(
        pages.flatMap((page) => page.installations.map((it) => it.environment)),
        expected.map((it) => it.environment),
      );
      const estimate = await store.estimateAudience('default', audience);
      assert.ok(estimate >= expected.length, what);
      const leftOut = pages.reduce((sum, it) => sum + (it.leftOut ?? 0), 0);
      if (store.countsExactly(audience, estimate))
        assert.equal(estimate, expected.length + leftOut, what);
      found += expected.length;
    }
    assert.ok(found > 1000, 'the audiences are not all empty');
    for (const audience of [
      ...[{}, { platform: ['web' as const] }, { language: ['de'] }, { category: 'marketing' }],
    ])
      assert.equal(store.countsExactly(audience, 300), true);
    assert.equal(store.countsExactly({ tokens: ['token-1'] }, 1), false, 'some may be no one’s');
  });

  test(`${name}: an audience is resumed after any cursor`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations(crowd());
    const audiences: Audience[] = [
      ...[{}, { language: ['de'] }, { tags: { any: ['vip'] } }],
      { userIds: Array.from({ length: 60 }, (_, n) => `user-${n}`) },
      { tokens: Array.from({ length: 90 }, (_, n) => `token-${n}`) },
    ];
    for (const audience of audiences) {
      const all = idsOf(await pagesOf(store, audience, 1000));
      const pages = await pagesOf(store, audience, 7);
      for (const [index, page] of pages.entries())
        assert.deepEqual(
          idsOf(await pagesOf(store, audience, 1 + index, EVERYBODY, page.cursor)),
          all.slice(idsOf(pages.slice(0, index + 1)).length),
        );
    }
  });

  test(`${name}: the ranges of shards are disjoint and complete`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations(crowd());
    for (const audience of [{}, { language: ['en'] }, { userIds: ['user-1', 'user-2'] }]) {
      const all = idsOf(await pagesOf(store, audience, 1000));
      for (const parts of [2, 3, 7]) {
        const read: string[] = [];
        for (let i = 0; i < parts; i++) {
          const from = Math.floor((BUCKETS / parts) * i);
          const to = Math.floor((BUCKETS / parts) * (i + 1));
          read.push(...idsOf(await pagesOf(store, audience, 10, { from, to })));
        }
        assert.deepEqual(read, all);
      }
    }
  });

  test(`${name}: a range has its first bucket and not its last, as a cursor has not`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('edge'), person('other')]);
    const { bucket } = person('edge');
    const ids = async (from: number, to: number, after: Cursor | null = null) =>
      idsOf(await pagesOf(store, {}, 10, { from, to }, after));
    assert.deepEqual(await ids(bucket, bucket + 1), ['edge']);
    assert.deepEqual(await ids(bucket + 1, bucket + 2), []);
    assert.deepEqual(await ids(bucket - 1, bucket), []);
    assert.deepEqual(await ids(bucket, bucket + 1, { bucket, id: 'edge' }), []);
    assert.deepEqual(await ids(bucket, bucket + 1, { bucket, id: 'edg' }), ['edge']);
  });

  test(`${name}: an audience without installations has no page`, async (t) => {
    const store = await makeStore(t);
    assert.deepEqual(await pagesOf(store, {}, 10), []);
    await store.putInstallations([person('one')]);
    assert.deepEqual(await pagesOf(store, { language: ['de'] }, 10), []);
  });

  test(`${name}: who registers while an audience is read does not make others lost`, async (t) => {
    const store = await makeStore(t);
    const people = crowd().filter((it) => it.app === 'default');
    await store.putInstallations(people);
    const read: string[] = [];
    for await (const page of store.streamAudience({
      app: 'default',
      audience: {},
      range: EVERYBODY,
      after: null,
      size: 20,
    })) {
      read.push(...page.installations.map((it) => it.id));
      await store.putInstallations([person(`late-${read.length}`)]);
    }
    assert.equal(new Set(read).size, read.length, 'no installation twice');
    for (const it of people) if (!it.optedOut) assert.ok(read.includes(it.id), it.id);
  });
}
