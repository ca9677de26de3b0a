/** A worker that dies in the middle, and the next one that finishes what it began. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';
import { until } from '../until.ts';
import { startWorld, type World } from '../world/world.ts';

const message = { title: 'Hello', body: 'World' };
const INSTALLATIONS = 30_000;
/** Recipients that one worker may hold: two chunks of each provider at a time, each at most half a page larger than 1,000. */
const IN_FLIGHT = 4 * 1_500;

/** One world for all journeys, and one worker after the other. */
let world: World;
before(async () => {
  world = await startWorld({ installations: INSTALLATIONS });
});
after(() => world.close());

/** Nothing was counted yet when the campaign begins. */
async function begin(settings: Partial<SimulatorSettings> = {}) {
  await world.reset();
  await world.set({ latencyMs: 0, ...settings });
  const request = { name: 'crash', audience: { everybody: true }, message };
  return world.client().post<CampaignView>('/v1/campaigns', request);
}

async function assertClosed(id: string, kills: number) {
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
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
  assert.ok(wire.duplicates <= kills * IN_FLIGHT, `${wire.duplicates} got it twice`);
}

test('after a worker is killed while planning, the next one reaches every recipient', async () => {
  // nothing is sent meanwhile, so that planning alone is under way
  const { id } = await begin({ silent: true });
  await until(async () => {
    const { counts } = await world.client().get<CampaignView>(`/v1/campaigns/${id}`);
    return counts.recipients > 0;
  });
  await world.kill();
  await world.set({ silent: false });
  await world.start();
  await assertClosed(id, 1);
});

test('a worker killed again and again while it sends loses no recipient', async () => {
  const { id } = await begin({ latencyMs: 20 });
  for (const share of [0.1, 0.4, 0.7]) {
    await until(async () => (await world.wire()).distinct >= INSTALLATIONS * share);
    await world.kill();
    await world.start();
  }
  await assertClosed(id, 3);
});

test('a worker killed right after the acknowledgement loses nothing', async () => {
  const { id } = await begin();
  await world.kill();
  await world.start();
  await assertClosed(id, 1);
});
