import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audienceText } from '../../../functions/model/audience/audience-text.ts';
import { partsOf } from '../../../functions/model/audience/parts.ts';

const condition = (field: string, values: unknown[], op = 'is', name = '') => ({
  kind: 'condition',
  field,
  op,
  name,
  values,
});

test('an audience is a tree of conditions', () => {
  assert.deepEqual(partsOf({}), []);
  assert.deepEqual(partsOf({ everybody: true, platform: undefined }), [condition('everybody', [])]);
  assert.deepEqual(
    partsOf({
      language: 'de',
      tags: { any: ['a'], none: ['b', 'c'] },
      lastSeen: { withinDays: 3 },
    }),
    [
      condition('language', ['de']),
      condition('tags', ['a'], 'any'),
      condition('tags', ['b', 'c'], 'none'),
      condition('lastSeen', [3], 'withinDays'),
    ],
  );
  assert.deepEqual(partsOf({ attributes: { plan: 'pro', age: { '>=': 18, in: [1, 2] } } }), [
    condition('attributes', ['pro'], '=', 'plan'),
    condition('attributes', [18], '>=', 'age'),
    condition('attributes', [1, 2], 'in', 'age'),
  ]);
  assert.deepEqual(partsOf({ opened: { campaign: 'abc' }, not: { segment: 'vip' } }), [
    condition('opened', ['abc']),
    condition('segment', ['vip'], 'not'),
  ]);
  assert.deepEqual(partsOf({ tokens: ['x'], unregistered: { platform: 'ios' } }), [
    condition('tokens', ['x']),
    condition('unregistered', ['ios']),
  ]);
});

test('groups say how many of their parts hold', () => {
  const group = (holds: string, ...parts: object[]) => ({ kind: 'group', holds, parts });
  const [a, b] = [condition('segment', ['a']), condition('segment', ['b'])];
  assert.deepEqual(partsOf({ or: [{ segment: 'a' }, { segment: 'b' }] }), [group('any', a, b)]);
  assert.deepEqual(partsOf({ and: [{ segment: 'a' }, { segment: 'b' }] }), [group('all', a, b)]);
  assert.deepEqual(partsOf({ not: { or: [{ segment: 'a' }, { segment: 'b' }] } }), [
    group('none', a, b),
  ]);
  assert.deepEqual(partsOf({ not: { segment: 'a', topic: 'b' } }), [
    group('none', group('all', a, condition('topic', ['b']))),
  ]);
  // all but everybody is no condition on one field
  assert.deepEqual(partsOf({ not: { everybody: true } }), [
    group('none', condition('everybody', [])),
  ]);
});

test('what is no audience has no parts', () => {
  for (const it of [null, 'x', [], { or: 3 }, { or: [1] }, { not: 1 }, { everybody: 'yes' }])
    assert.equal(partsOf(it), null, JSON.stringify(it));
  for (const it of [{ opened: 'abc' }, { opened: { campaign: 'a', since: 1 } }, { lastSeen: 3 }])
    assert.equal(partsOf(it), null, JSON.stringify(it));
});

test('an audience is a line of text', () => {
  assert.equal(
    audienceText({ language: ['de'], or: [{ platform: ['ios'] }, { tags: { any: ['a', 'b'] } }] }),
    'language de · (platform ios) or (tags any a, b)',
  );
  assert.equal(
    audienceText({ not: { or: [{ country: ['DE'] }, { segment: 'vip' }] }, and: [{}] }),
    'not ((country DE) or (segment vip)) · everybody',
  );
  assert.equal(
    audienceText({
      not: { tokens: ['secret'] },
      opened: { campaign: 'a' },
      notOpened: { campaign: 'b' },
      attributes: { plan: { exists: true }, age: { '>=': 18, '<': 30 } },
    }),
    'not (1 tokens) · opened campaign a · did not open campaign b · plan exists true · age >= 18 · age < 30',
  );
  const many = Array.from({ length: 12 }, (_, i) => `u${i}`);
  assert.match(audienceText({ userIds: many }), /^userIds u0, .*, u9 and 2 more$/);
});
