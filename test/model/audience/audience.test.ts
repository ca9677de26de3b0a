import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import { validate } from '../../../functions/lib/faults.ts';
import { NO_CONDITION, said } from '../../../functions/model/audience/everybody.ts';
import { matches } from '../../../functions/model/audience/matches.ts';
import { resolvedAudience } from '../../../functions/model/audience/resolved.ts';
import { segmentsIn } from '../../../functions/model/audience/segments.ts';
import {
  type Audience,
  type AudienceExpression,
  audienceSchema,
  segmentAudience,
} from '../../../functions/model/schemas/audience.ts';
import type { Registration } from '../../../functions/model/schemas/registration.ts';
import { NOW, person } from '../../contracts/store-fixture.ts';

const DAY = 24 * 60 * 60_000;
const faults = (audience: unknown, schema: z.ZodType = audienceSchema) => {
  const found = validate(schema, audience);
  return 'faults' in found ? found.faults : [];
};

/** Whether an installation is in an audience of a request. */
function isIn(asked: unknown, who: Partial<Registration> = {}, at = NOW): boolean {
  const { topic: _, condition: __, ...audience } = audienceSchema.parse(asked);
  return matches(resolvedAudience(audience, new Map(), NOW), person('one', who, at));
}

test('a language is itself and its regions, and never another that begins alike', () => {
  for (const language of ['pt', 'pt-BR', 'pt-Latn-BR'])
    assert.ok(isIn({ language: 'pt' }, { language }));
  for (const language of ['ptx', 'es', undefined])
    assert.ok(!isIn({ language: 'pt' }, { ...(language && { language }) }));
  assert.ok(!isIn({ language: 'pt-BR' }, { language: 'pt' }));
  assert.ok(isIn({ language: ['de', 'pt-br'] }, { language: 'pt-BR' }), 'spelt as people do');
  assert.deepEqual(
    faults({ language: 'english please' }).map((it) => it.path),
    ['language'],
  );
});

test('a fault of one value or many names the form that was meant', () => {
  assert.deepEqual(faults({ platform: 'ioss' }), [
    { path: 'platform', message: 'must be one of ios, android, web' },
  ]);
});

test('an attribute is read as what it is compared with', () => {
  const cases: [unknown, string | number | boolean | undefined, boolean][] = [
    ['pro', 'pro', true],
    ['pro', 'Pro', false],
    ['pro', undefined, false],
    [41, '41', true],
    [41, '41 years', false],
    ['41', 41, true],
    [true, 'true', true],
    [true, 'yes', false],
    [{ '!=': 'pro' }, 'free', true],
    [{ '!=': 'pro' }, undefined, true],
    [{ '>=': 18, '<': 30 }, 18, true],
    [{ '>=': 18, '<': 30 }, '29.5', true],
    [{ '>=': 18, '<': 30 }, 30, false],
    [{ '>': 9 }, '10', true],
    [{ '>': '9' }, '10', false],
    [{ '>': 0 }, 'many', false],
    [{ '<': 0 }, undefined, false],
    [{ '<=': '2026-11-21' }, '2026-03-01', true],
    [{ in: ['a', 2] }, '2', true],
    [{ in: ['a', 2] }, 3, false],
    [{ exists: true }, '', true],
    [{ exists: true }, undefined, false],
    [{ exists: false }, undefined, true],
  ];
  for (const [comparison, value, expected] of cases) {
    const attributes: Registration['attributes'] = value === undefined ? {} : { it: value };
    assert.equal(
      isIn({ attributes: { it: comparison } }, { attributes }),
      expected,
      JSON.stringify([comparison, value]),
    );
  }
  assert.ok(
    !isIn({ attributes: { toString: { exists: true } } }),
    'what every object has is not one',
  );
  assert.ok(!isIn({ attributes: { a: 1, b: 2 } }, { attributes: { a: 1, b: 3 } }), 'all must hold');
});

test('a range of versions takes versions as apps write them', () => {
  const cases: [string, string | undefined, boolean][] = [
    ['>=2.1.0', '2.1', true],
    ['>=2.1.0', '2.0.9', false],
    ['>=2.1.0', '2.10.0', true],
    ['^4', '4.12.0.1234', true],
    ['<3', 'v2.9.9+77', true],
    ['>=2.0.0', '2.1.0-beta.1', true],
    ['>=2.1.0', '2.1.0-beta.1', false],
    ['*', 'nightly', false],
    ['*', undefined, false],
  ];
  for (const [appVersion, version, expected] of cases)
    assert.equal(
      isIn({ appVersion }, { ...(version && { appVersion: version }) }),
      expected,
      `${appVersion} ${version}`,
    );
  assert.deepEqual(
    faults({ appVersion: 'newest' }).map((it) => it.path),
    ['appVersion'],
  );
});

