/**
 * The part of the store's contract that is about what an audience means: random expressions, on the
 * store and by the plain reference.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from '../../functions/model/audience/matches.ts';
import { BUCKETS } from '../../functions/model/bucket.ts';
import type { Carried, Installation, Reached } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Comparison } from '../../functions/model/schemas/conditions.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { chance, EVERYBODY, type MakeStore, MINUTE, NOW, person } from './store-fixture.ts';

type Dice = ReturnType<typeof chance>;

const DAY = 24 * 60 * MINUTE;
const languages = [
  ...['de', 'de-CH', 'en', 'en-AU', 'pt', 'pt-BR', 'pt-PT', 'pt-AO', 'ptx', 'es-MX', 'es-419'],
  ...['zh', 'zh-TW', 'zh-Hant-TW', 'zh-HK', 'zh-Hans-CN', 'nb', 'no', 'nn-NO', 'sr-Latn', 'sr'],
];
const zones = ['Europe/Zurich', 'America/Sao_Paulo', 'Asia/Tokyo'];
const countries = ['CH', 'BR', 'JP'];
const versions = ['1.0.0', '1.9', '2.0.0-beta.1', '2.0.0', '2.10.3', '3', '4.0.0.77', 'unknown'];
const ranges = ['>=2', '<2', '1.x', '^2.0.0', '>=1.9.0 <2.10.0', '1.0.0 || >=3'];
const permissions = ['granted', 'denied', 'provisional'] as const;
const tagNames = ['news', 'vip', 'Zoë ✓', '"quoted"'];
const values = [
  1,
  41,
  '41',
  -2.5,
  'pro',
  'free',
  '',
  true,
  'true',
  false,
  '2026-11-21',
  '\u{1F514}',
];
const names = ['plan', 'age', 'dé "quoted"'];

/** 300 people, with everything an audience can ask for, and without. */
export function crowd({ below, pick }: Dice): Installation[] {
  return Array.from({ length: 300 }, (_, n) => {
    const attributes = names.filter(() => below(3) > 0).map((name) => [name, pick(values)]);
    return person(
      `device-${n}`,
      {
        platform: pick(['ios', 'android', 'web']),
        token: `token-${n}`,
        app: below(8) === 0 ? 'other' : 'default',
        tags: tagNames.filter(() => below(3) > 1),
        attributes: Object.fromEntries(attributes),
        ...(below(12) === 0 && { optedOut: true }),
        ...(below(5) > 0 && { language: pick(languages) }),
        ...(below(4) > 0 && { timeZone: pick(zones) }),
        ...(below(4) > 0 && { country: pick(countries) }),
        ...(below(4) > 0 && { appVersion: pick(versions) }),
        ...(below(2) > 0 && { userId: `user-${below(60)}` }),
        ...(below(4) > 0 && { permission: pick(permissions) }),
        ...(n % 6 === 0 && { optedOutOf: n % 4 === 0 ? ['digest', 'marketing'] : ['marketing'] }),
      },
      NOW - below(400) * DAY,
    );
  });
}

function comparison({ below, pick }: Dice): Comparison {
  const texts = values.filter((it) => typeof it !== 'boolean');
  const kinds: (() => Comparison)[] = [
    () => ({ '=': pick(values) }),
    () => ({ '!=': pick(values) }),
    () => ({ in: [pick(values), pick(values)] }),
    () => ({ exists: below(2) === 0 }),
    () => ({ '<': pick(texts) }),
    () => ({ '>=': pick(texts) }),
    () => ({ '>': pick(texts), '<=': pick(texts) }),
  ];
  return pick(kinds)();
}

/** One condition, or several, or others combined: `depth` bounds how deep. */
export function expression(dice: Dice, depth: number): Audience {
  const { below, pick } = dice;
  const some = <T>(make: () => T) => Array.from({ length: 1 + below(3) }, make);
  const at = () => new Date(NOW - below(400) * DAY).toISOString();
  const inner = () => expression(dice, depth - 1);
  const kinds: (() => Audience)[] = [
    () => ({ platform: some(() => pick(['ios', 'android', 'web'] as const)) }),
    () => ({
      language: some(() => pick([...languages, 'zh-Hant', 'zh-Hant-HK', 'es', 'en-001', 'fr'])),
    }),
    () => ({ tags: { any: some(() => pick(tagNames)) } }),
    () => ({ tags: { all: some(() => pick(tagNames)), none: [pick(tagNames)] } }),
    () => ({ userIds: Array.from({ length: 20 }, () => `user-${below(70)}`) }),
    () => ({ installationIds: Array.from({ length: 60 }, () => `device-${below(320)}`) }),
    () => ({ tokens: Array.from({ length: 60 }, () => `token-${below(320)}`) }),
    () => ({ attributes: { [pick(names)]: comparison(dice) } }),
    () => ({ attributes: Object.fromEntries(names.map((it) => [it, comparison(dice)])) }),
    () => ({ appVersion: pick(ranges) }),
    () => ({
      lastSeen: { ...(below(2) > 0 && { after: at() }), ...(below(2) > 0 && { before: at() }) },
    }),
    () => ({ timeZone: some(() => pick(zones)), country: some(() => pick(countries)) }),
    () => ({ permission: some(() => pick(permissions)) }),
    () => ({ category: pick(['digest', 'marketing', 'orders']) }),
    () => ({}),
  ];
  const own = () => Object.assign({}, ...Array.from({ length: 1 + below(2) }, () => pick(kinds)()));
  if (depth === 0) return own();
  const combined: (() => Audience)[] = [
    own,
    () => ({ ...own(), and: some(inner) }),
    () => ({ or: some(inner) }),
    () => ({ ...own(), or: some(inner) }),
    () => ({ not: inner() }),
    () => ({ ...own(), not: inner() }),
  ];
  return pick(combined)();
}

