import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Counts, noCounts } from '../../../functions/model/campaign.ts';
import { guardReason, isSummedUp } from '../../../functions/pipeline/send/failure-guard.ts';
import { campaignOf, chance } from '../../contracts/store-fixture.ts';

const counted = (accepted: number, failed: number, reason = 'BadTopic'): Counts => ({
  ...noCounts(),
  recipients: accepted + failed,
  accepted,
  failed,
  reasons: { [reason]: failed },
});
const large = campaignOf({ shards: 500 });

test('half of a thousand is enough, and a canary says what is too much', () => {
  assert.equal(guardReason(large, counted(499, 501)), 'failure guard: 50.1 % of 1,000 failed');
  assert.equal(guardReason(large, counted(500, 500)), null);
  assert.equal(guardReason(large, counted(0, 999)), null);
  assert.equal(guardReason(large, counted(10, 5_000, 'UNREGISTERED')), null);
  const canary = { percent: 5, holdSeconds: 0, maxFailureRate: 0.1 };
  assert.match(guardReason({ ...large, canary }, counted(890, 110))!, /^failure guard: 11\.0 %/);
  for (const off of [{ dryRun: true }, { guard: 'off' as const }, { guard: 'canary' as const }])
    assert.equal(guardReason({ ...large, ...off }, counted(0, 5_000)), null);
});

test('shards in which too many fail have the campaign summed up, about once in 250 recipients', () => {
  const { random } = chance(7);
  const looks = (shard: Counts, size: number, campaign = large) =>
    Array.from({ length: 1_000 }, () => isSummedUp(campaign, shard, size, random)).filter(Boolean)
      .length;
  assert.equal(looks(counted(0, 250), 250), 1_000);
  const some = looks(counted(0, 25), 25);
  assert.ok(some > 70 && some < 130, `${some} of 1,000`);
  assert.ok(looks(counted(0, 1), 1) < 15);
  assert.equal(looks(counted(60, 40), 250), 0, 'it goes well');
  assert.equal(looks(counted(0, 100, 'UNREGISTERED'), 250), 0, 'no recipient is to blame');
  assert.equal(looks(counted(0, 1_000), 250), 0, 'the shard tells by itself');
  assert.equal(looks(counted(0, 100), 250, campaignOf({ shards: 1 })), 0, 'it is the campaign');
  assert.equal(looks(counted(0, 100), 250, campaignOf({ shards: 9, guard: 'off' })), 0);
});
