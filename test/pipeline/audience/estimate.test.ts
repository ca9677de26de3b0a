import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import { campaignUsd } from '../../../functions/model/cost/estimate.ts';
import { campaignRequestSchema } from '../../../functions/model/schemas/campaign.ts';
import { estimate } from '../../../functions/pipeline/audience/estimate.ts';
import { person } from '../../contracts/store-fixture.ts';
import { createWorld, DAY, NOW } from '../world.ts';

const asked = (rest: object = {}): CampaignRequest =>
  campaignRequestSchema.parse({
    name: 'x',
    audience: { everybody: true },
    message: { title: 'Hi' },
    ...rest,
  });

test('a small audience is counted, by platform, provider and language', async (t) => {
  const world = createWorld(t);
  await world.people(900, (n) => ({
    platform: n % 3 ? 'android' : 'ios',
    ...(n % 9 && { language: n % 2 ? 'de' : 'pt-BR' }),
    ...(n % 10 === 0 && { permission: n % 20 ? 'denied' : 'granted' }),
  }));
  const found = await estimate(world.ports, asked());
  const { costUsd, ...rest } = found;
  // a third of it by APNs; prices and arithmetic have tests of their own
  assert.equal(costUsd, campaignUsd(900, 0.02, { apns: 300, fcm: 600 }));
  assert.deepEqual(rest, {
    interval: { low: 900, high: 900 },
    asOf: null,
    installations: 900,
    exact: true,
    counted: 900,
    waves: [],
    held: null,
    canary: null,
    seconds: 1,
    caps: [],
    problems: [],
    platforms: { android: 600, ios: 300 },
    providers: { fcm: 600, apns: 300 },
    languages: { de: 400, 'pt-BR': 400, '': 100 },
    permissions: { unknown: 810, granted: 45, denied: 45 },
    visible: 855,
  });
  const some = await estimate(
    world.ports,
    asked({ audience: { language: 'pt', platform: 'ios' } }),
  );
  const expected = Array.from({ length: 900 }, (_, n) => n).filter(
    (n) => n % 9 && n % 3 === 0 && n % 2 === 0,
  );
  assert.deepEqual(some.platforms, { ios: expected.length });
  assert.equal((await world.store.listCampaigns(null, 10)).items.length, 0, 'nothing is stored');
});

test('who opted out of the category of the message is not estimated, quickly or not', async (t) => {
  const world = createWorld(t);
  await world.people(900, (n) => (n % 3 ? {} : { optedOutOf: ['digest', 'marketing'] }));
  const message = { title: 'Hi', category: 'marketing' };
  for (const isQuick of [false, true]) {
    const sizeOf = async (rest: object) =>
      (await estimate(world.ports, asked(rest), isQuick)).installations;
    assert.equal(await sizeOf({ message }), 600);
    assert.equal(await sizeOf({ message: { ...message, category: 'orders' } }), 900);
    assert.equal(await sizeOf({}), 900);
    const audience = { installationIds: ['device-0', 'device-1'] };
    assert.equal(await sizeOf({ message, audience }), 1);
  }
});

test('of a large audience a fair share is counted', async (t) => {
  const world = createWorld(t);
  const { streamAudience } = world.store;
  const total = 3_000_000;
  const ranges: number[] = [];
  world.ports.store = {
    ...world.store,
    estimateAudience: async () => total,
    // as many as there would be in the range, a third of them ios
    async *streamAudience({ range: { from, to } }) {
      ranges.push(to - from);
      const installations = Array.from(
        { length: Math.round((total * (to - from)) / 2 ** 32) },
        (_, n) => ({
          id: `${from}.${n}`,
          token: 't',
          environment: 'production' as const,
          ...(n % 3
            ? { platform: 'android' as const, provider: 'fcm' as const }
            : { platform: 'ios' as const, provider: 'apns' as const }),
        }),
      );
      yield { installations, cursor: { bucket: to, id: '' } };
    },
  };
  const found = await estimate(world.ports, asked());
  assert.equal(found.exact, false);
  assert.ok(found.counted >= 100_000 && found.counted < 125_000, `${found.counted}`);
  assert.ok(ranges.length < 10);
  assert.ok(Math.abs(found.installations - total) < 100, `${found.installations}`);
  const { low, high } = found.interval;
  assert.ok(low < total && total < high && high - low < 0.013 * total, `${low} to ${high}`);
  assert.equal(found.seconds, Math.ceil(found.providers.fcm! / 10_000));
  assert.equal((await estimate(world.ports, asked({ rate: { perMinute: 600_000 } }))).seconds, 300);

  // a filter that finds few stops at a time, not at a number
  world.ports.store = {
    ...world.ports.store,
    streamAudience: (read) => {
      world.clock.now += 400;
      return streamAudience(read);
    },
  };
  const few = await estimate(world.ports, asked());
  assert.deepEqual([few.exact, few.counted, few.installations], [false, 0, 0]);
  assert.ok(few.interval.high > 0, 'none of a share is not none of all');
});

