/** Workers killed with -9 in the middle of a change of state: the next one finishes what was begun. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/views.ts';
import { createWorld, type World } from '../world/world.ts';

const INSTALLATIONS = 20_000;
const request = { name: 'control', audience: {}, message: { title: 'Hello', body: 'World' } };

async function until(condition: () => Promise<boolean>) {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come to that within a minute');
    await wait(5);
  }
}

const post = (world: World, id: string, verb: string) =>
  world.client().post<CampaignView>(`/v1/campaigns/${id}/${verb}`);

/** Of a campaign that a part was sent of. */
async function begun(world: World) {
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
  await until(async () => (await world.wire()).distinct >= INSTALLATIONS * 0.1);
  return id;
}

async function killAndStart(world: World) {
  await world.kill();
  await world.start();
}

test('killed right after a pause, and right after the resume: everybody is reached', async (t) => {
  const world = await createWorld({ installations: INSTALLATIONS, settings: { latencyMs: 100 } });
  t.after(world.close);
  const id = await begun(world);
  assert.equal((await post(world, id, 'pause')).state, 'paused');
  await killAndStart(world);
  const { state } = await world.client().get<CampaignView>(`/v1/campaigns/${id}`);
  assert.equal(state, 'paused');
  const { accepted } = await world.wire();
  assert.ok(accepted < INSTALLATIONS, 'it was paused in the middle');
  assert.equal((await post(world, id, 'resume')).state, 'running');
  await killAndStart(world);
  const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(done.state, 'completed');
  assert.deepEqual([done.counts.accepted, done.counts.failed], [INSTALLATIONS, 0]);
  assert.equal((await world.wire()).distinct, INSTALLATIONS);
});

test('killed right after a cancellation: the ledger closes, the rest is skipped', async (t) => {
  const world = await createWorld({ installations: INSTALLATIONS, settings: { latencyMs: 100 } });
  t.after(world.close);
  const id = await begun(world);
  await post(world, id, 'cancel');
  await killAndStart(world);
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(state, 'cancelled');
  assert.equal(counts.recipients, INSTALLATIONS);
  assert.equal(counts.accepted + counts.failed + counts.skipped, INSTALLATIONS);
  assert.ok(counts.skipped > 0);
});

test('killed while an app is switched off: nothing goes on by itself, and all of it later', async (t) => {
  const world = await createWorld({ installations: INSTALLATIONS, settings: { latencyMs: 100 } });
  t.after(world.close);
  const id = await begun(world);
  const off = world.client().post('/v1/apps/default/pause');
  await Promise.race([off.catch(() => {}), wait(3)]);
  await killAndStart(world);
  await world.client().post('/v1/apps/default/pause');
  assert.equal((await world.client().get<CampaignView>(`/v1/campaigns/${id}`)).state, 'paused');
  await world.client().post('/v1/apps/default/resume');
  await killAndStart(world);
  const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(done.state, 'completed');
  assert.equal((await world.wire()).distinct, INSTALLATIONS);
});
