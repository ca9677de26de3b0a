/**
 * The Google engine as it is deployed, every function in processes of its own, on days when they die.
 * One world for all journeys: its start takes longer than a journey.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { DeliveryView, WebhookView } from '../../functions/http/webhooks/view.ts';
import { sharedEmulators, withoutEmulators } from '../emulators.ts';
import { until } from '../until.ts';
import { createReceiver, type Receiver, verified } from '../webhooks/receiver.ts';
import { type CloudWorld, createCloudWorld, patient } from '../world/cloud.ts';
import { pingJourneys } from './google-pings.ts';

const skip = withoutEmulators('firestore', 'pubsub');
const INSTALLATIONS = 6_000;
const message = { title: 'Hello', body: 'World' };
/** Recipients that one instance of each sender may hold: two chunks, each at most half larger than 1,000. */
const IN_FLIGHT = 2 * 2 * 1_500;

let world: CloudWorld;
let receiver: Receiver;
const ends: (() => Promise<void>)[] = [];

before(async () => {
  if (skip) return;
  receiver = await createReceiver({ after: (done) => void ends.push(done) });
  world = await createCloudWorld({
    installations: INSTALLATIONS,
    tickEveryMs: 5_000,
    preload: [patient],
    ...sharedEmulators(),
  });
});
after(async () => {
  for (const end of ends) await end();
  await world?.close();
});

const begin = () =>
  world.client.post<CampaignView>('/v1/campaigns', {
    name: 'journey',
    audience: { everybody: true },
    message,
  });

/** Waits for a closed ledger: every recipient accepted, and the providers counted the same. */
async function reachesEverybody(id: string, duplicates = 0) {
  const { state, counts } = await watchCampaign(world.client, id, null, { pollMs: 100 });
  assert.equal(state, 'completed');
  assert.deepEqual(counts, {
    recipients: INSTALLATIONS,
    accepted: INSTALLATIONS,
    failed: 0,
    skipped: 0,
    pending: 0,
  });
  const wire = await world.wire();
  assert.equal(wire.distinct, INSTALLATIONS, 'every device got it');
  assert.ok(wire.duplicates <= duplicates, `${wire.duplicates} got it twice`);
}

/** Everything as on a good day, nothing counted yet. */
async function goodDay() {
  await world.reset();
  await world.set({ latencyMs: 0, silent: false });
  world.cloud.tasks.set({ unkind: {} });
}

const journey = (name: string, walk: () => Promise<void>) =>
  test(name, { skip }, async () => {
    await goodDay();
    await walk();
  });

journey('a campaign reaches every recipient once, and its event is delivered', async () => {
  const { id } = await begin();
  await reachesEverybody(id);
  await until(async () => world.said.length === 0);
});

journey(
  'a webhook gets a campaign’s signed event, though deliver is killed meanwhile',
  async () => {
    const types = ['campaign.accepted', 'campaign.started', 'campaign.completed'];
    const { id: webhookId, secret } = await world.client.post<WebhookView & { secret: string }>(
      '/v1/webhooks',
      { url: receiver.url, types },
    );
    await world.set({ latencyMs: 20 });
    const { id } = await begin();
    await until(async () => (await world.wire()).distinct >= INSTALLATIONS * 0.1);
    await world.cloud.instances.deliver.kill('SIGKILL');
    await reachesEverybody(id);
    // the event of the campaign before may still be on its way when the webhook is made
    const told = () =>
      receiver.got.map((it) => verified(it, secret)).filter((it) => it.subject === id);
    await receiver.until(() => new Set(told().map((it) => it.type)).size === 3);
    assert.equal(new Set(told().map((it) => it.id)).size, 3);
    // a receiver that stands still has not answered in time
    await until(async () => {
      const ping = await world.client.post<DeliveryView>(`/v1/webhooks/${webhookId}:test`);
      return ping.state === 'delivered';
    });
    await world.client.delete(`/v1/webhooks/${webhookId}`);
  },
);

// before those that leave tasks behind which wait for a dead sender's lease
pingJourneys({ world: () => world, journey });

journey('after senders are killed while sending, others reach every recipient', async () => {
  await world.set({ latencyMs: 50 });
  const { id } = await begin();
  await until(async () => (await world.wire()).distinct >= INSTALLATIONS * 0.1);
  const { sendApns, sendFcm } = world.cloud.instances;
  await Promise.all([sendApns.kill('SIGKILL'), sendFcm.kill('SIGKILL')]);
  await reachesEverybody(id, IN_FLIGHT);
});

journey('SIGTERM while they send: drained, no recipient is sent to twice', async () => {
  await world.set({ latencyMs: 50 });
  const { id } = await begin();
  await until(async () => (await world.wire()).distinct >= INSTALLATIONS * 0.1);
  const { sendApns, sendFcm } = world.cloud.instances;
  // not by `kill`, after which one that takes longer than ten seconds gets SIGKILL
  for (const it of [sendApns, sendFcm]) for (const pid of it.pids()) process.kill(pid, 'SIGTERM');
  await reachesEverybody(id);
});

journey('after a planner is killed midway, the next one freezes no recipient twice', async () => {
  // it cannot be over before that
  await world.set({ latencyMs: 2_000 });
  const { id } = await begin();
  await until(async () => (await world.store.counts(id)).recipients > 0);
  await world.cloud.instances.plan.kill('SIGKILL');
  await world.set({ latencyMs: 0 });
  await reachesEverybody(id);
});

journey('every task twice and in random order: no recipient twice', async () => {
  world.cloud.tasks.set({ unkind: { duplicate: 1, disorder: true } });
  const { id } = await begin();
  await reachesEverybody(id);
});

journey('each dead token is a failure with its reason, and is forgotten', async () => {
  await world.set({ deadShare: 0.02, badShare: 0.01 });
  const { id } = await begin();
  const { state, counts } = await watchCampaign(world.client, id, null, { pollMs: 100 });
  assert.equal(state, 'completed');
  assert.ok(counts.failed > 0, 'no token was dead');
  assert.deepEqual(counts, {
    recipients: INSTALLATIONS,
    accepted: INSTALLATIONS - counts.failed,
    failed: counts.failed,
    skipped: 0,
    pending: 0,
  });
  assert.equal((await world.wire()).accepted, counts.accepted);
});