test('what is wrong is told before anything is sent', async (t) => {
  const world = createWorld(t);
  const { sender } = world.script;
  world.ports.senders = {
    apps: () => [],
    get: (_, provider) => (provider === 'fcm' ? sender : null),
  };
  await world.store.putInstallations([
    person('iphone', { platform: 'ios', language: 'de' }),
    person('old', { language: 'fr', attributes: { name: 'Zoë' } }, NOW - 271 * DAY),
    person('fresh', { attributes: { name: 'x'.repeat(100) } }, NOW - 269 * DAY),
  ]);
  const message = { title: 'Hi {{name}}', localized: { de: { title: 'Hallo {{name|du}}' } } };
  const { problems } = await estimate(world.ports, asked({ message }));
  const told = problems.map(({ severity, kind, installations, examples }) => [
    severity,
    kind,
    installations,
    examples,
  ]);
  assert.deepEqual(
    told.toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      ['error', 'no-credentials', 1, ['iphone']],
      ['error', 'too-large', 1, ['fresh']],
      ['warning', 'expired-tokens', 1, ['old']],
      ['warning', 'no-translation', 1, ['fresh']],
      ['warning', 'no-translation', 1, ['old']],
    ],
  );
  const words = (kind: string) => problems.filter((it) => it.kind === kind).map((it) => it.message);
  assert.deepEqual(words('no-credentials'), ['"default" has no credentials for apns (production)']);
  assert.match(words('too-large')[0]!, /fcm payload is up to \d+ bytes, 100 are allowed/);
  assert.match(
    words('no-translation').join(),
    /nothing for who has no language.*nothing for fr|nothing for fr.*no language/,
  );
  const plain = await estimate(world.ports, asked({ message: { title: 'Hi {{city}}' } }));
  const lacking = plain.problems.find((it) => it.kind === 'no-value')!;
  assert.equal(lacking.installations, 3);
  assert.match(lacking.message, /{{city}} has neither/);
});

test('faults of the request are problems; with faults of the audience nothing is counted', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  world.script.faults = [{ path: '', message: 'the payload is 5000 bytes' }];
  const large = await estimate(world.ports, asked());
  assert.deepEqual(
    large.problems.map((it) => [it.kind, it.message]),
    [['fault', 'message: apns, fcm: the payload is 5000 bytes']],
  );
  assert.equal(large.installations, 10);
  world.script.faults = [];
  for (const audience of [{ segment: 'gone' }, { topic: 'news' }, { upload: '0'.repeat(20) }]) {
    const found = await estimate(world.ports, asked({ audience }));
    assert.equal(found.installations, 0);
    assert.deepEqual(
      found.problems.map((it) => it.kind),
      ['fault'],
    );
  }
  const empty = await estimate(world.ports, asked({ audience: { language: 'xx' } }));
  assert.deepEqual(
    empty.problems.map((it) => [it.severity, it.kind]),
    [['warning', 'nobody']],
  );
});

test('an audience of tokens without installations is counted as the platform that it names', async (t) => {
  const world = createWorld(t);
  const audience = { tokens: ['a', 'b', 'c'], unregistered: { platform: 'android' } };
  const found = await estimate(world.ports, asked({ audience }));
  assert.deepEqual(found.platforms, { android: 3 });
  assert.deepEqual(found.problems, []);
});
