/** One recipient's fault never stops the others; a fault that is everybody's does. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { retryFailures } from '../../../functions/pipeline/control/retry.ts';
import { accepted } from '../script.ts';
import { createWorld, DAY, NOW, type World } from '../world.ts';

const refusal = (reason: string, detail?: string): Outcome => ({
  kind: 'blocked',
  reason,
  ...(detail && { detail }),
});

const stateAndReason = async ({ store }: World, id: string) => {
  const campaign = await store.getCampaign(id);
  return [campaign?.state, campaign?.reason];
};

for (const [platform, reason] of [
  ['android', 'INVALID_ARGUMENT'],
  ['android', 'THIRD_PARTY_AUTH_ERROR'],
  ['ios', 'BadTopic'],
  ['ios', 'HTTP 403'],
] as const)
  test(`a few of 6,000 get ${reason}: they fail for themselves, the others are sent to`, async (t) => {
    const world = createWorld(t);
    const people = await world.people(6000, () => ({ platform }));
    const bad = new Set(people.filter((_, n) => n % 1000 === 7).map((it) => it.id));
    const detail = `message.android.ttl: bad for token-of-device-7`;
    world.script.answer = ({ installationId }) =>
      bad.has(installationId) ? refusal(reason, detail) : accepted;
    const id = await world.send();
    const ledger = await world.closed(id);
    assert.equal(world.logged.campaignPaused, undefined);
    assert.equal(ledger.accepted, 5994);
    assert.deepEqual(ledger.counts.reasons, { [reason]: 6 });
    assert.deepEqual(new Set(ledger.failures.map((it) => it.installationId)), bad);
    for (const it of ledger.failures) {
      assert.equal(it.outcome, 'blocked');
      assert.ok(it.detail?.startsWith('message.android.ttl: bad'), it.detail);
      assert.ok(!it.detail?.includes(it.token), 'no whole token');
      assert.ok(await world.store.getInstallation('default', it.installationId), 'tokens are kept');
    }

    world.script.answer = () => accepted;
    const again = await retryFailures(world.ports, id, null, 'test');
    assert.ok(again.kind === 'accepted');
    await world.run();
    assert.equal(
      (await world.closed(again.campaign.id)).accepted,
      6,
      'retry-failures reaches them',
    );
  });

test('the first answer of all is a refusal of one recipient: the campaign goes on', async (t) => {
  const world = createWorld(t);
  await world.people(3000);
  let first: string | undefined;
  world.script.answer = ({ installationId }) => {
    first ??= installationId;
    return installationId === first ? refusal('INVALID_ARGUMENT') : accepted;
  };
  const id = await world.send();
  const ledger = await world.closed(id);
  assert.deepEqual([ledger.accepted, ledger.counts.reasons], [2999, { INVALID_ARGUMENT: 1 }]);
  assert.equal(world.logged.campaignPaused, undefined);
});

test('a small chunk of refused ones does not stop a large campaign before others were tried', async (t) => {
  const world = createWorld(t);
  // those in the sandbox are a chunk of their own, and go ahead
  await world.people(2000, (n) => ({
    platform: 'ios',
    environment: n < 3 ? 'sandbox' : 'production',
  }));
  const bad = new Set(['device-0', 'device-1', 'device-2']);
  world.script.answer = ({ installationId }) =>
    bad.has(installationId) ? refusal('BadTopic') : accepted;
  const id = await world.send();
  const ledger = await world.closed(id);
  assert.equal(world.logged.campaignPaused, undefined);
  assert.deepEqual([ledger.accepted, ledger.counts.reasons], [1997, { BadTopic: 3 }]);
});

test('no push was accepted: the pause has the provider’s words, and each resume makes progress', async (t) => {
  const world = createWorld(t);
  await world.people(5);
  world.script.answer = () => refusal('INVALID_ARGUMENT', 'message.data[0].value: no string');
  const id = await world.send();
  const why = 'INVALID_ARGUMENT: message.data[0].value: no string';
  assert.deepEqual(await stateAndReason(world, id), ['paused', why]);
  assert.equal((await world.store.counts(id)).failed, 0, 'no recipient is blamed at first');
  await world.resume(id);
  const { counts } = await world.closed(id);
  assert.deepEqual(counts.reasons, { INVALID_ARGUMENT: 5 });
});

test('recipients that are refused for good fail after some resumes, and all others are reached', async (t) => {
  const world = createWorld(t);
  await world.people(1000);
  // more than a wave has, all at the end
  const bad = (index: number) => index >= 900;
  world.script.answer = ({ index }) => (bad(index) ? refusal('INVALID_ARGUMENT') : accepted);
  const id = await world.send();
  let resumes = 0;
  while ((await world.stateOf(id)) === 'paused') {
    const before = await world.store.counts(id);
    assert.equal(before.accepted, 900);
    world.clock.now += 1000;
    await world.resume(id);
    resumes += 1;
    assert.ok(resumes < 12, 'it does not end');
  }
  const ledger = await world.closed(id);
  assert.deepEqual([ledger.accepted, ledger.counts.failed], [900, 100]);
});

test('a key that is revoked after 600 of 1,000: paused, and the refused ones are not blamed', async (t) => {
  const world = createWorld(t);
  await world.people(1000, () => ({ platform: 'ios' }));
  let mended = false;
  world.script.answer = () =>
    mended || world.script.sent.length <= 600 ? accepted : refusal('InvalidProviderToken');
  const id = await world.send();
  assert.deepEqual(await stateAndReason(world, id), ['paused', 'InvalidProviderToken']);
  assert.deepEqual(await world.store.counts(id), {
    recipients: 1000,
    accepted: 600,
    failed: 0,
    skipped: 0,
    reasons: {},
  });
  assert.equal(world.script.sent.length, 620);
  mended = true;
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 1000);
});

test('recipients of a wave of suspect rejections fail when they are refused again after a resume', async (t) => {
  const world = createWorld(t);
  await world.people(30);
  const suspect: Outcome = { kind: 'rejected', reason: 'BadDeviceToken', suspect: true };
  world.script.answer = () => suspect;
  const id = await world.send();
  assert.deepEqual(await stateAndReason(world, id), ['paused', 'BadDeviceToken']);
  for (let i = 0; i < 3 && (await world.stateOf(id)) === 'paused'; i++) {
    world.clock.now += 1000;
    await world.resume(id);
  }
  assert.deepEqual((await world.closed(id)).counts.reasons, { BadDeviceToken: 30 });
});

test('other processes wait while one tries the message, and go on when a push was accepted', async (t) => {
  const world = createWorld(t);
  await world.people(500);
  const { store } = world;
  const id = await world.campaign();
  // another process has begun to try it
  const { getCampaign } = store;
  world.ports.store = {
    ...store,
    async startCampaign(start) {
      const started = await store.startCampaign(start);
      await store.claimTrial({
        campaignId: id,
        provider: 'fcm',
        by: 'another',
        until: NOW + 15_000,
        now: NOW,
      });
      return started;
    },
    claimTrial: async (trial) => {
      const turn = await store.claimTrial(trial);
      if (turn === 'other') await store.notePush(id, NOW, 'fcm');
      return turn;
    },
    getCampaign: (it) => getCampaign(it),
  };
  await world.run(NOW + DAY);
  assert.equal((await world.closed(id)).accepted, 500);
});
