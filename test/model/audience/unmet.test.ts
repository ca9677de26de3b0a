import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches } from '../../../functions/model/audience/matches.ts';
import { resolvedAudience } from '../../../functions/model/audience/resolved.ts';
import { unmetIn } from '../../../functions/model/audience/unmet.ts';
import type { Audience, AudienceExpression } from '../../../functions/model/schemas/audience.ts';
import { chance, person } from '../../contracts/store-fixture.ts';

const NOW = Date.UTC(2026, 10, 21, 13);

const device = person(
  'device-1',
  {
    platform: 'ios',
    language: 'fr',
    timeZone: 'Europe/Paris',
    country: 'FR',
    appVersion: '2.3.0',
    userId: 'ada',
    permission: 'denied',
    tags: ['sport', 'beta'],
    attributes: { plan: 'free', age: 17, member: true },
    provider: 'apns',
    token: 'a1'.repeat(32),
  },
  NOW,
);

/** `path: condition <- value` for each. */
const told = (audience: Audience, said?: AudienceExpression) =>
  unmetIn(audience, device, said).map(
    ({ path, condition, value }) => `${path}: ${condition} <- ${JSON.stringify(value)}`,
  );

test('each condition that is not met is named with its path, its words and the value now', () => {
  assert.deepEqual(
    told({
      platform: ['android', 'web'],
      language: ['de'],
      userIds: ['bob'],
      installationIds: ['device-2'],
      tokens: ['b2'.repeat(32)],
      timeZone: ['Asia/Tokyo'],
      country: ['JP'],
      permission: ['granted'],
      appVersion: '>=3',
      lastSeen: { after: '2026-11-22T00:00:00.000Z', before: '2026-11-30T00:00:00.000Z' },
      tags: { any: ['news', 'vip'], all: ['sport', 'news'], none: ['beta'] },
      attributes: { plan: { '=': 'pro' }, age: { '>=': 18, '<': 30 }, city: { exists: true } },
    }),
    [
      'platform: platform android, web <- "ios"',
      'language: language de <- "fr"',
      'userIds: userIds bob <- "ada"',
      'installationIds: installationIds device-2 <- "device-1"',
      'tokens: 1 tokens <- "a1a1a1…a1a1"',
      'timeZone: timeZone Asia/Tokyo <- "Europe/Paris"',
      'country: country JP <- "FR"',
      'permission: permission granted <- "denied"',
      'appVersion: appVersion >=3 <- "2.3.0"',
      'lastSeen.after: lastSeen after 2026-11-22T00:00:00.000Z <- "2026-11-21T13:00:00.000Z"',
      'tags.any: tags any news, vip <- ["sport","beta"]',
      'tags.all: tags all sport, news <- ["sport","beta"]',
      'tags.none: tags none beta <- ["sport","beta"]',
      'attributes.plan: plan = pro <- "free"',
      'attributes.age: age >= 18 <- 17',
      'attributes.city: city exists true <- null',
    ],
  );
});

test('what is met is not named, and an audience without conditions is met by all', () => {
  assert.deepEqual(told({}), []);
  assert.deepEqual(
    told({
      platform: ['ios'],
      language: ['fr', 'de'],
      userIds: ['ada'],
      tokens: ['a1'.repeat(32)],
      tags: { any: ['beta'], none: ['vip'] },
      attributes: { plan: { '!=': 'pro' } },
      lastSeen: { before: '2026-11-30T00:00:00.000Z' },
      country: undefined,
    }),
    [],
  );
});

test('the path leads through and, or, not and segments, as the author wrote them', () => {
  const said: AudienceExpression = {
    language: ['fr'],
    and: [{ or: [{ country: ['JP'] }, { platform: ['ios'], tags: { any: ['vip'] } }] }],
    or: [{ segment: 'paying' }, { not: { tags: { any: ['beta'] } } }],
    segment: 'young',
  };
  const segments = new Map<string, AudienceExpression>([
    ['paying', { attributes: { plan: { '=': 'pro' } } }],
    ['young', { and: [{ attributes: { age: { '<': 16 } } }], not: { userIds: ['ada'] } }],
  ]);
  const audience = resolvedAudience(said, segments, NOW);
  assert.deepEqual(told(audience, said), [
    'and[0].or[0].country: country JP <- "FR"',
    'and[0].or[1].tags.any: tags any vip <- ["sport","beta"]',
    'segment(young).and[0].attributes.age: age < 16 <- 17',
    'segment(young).not: not (userIds ada) <- "ada"',
    'or[0].segment(paying).attributes.plan: plan = pro <- "free"',
    'or[1].not: not (tags any beta) <- ["sport","beta"]',
  ]);
});

test('what an exclusion of several conditions meets has no single value', () => {
  assert.deepEqual(told({ not: { platform: ['ios'], language: ['fr'] } }), [
    'not: not (platform ios · language fr) <- null',
  ]);
  assert.deepEqual(told({ not: { attributes: { age: { '<': 18 } } } }), [
    'not: not (age < 18) <- 17',
  ]);
  assert.deepEqual(told({ not: { not: { country: ['DE'] } } }), [
    'not: not (not (country DE)) <- null',
  ]);
});

test('some condition is named exactly if the installation is not in the audience', () => {
  const { below, pick } = chance(7);
  const leaf = (): Audience =>
    pick<Audience>([
      { platform: [pick(['ios', 'android'])] },
      { language: [pick(['fr', 'de', 'fr-CA'])] },
      { tags: { any: [pick(['sport', 'news'])] } },
      { tags: { none: [pick(['beta', 'news'])], all: [pick(['sport', 'vip'])] } },
      { attributes: { age: { '<': below(30) }, plan: { in: [pick(['free', 'pro'])] } } },
      { country: ['FR', 'DE'], userIds: [pick(['ada', 'bob'])] },
    ]);
  const tree = (depth: number): Audience => ({
    ...(below(2) === 0 && leaf()),
    ...(depth > 0 && below(3) === 0 && { and: [tree(depth - 1), tree(depth - 1)] }),
    ...(depth > 0 && below(3) === 0 && { or: [tree(depth - 1), tree(depth - 1)] }),
    ...(depth > 0 && below(4) === 0 && { not: tree(depth - 1) }),
  });
  let outside = 0;
  for (let n = 0; n < 2_000; n++) {
    const audience = tree(3);
    const isIn = matches(audience, device);
    if (!isIn) outside += 1;
    assert.equal(unmetIn(audience, device).length === 0, isIn, JSON.stringify(audience));
  }
  assert.ok(outside > 300 && outside < 1_700, `${outside}`);
});
