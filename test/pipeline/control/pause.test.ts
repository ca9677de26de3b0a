import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { cancel, resume } from '../../../functions/pipeline/control/control.ts';
import { accepted } from '../script.ts';
import { createWorld, eachOnce, type World } from '../world.ts';

const suspect: Outcome = { kind: 'rejected', reason: 'BadDeviceToken', suspect: true };

async function paused(world: World, id: string, reason: string) {
  const campaign = await world.store.getCampaign(id);
  assert.deepEqual([campaign?.state, campaign?.reason], ['paused', reason]);
  assert.deepEqual(world.logged.campaignPaused, [{ campaignId: id, reason }], 'said once');
  assert.equal((await world.store.counts(id)).failed, 0, 'no recipient is blamed');
}

test('a fault of ours pauses the campaign; resumed, each recipient is sent to once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5000, (n) => ({ platform: n % 2 ? 'ios' : 'android' }));
  const delivered: string[] = [];
  let mended = false;
  world.script.answer = ({ installationId }) => {
    // the key was valid until it was revoked
    if (!mended && delivered.length >= 1500)
      return { kind: 'blocked', reason: 'InvalidProviderToken' };
    delivered.push(installationId);
    return accepted;
  };
  const id = await world.send();
  await paused(world, id, 'InvalidProviderToken');
  const { accepted: before } = await world.store.counts(id);
  assert.equal(before, delivered.length);
  const refused = world.script.sent.length - before;
  assert.ok(refused <= 2 * 50, `of each provider after some tens, not after all: ${refused}`);
  assert.equal(world.announced.length, 0);

  mended = true;
  await world.resume(id);
  const ledger = await world.closed(id);
  assert.deepEqual([ledger.accepted, ledger.campaign.reason], [5000, null]);
  assert.deepEqual(delivered.toSorted(), people.map((it) => it.id).toSorted());
});

test('a wave of suspect rejections pauses the campaign and blames no recipient', async (t) => {
  const world = createWorld(t);
  const people = await world.people(900);
  let mended = false;
  world.script.answer = () => (mended ? accepted : suspect);
  const id = await world.send();
  await paused(world, id, 'BadDeviceToken');
  assert.equal(world.script.sent.length, 20);
  for (const { id: device } of people)
    assert.ok(await world.store.getInstallation('default', device), 'the registry is as it was');
  mended = true;
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 900);
});

test('a few suspect rejections are ordinary failures', async (t) => {
  const world = createWorld(t);
  await world.people(600);
  world.script.answer = ({ index }) => (index % 3 === 0 ? suspect : accepted);
  const id = await world.send();
  const { counts, campaign } = await world.closed(id);
  assert.equal(campaign.state, 'completed');
  assert.deepEqual(counts.reasons, { BadDeviceToken: 200 });
});

test('a chunk too small to be a wave fails for itself', async (t) => {
  const world = createWorld(t);
  await world.people(19);
  world.script.answer = () => suspect;
  const id = await world.send();
  assert.deepEqual((await world.closed(id)).counts.reasons, { BadDeviceToken: 19 });
});

test('missing credentials pause; with them everybody is sent to once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(1500, (n) => ({ platform: n % 3 ? 'ios' : 'android' }));
  const id = await world.campaign();
  const { senders } = world.ports;
  world.ports.senders = {
    apps: () => [],
    get: (app, provider, environment) =>
      provider === 'fcm' ? null : senders.get(app, provider, environment),
  };
  await world.run();
  await paused(world, id, 'app "default" has no credentials for fcm');
  world.ports.senders = senders;
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 1500);
  eachOnce(world, people);
});

test('what was learnt before the pause is kept: the others wait, these do not', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  let mended = false;
  const answers: Record<number, Outcome> = {
    0: { kind: 'rejected', reason: 'PayloadTooLarge' },
    1: { kind: 'unregistered', reason: 'Unregistered', since: null },
    2: { kind: 'retry', reason: 'Busy', afterMs: 1000, scope: 'device' },
    3: { kind: 'unknown', reason: 'ConnectionLost' },
    4: suspect,
    6: { kind: 'blocked', reason: 'no access token', proven: true },
  };
  world.script.answer = ({ index }) => (mended ? accepted : (answers[index] ?? accepted));
  const id = await world.send();
  const counts = await world.store.counts(id);
  assert.deepEqual([counts.accepted, counts.failed], [1, 2]);
  assert.equal(await world.stateOf(id), 'paused');
  mended = true;
  await world.resume(id);
  const ledger = await world.closed(id);
  assert.equal(ledger.accepted, 8);
  const again = world.script.sent.filter((it) => it.before > 0).map((it) => it.index);
  assert.deepEqual(again.toSorted(), [2, 3, 4, 6]);
});

test('a paused campaign can be cancelled', async (t) => {
  const world = createWorld(t);
  await world.people(3000);
  world.script.answer = () => ({ kind: 'blocked', reason: 'BadTopic' });
  const id = await world.send();
  await paused(world, id, 'BadTopic');
  assert.equal((await cancel(world.ports, id)).kind, 'ok');
  await world.run();
  const { campaign, skipped } = await world.closed(id);
  assert.deepEqual([campaign.state, skipped], ['cancelled', 3000]);
});

test('only a paused campaign is resumed, and twice is once', async (t) => {
  const world = createWorld(t);
  const people = await world.people(100);
  assert.deepEqual(await resume(world.ports, 'nothing'), { kind: 'missing' });
  const id = await world.campaign();
  assert.equal((await resume(world.ports, id)).kind, 'illegal');
  world.script.answer = () => ({ kind: 'blocked', reason: 'BadTopic' });
  await world.run();
  world.script.sent.length = 0;
  world.script.answer = () => accepted;
  for (let i = 0; i < 2; i++) assert.equal((await resume(world.ports, id)).kind, 'ok');
  await world.run();
  await world.closed(id);
  eachOnce(world, people);
  const late = await resume(world.ports, id);
  assert.equal(late.kind === 'illegal' && late.campaign.state, 'completed');
});
