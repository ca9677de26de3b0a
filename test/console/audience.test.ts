/** Rows of conditions, and the audiences that they are. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../functions/console/screens/compose/audience/compile.ts';
import { decompile } from '../../functions/console/screens/compose/audience/decompile.ts';
import {
  type Field,
  type Group,
  noGroup,
  type Row,
} from '../../functions/console/screens/compose/audience/group.ts';
import { audienceSchema } from '../../functions/model/schemas/audience.ts';

let ids = 0;
const row = (field: Field, value: string, op = 'is', name = ''): Row => ({
  kind: 'row',
  id: `row-${ids++}`,
  field,
  op,
  name,
  value,
});

test('rows about different fields are one object, others are listed', () => {
  const all = noGroup('all', [row('language', 'de, pt-BR'), row('tags', 'news', 'any')]);
  assert.deepEqual(compile(all).audience, { language: ['de', 'pt-BR'], tags: { any: ['news'] } });
  const twice = noGroup('all', [row('tags', 'news', 'any'), row('tags', 'quiet', 'none')]);
  assert.deepEqual(compile(twice).audience, {
    and: [{ tags: { any: ['news'] } }, { tags: { none: ['quiet'] } }],
  });
});

test('a row that is not finished is refused, and never widens the audience', () => {
  for (const it of [
    row('language', ''),
    row('tags', ' , ', 'any'),
    row('segment', ''),
    row('lastSeen', '', 'withinDays'),
    row('attributes', 'x', '='),
    row('appVersion', ''),
    row('opened', ' '),
    row('notOpened', '', 'not'),
  ]) {
    const { audience } = compile(noGroup('all', [row('platform', 'ios'), it]));
    assert.equal(audienceSchema.safeParse(audience).success, false, JSON.stringify(audience));
  }
  for (const holds of ['any', 'none', 'all'] as const) {
    const { audience } = compile(noGroup('all', [row('platform', 'ios'), noGroup(holds)]));
    assert.equal(audienceSchema.safeParse(audience).success, false, holds);
  }
});

test('the path of each row is the one at which the API finds its fault', () => {
  const bad = row('country', 'XX1');
  const also = row('attributes', 'y'.repeat(300), '=', 'plan');
  const group = noGroup('all', [
    row('language', 'de'),
    noGroup('any', [row('platform', 'ios'), bad]),
    noGroup('none', [row('tags', 'a', 'any'), also]),
  ]);
  const { audience, paths } = compile(group);
  const { error } = audienceSchema.safeParse(audience);
  const found = error!.issues.map(({ path }) =>
    path.reduce<string>(
      (at, it) => (typeof it === 'number' ? `${at}[${it}]` : `${at}.${String(it)}`),
      'audience',
    ),
  );
  assert.equal(found.length, 2);
  for (const it of [bad, also]) {
    const at = paths.get(it.id)!;
    assert.ok(
      found.some((path) => path.startsWith(at)),
      `${at} is in ${found.join(' ')}`,
    );
  }
});

test('values are numbers, truth values or texts, as they are written', () => {
  const of = (value: string, op = '=') =>
    compile(noGroup('all', [row('attributes', value, op, 'a')])).audience.attributes;
  assert.deepEqual(of('10'), { a: { '=': 10 } });
  assert.deepEqual(of('"10"'), { a: { '=': '10' } });
  assert.deepEqual(of('true'), { a: { '=': true } });
  assert.deepEqual(of('pro'), { a: { '=': 'pro' } });
  assert.deepEqual(of('1, b', 'in'), { a: { in: [1, 'b'] } });
  assert.deepEqual(of('', 'missing'), { a: { exists: false } });
});

test('an audience of the API becomes rows that are the same audience', () => {
  const audiences = [
    { everybody: true },
    { platform: ['ios'], tags: { any: ['news'], none: ['quiet'] }, appVersion: '>=2.1 <4' },
    { attributes: { plan: { '=': 'pro' }, visits: { '>=': 10, '<': 20 }, code: { '=': '007' } } },
    { language: ['pt'], or: [{ country: ['BR'] }, { lastSeen: { withinDays: 30 } }] },
    { not: { or: [{ segment: 'vip' }, { tags: { any: ['x'] } }] } },
    { and: [{ or: [{ language: ['de'] }, { language: ['en'] }] }, { not: { country: ['US'] } }] },
    { userIds: ['a', 'b'] },
    { opened: { campaign: 'abc' }, not: { notOpened: { campaign: 'def' } } },
    { topic: 'news' },
  ];
  const meaning = (it: unknown) => JSON.stringify(audienceSchema.parse(it));
  for (const it of audiences) {
    const group = decompile(it);
    assert.ok(group, JSON.stringify(it));
    const again = decompile(compile(group).audience) as Group;
    assert.equal(meaning(compile(again).audience), meaning(compile(group).audience));
  }
  assert.deepEqual(compile(decompile(audiences[1])!).audience, {
    and: [
      { platform: ['ios'] },
      { tags: { any: ['news'] } },
      { tags: { none: ['quiet'] } },
      { appVersion: '>=2.1 <4' },
    ],
  });
});

test('what rows cannot say stays JSON', () => {
  for (const it of [
    null,
    [],
    'x',
    { userIds: ['a,b'] },
    { tokens: ['x'], unregistered: { platform: 'ios' } },
    { not: 1 },
    { opened: 'abc' },
    { opened: { campaign: 'abc', since: 1 } },
    { or: [{ nothing: 1 }] },
    { or: [], and: 3 },
    { constructor: 1 },
  ])
    assert.equal(decompile(it), null, JSON.stringify(it));
});