test('installations are matched by when they were last seen, by time and by days', () => {
  const seen = (lastSeen: unknown, daysAgo: number) => isIn({ lastSeen }, {}, NOW - daysAgo * DAY);
  assert.ok(seen({ withinDays: 30 }, 30) && !seen({ withinDays: 30 }, 31));
  assert.ok(seen({ notWithinDays: 30 }, 31) && !seen({ notWithinDays: 30 }, 30));
  const after = new Date(NOW - 10 * DAY).toISOString();
  assert.ok(seen({ after }, 10) && !seen({ after }, 11));
  assert.ok(!seen({ before: after }, 10) && seen({ before: after }, 11));
  assert.ok(!seen({ after, withinDays: 5 }, 7), 'both must hold');
  assert.ok(seen({ after: '2026-11-21T14:00:00+01:00' }, 0), 'with an offset');
  assert.deepEqual(
    faults({ lastSeen: { after: 'yesterday' } }).map((it) => it.path),
    ['lastSeen.after'],
  );
});

test('and, or and not combine; an object is all of its fields', () => {
  const who: Partial<Registration> = { platform: 'ios', country: 'CH', tags: ['vip'] };
  assert.ok(isIn({ platform: 'ios', or: [{ country: 'BR' }, { tags: 'vip' }] }, who));
  assert.ok(!isIn({ platform: 'ios', or: [{ country: 'BR' }, { tags: 'news' }] }, who));
  assert.ok(isIn({ not: { platform: 'ios', country: 'BR' } }, who));
  assert.ok(!isIn({ and: [{ country: 'ch' }, { not: { tags: { none: ['news'] } } }] }, who));
  assert.ok(!isIn({ not: { everybody: true } }, who), 'not everybody is an empty audience');
  assert.ok(isIn({ not: { language: 'de' } }, who), 'who has no language is not German');
});

test('everybody is explicit: an audience, or an operator, without a condition is a fault at its path', () => {
  for (const schema of [audienceSchema, segmentAudience])
    for (const [audience, path] of [
      [{}, ''],
      [{ not: {} }, 'not'],
      [{ or: [{ tags: 'a' }, {}] }, 'or[1]'],
      [{ and: [{ not: { and: [{}] } }] }, 'and[0].not.and[0]'],
      [{ or: [] }, 'or'],
      [{ lastSeen: {} }, 'lastSeen'],
      [{ not: { lastSeen: {}, platform: 'ios' } }, 'not.lastSeen'],
      [{ attributes: {} }, 'attributes'],
      [{ attributes: { a: {}, b: 1 } }, 'attributes.a'],
      [{ attributes: { a: { in: [] } } }, 'attributes.a.in'],
      [{ tags: {} }, 'tags'],
      [{ tags: [] }, 'tags'],
      [{ tags: { none: [] } }, 'tags.none'],
      [{ platform: [] }, 'platform'],
      [{ userIds: [] }, 'userIds'],
    ] as const) {
      const what = JSON.stringify(audience);
      assert.deepEqual(faults(audience, schema), [{ path, message: NO_CONDITION }], what);
    }
});

test('everybody goes with nothing else, and may be a part of an audience', () => {
  const nothingElse = [
    { path: 'everybody', message: 'stands alone: remove it, or the other conditions' },
  ];
  assert.deepEqual(faults({ everybody: true, platform: 'ios' }), nothingElse);
  assert.deepEqual(faults({ everybody: true, upload: 'a'.repeat(20) }), nothingElse);
  for (const everybody of [false, 'true', 1, null])
    assert.deepEqual(faults({ everybody }), [
      { path: 'everybody', message: 'must be true, or be left out' },
    ]);
  // what is misspelt is the one fault
  assert.deepEqual(faults({ langauge: 'de' }), [{ path: 'langauge', message: 'is unknown' }]);
  assert.ok(isIn({ everybody: true }));
  assert.ok(isIn({ or: [{ platform: 'ios' }, { everybody: true }] }, { platform: 'web' }));
  assert.ok(!isIn({ not: { everybody: true } }));
});

test('a stored audience is shown as it can be asked for again, and means the same', () => {
  const cases: [AudienceExpression, object][] = [
    [{}, { everybody: true }],
    [{ lastSeen: {}, attributes: {} }, { everybody: true }],
    [{ attributes: { a: {} }, platform: ['ios'] }, { platform: ['ios'] }],
    [{ attributes: { a: {}, b: { '=': 1 } } }, { attributes: { b: { '=': 1 } } }],
    [
      { not: { or: [{}, { tags: { any: ['x'] } }] } },
      { not: { or: [{ everybody: true }, { tags: { any: ['x'] } }] } },
    ],
    [{ and: [{ lastSeen: {} }] }, { and: [{ everybody: true }] }],
  ];
  for (const [stored, shown] of cases) {
    assert.deepEqual(said(stored), shown);
    const again = segmentAudience.parse(said(stored));
    for (const platform of ['ios', 'web'] as const)
      for (const tags of [[], ['x']]) {
        const it = person('one', { platform, tags }, NOW);
        assert.equal(
          matches(resolvedAudience(again, new Map(), NOW), it),
          matches(resolvedAudience(stored, new Map(), NOW), it),
          JSON.stringify(stored),
        );
      }
  }
});

