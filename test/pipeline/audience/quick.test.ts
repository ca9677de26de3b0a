/** Quick estimates on a registry that is larger than their sample. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import type { Installation } from '../../../functions/model/installation.ts';
import { campaignRequestSchema } from '../../../functions/model/schemas/campaign.ts';
import { estimate } from '../../../functions/pipeline/audience/estimate.ts';
import { chance, person } from '../../contracts/store-fixture.ts';
import { createWorld, DAY, NOW } from '../world.ts';

const PEOPLE = 24_000;
const SHARES = [0.0005, 0.003, 0.02, 0.1, 0.5, 0.9];
/** Audiences of each share. */
const EACH = 10;

const asked = (audience: object, rest: object = {}): CampaignRequest =>
  campaignRequestSchema.parse({ name: 'x', audience, message: { title: 'Hi' }, ...rest });

/** People with attributes `a0`, `a1` …, by chance; of each share there are ten. */
function people(): Installation[] {
  const { random, below } = chance(42);
  return Array.from({ length: PEOPLE }, (_, n) => {
    const attributes: Record<string, boolean> = {};
    for (const [i, share] of SHARES.entries())
      for (let each = 0; each < EACH; each++)
        if (random() < share) attributes[`a${i * EACH + each}`] = true;
    return person(`device-${n}`, {
      attributes,
      platform: below(4) ? 'android' : 'ios',
      language: below(3) ? 'de' : 'fr',
      userId: `user-${Math.floor(n / 3)}`,
    });
  });
}

test('a quick estimate of a large registry is near, and says how near', async (t) => {
  const world = createWorld(t);
  const all = people();
  await world.store.putInstallations(all);
  let right = 0;
  for (let i = 0; i < SHARES.length * EACH; i++) {
    const name = `a${i}`;
    const matching = all.filter((it) => it.attributes[name]).length;
    const audience = { attributes: { [name]: { '=': true } } };
    const { interval, exact, installations } = await estimate(world.ports, asked(audience), true);
    assert.equal(exact, false);
    assert.ok(interval.low <= installations && installations <= interval.high);
    if (interval.low <= matching && matching <= interval.high) right++;
  }
  const of = SHARES.length * EACH;
  t.diagnostic(`${right} of ${of} audiences are in their intervals`);
  assert.ok(right >= 0.9 * of, `${right} of ${of}`);

  const everybody = await estimate(world.ports, asked({ everybody: true }), true);
  assert.deepEqual(
    [everybody.installations, everybody.interval, everybody.asOf],
    [PEOPLE, { low: PEOPLE, high: PEOPLE }, null],
  );
  assert.equal(everybody.exact, false, 'its platforms and languages are from a sample');
  const { ios = 0, android = 0 } = everybody.platforms;
  assert.ok(Math.abs(ios + android - PEOPLE) <= 1);
  assert.ok(Math.abs(ios - PEOPLE / 4) < 0.03 * PEOPLE, `${ios} ios`);
  assert.deepEqual(Object.keys(everybody.languages), ['de', 'fr']);
  // counted by platform and language, so it is known
  const german = all.filter((it) => it.language === 'de' && it.platform === 'ios').length;
  const some = await estimate(world.ports, asked({ language: 'de', platform: 'ios' }), true);
  assert.deepEqual([some.installations, some.interval.low], [german, german]);

  const none = await estimate(world.ports, asked({ attributes: { nothing: { '=': true } } }), true);
  assert.deepEqual([none.installations, none.exact, none.interval.low], [0, false, 0]);
  assert.ok(none.interval.high > 0 && none.interval.high < 50, `${none.interval.high}`);
  assert.match(none.problems[0]!.message, /no installation of the sample: it has at most about/);

  await t.test('uploads are sampled by their names', async () => {
    const upload = { id: '0123456789abcdef0123', app: 'default', size: null } as const;
    const times = { createdAt: NOW, expiresAt: NOW + 3 * DAY };
    const users = { ...upload, ...times, of: 'userIds' } as const;
    await world.store.putUpload(users);
    // half of them are not here; each of the others has three
    const names = Array.from({ length: 4_000 }, (_, n) => `user-${2 * PEOPLE * (n % 2) + n}`);
    await world.store.addToUpload(users, names);
    await world.store.putUpload({ ...users, size: names.length });
    const found = await estimate(world.ports, asked({ upload: users.id }), true);
    const matching = 2_000 * 3;
    assert.deepEqual(found.problems, []);
    assert.equal(found.exact, false);
    assert.ok(found.counted < 1_000, `${found.counted} are looked at`);
    assert.ok(found.interval.low <= matching && matching <= found.interval.high);
    assert.ok(found.interval.high < 1.3 * matching, JSON.stringify(found.interval));
  });
});

test('a quick estimate of a small audience, or of named ones, is the exact one', async (t) => {
  const world = createWorld(t);
  await world.people(900, (n) => ({ platform: n % 3 ? 'android' : 'ios', userId: `user-${n}` }));
  for (const audience of [
    { everybody: true },
    { platform: 'ios' },
    { platform: 'web' },
    { userIds: ['user-1', 'user-2'] },
    { tokens: ['a', 'b'], unregistered: { platform: 'android' } },
    { topic: 'news' },
    { segment: 'gone' },
  ])
    assert.deepEqual(
      await estimate(world.ports, asked(audience), true),
      await estimate(world.ports, asked(audience)),
      JSON.stringify(audience),
    );
});

test('a quick estimate warns as the whole one does', async (t) => {
  const world = createWorld(t);
  const { sender } = world.script;
  world.ports.senders = {
    apps: () => [],
    get: (_, provider) => (provider === 'fcm' ? sender : null),
  };
  await world.people(300, (n) => ({ platform: n % 3 ? 'android' : 'ios', language: 'fr' }));
  const request = asked(
    { everybody: true },
    { message: { title: 'Hi {{name}}', localized: { de: { title: 'Hallo' } } } },
  );
  const quick = await estimate(world.ports, request, true);
  assert.deepEqual(
    new Set(quick.problems.map((it) => it.kind)),
    new Set(['no-credentials', 'no-translation', 'no-value']),
  );
  assert.deepEqual(quick, await estimate(world.ports, request));
});
