import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import { isList, timingOf } from '../../../functions/pipeline/plan/timing.ts';
import type { Store } from '../../../functions/ports/ports.ts';

const quiet = { from: '22:00', to: '08:00' };
const campaign = (rest: object = {}) =>
  ({ app: 'default', audience: { everybody: true }, message: {}, ...rest }) as unknown as Campaign;

/** By a policy with quiet hours, or one without. */
function timing(it: Campaign, isQuiet = true) {
  const policy = { ...defaultPolicy, quiet: isQuiet ? quiet : null, exempt: ['alerts'] };
  const store = { getAppPolicy: async () => policy } as Partial<Store> as Store;
  return timingOf({ store, now: () => 7 }, it);
}

test('for which campaigns quiet hours hold', async () => {
  const [news, alert] = ['news', 'alerts'].map((category) => ({ message: { category } }));
  for (const [rest, expected] of [
    [{}, quiet],
    [news, quiet],
    [alert, undefined],
    [{ dryRun: true }, undefined],
    [{ test: true }, undefined],
    [{ uncapped: true }, undefined],
    [{ uncapped: true, ...news }, quiet],
    [{ uncapped: true, ...alert }, undefined],
  ] as const)
    assert.deepEqual((await timing(campaign(rest)))?.quiet, expected, JSON.stringify(rest));
  assert.equal(await timing(campaign(), false), null);
});

test('a local time is timed without quiet hours too, and others begin now', async () => {
  const local = '2026-12-24T18:00';
  const bare = campaign({ schedule: { at: 1, local } });
  assert.deepEqual(await timing(bare, false), {
    local: { local, late: 'now', since: 0, next: undefined },
    quiet: null,
    begin: 7,
    defaultZone: 'Etc/UTC',
  });
  const whole = { local, late: 'skip', since: 3, next: '2026-12-25T18:00' } as const;
  const found = await timing(campaign({ schedule: { at: 1, ...whole } }));
  assert.deepEqual([found?.local, found?.quiet], [whole, quiet]);
  assert.equal((await timing(campaign({ schedule: { at: 1 } })))?.local, null);
});

test('an audience that names its recipients is a list, and so are retries', () => {
  const ids = { installationIds: ['a'] };
  for (const [rest, expected] of [
    [{}, false],
    [{ audience: { and: [{ tags: { any: ['vip'] } }] } }, false],
    [{ audience: ids }, true],
    [{ audience: { and: [{ tags: { any: ['vip'] } }, { and: [ids] }] } }, true],
    [{ audience: { upload: 'u' } }, true],
    [{ audience: { topic: 't' } }, true],
    [{ retryOf: 'c' }, true],
  ] as const)
    assert.equal(isList(campaign(rest)), expected, JSON.stringify(rest));
});