test('an installation that has opted out is in no audience', () => {
  assert.ok(!isIn({ everybody: true }, { optedOut: true }));
  assert.ok(!isIn({ not: { platform: 'ios' } }, { optedOut: true }));
});

test('an expression may be deep, but not endlessly', () => {
  const nested = (levels: number, key: 'not' | 'and') => {
    let it: unknown = { platform: 'ios' };
    for (let n = 0; n < levels; n++) it = key === 'not' ? { not: it } : { and: [it] };
    return it;
  };
  assert.deepEqual(faults(nested(10, 'and')), []);
  assert.deepEqual(faults(nested(20, 'not')), []);
  for (const levels of [1_000, 200_000])
    for (const key of ['not', 'and'] as const)
      assert.deepEqual(faults(nested(levels, key)), [
        { path: '', message: 'is nested more than 24 deep' },
      ]);
  const wide = { or: Array.from({ length: 99 }, () => ({ not: { platform: 'ios' } })) };
  assert.match(faults(wide)[0]!.message, /more than 1000 values or 100 objects/);
  const long = {
    or: Array.from({ length: 20 }, () => ({ tags: Array.from({ length: 90 }, () => 'x') })),
  };
  assert.match(faults(long)[0]!.message, /upload a long list/);
});

test('every fault of an expression is named where it is', () => {
  const found = faults({
    langauge: 'de',
    country: 'Brazil',
    timeZone: 'Europe/Atlantis',
    segment: 'a b',
    or: [{ platform: 'amiga' }, { attributes: { age: { '>>': 3 } } }],
    not: { lastSeen: { withinDays: 0 }, tags: { any: [] } },
  });
  assert.deepEqual(found.map((it) => it.path).sort(), [
    ...['country', 'langauge', 'not.lastSeen.withinDays', 'not.tags.any'],
    ...['or[0].platform', 'or[1].attributes.age.>>', 'segment', 'timeZone'],
  ]);
  assert.deepEqual(
    faults({ topic: 'news', segment: 'vip' }).map((it) => it.path),
    ['topic'],
  );
});

test('a segment is an audience that names no other, no upload and no topic', () => {
  assert.ok(segmentAudience.safeParse({ or: [{ tags: 'vip' }, { country: 'CH' }] }).success);
  for (const audience of [
    ...[{ not: { segment: 'other' } }, { topic: 'news' }, { upload: 'a'.repeat(20) }],
    { tokens: ['x'], unregistered: { platform: 'ios' } },
  ])
    assert.ok(!segmentAudience.safeParse(audience).success, JSON.stringify(audience));
});

test('tokens have no spaces, and only tokens may be without an installation', () => {
  assert.deepEqual(
    faults({ tokens: ['a b', 'ok', '\n'] }).map((it) => it.path),
    ['tokens[0]', 'tokens[2]'],
  );
  const unregistered = { platform: 'android', provider: 'apns' };
  assert.deepEqual(
    faults({ unregistered, userIds: ['u'] }).map((it) => it.path),
    ['unregistered.provider', 'unregistered'],
  );
  assert.deepEqual(
    faults({ unregistered: { platform: 'ios' }, userIds: ['u'] }).map((it) => it.path),
    ['unregistered'],
  );
});

test('a segment is resolved as of that moment, wherever it is named', () => {
  const asked = { segment: 'vip', not: { or: [{ segment: 'sleepers' }, { segment: 'vip' }] } };
  assert.deepEqual(segmentsIn(asked), ['vip', 'sleepers']);
  const vip = { tags: { any: ['vip'] } };
  const resolved: Audience = resolvedAudience(
    asked,
    new Map<string, AudienceExpression>([
      ['vip', vip],
      ['sleepers', { lastSeen: { notWithinDays: 90 } }],
    ]),
    NOW,
  );
  const before = new Date(NOW - 90 * DAY).toISOString();
  assert.deepEqual(resolved, {
    and: [vip],
    not: { or: [{ and: [{ lastSeen: { before } }] }, { and: [vip] }] },
  });
  assert.throws(
    () => resolvedAudience({ segment: 'gone' }, new Map(), NOW),
    /"gone" was not looked up/,
  );
});