async function read(store: Store, audience: Audience, size: number, carried?: Carried[]) {
  const all: Reached[] = [];
  for await (const page of store.streamAudience({
    app: 'default',
    audience,
    range: EVERYBODY,
    after: null,
    size,
    carried,
  })) {
    assert.ok(page.installations.length > 0 || page.leftOut);
    assert.ok(page.installations.length <= size);
    all.push(...page.installations);
  }
  return all;
}

export const inOrder = (a: Installation, b: Installation) =>
  a.bucket - b.bucket || (a.id < b.id ? -1 : 1);

export function matchingContract(name: string, makeStore: MakeStore) {
  test(`${name}: an expression means what the plain reference says, whatever it is`, async (t) => {
    const store = await makeStore(t);
    const dice = chance(23);
    const people = crowd(dice);
    await store.putInstallations(people);
    let found = 0;
    let partly = 0;
    for (let n = 0; n < 300; n++) {
      const audience = expression(dice, dice.below(4));
      const expected = people
        .filter((it) => it.app === 'default' && matches(audience, it))
        .sort(inOrder)
        .map((it) => it.id);
      const what = JSON.stringify(audience);
      const got = await read(store, audience, 1 + dice.below(80));
      assert.deepEqual(
        got.map((it) => it.id),
        expected,
        what,
      );
      assert.ok((await store.estimateAudience('default', audience)) >= expected.length, what);
      found += expected.length;
      if (expected.length > 0 && expected.length < 240) partly++;
    }
    assert.ok(found > 3000 && partly > 100, `the audiences say something: ${found}, ${partly}`);
  });

  test(`${name}: an audience that is looked through is resumed after any cursor`, async (t) => {
    const store = await makeStore(t);
    const people = crowd(chance(5));
    await store.putInstallations(people);
    const audience: Audience = {
      or: [{ attributes: { plan: { '!=': 'pro' } } }, { tags: { any: ['vip'] } }],
    };
    const all = (await read(store, audience, 1000)).map((it) => it.id);
    assert.ok(all.length > 50);
    let seen = 0;
    for await (const page of store.streamAudience({
      app: 'default',
      audience,
      range: EVERYBODY,
      after: null,
      size: 7,
    })) {
      seen += page.installations.length;
      const rest: string[] = [];
      for await (const after of store.streamAudience({
        app: 'default',
        audience,
        range: EVERYBODY,
        after: page.cursor,
        size: 50,
      }))
        rest.push(...after.installations.map((it) => it.id));
      assert.deepEqual(rest, all.slice(seen));
    }
    assert.equal(seen, all.length);
    const parts: string[] = [];
    for (let i = 0; i < 3; i++) {
      const range = {
        from: Math.floor((BUCKETS / 3) * i),
        to: Math.floor((BUCKETS / 3) * (i + 1)),
      };
      for await (const page of store.streamAudience({
        app: 'default',
        audience,
        range,
        after: null,
        size: 10,
      }))
        parts.push(...page.installations.map((it) => it.id));
    }
    assert.deepEqual(parts, all);
  });

  test(`${name}: a page carries of its installations what it is asked for`, async (t) => {
    const store = await makeStore(t);
    const people = crowd(chance(9)).filter((it) => it.app === 'default' && !it.optedOut);
    await store.putInstallations(people);
    const byId = new Map(people.map((it) => [it.id, it]));
    const carried: Carried[] = ['platform', 'language', 'permission', 'attributes', 'refreshedAt'];
    for (const audience of [{}, { attributes: { plan: { exists: true } } }, { appVersion: '>=2' }])
      for (const it of await read(store, audience, 40, carried)) {
        const { platform, language, permission, attributes, refreshedAt } = byId.get(it.id)!;
        assert.deepEqual(
          [it.platform, it.language, it.permission, it.attributes, it.refreshedAt],
          [platform, language, permission, attributes, refreshedAt],
        );
      }
  });
}
