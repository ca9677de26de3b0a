/** Providers and queues on a bad day: the ledger closes, and the providers counted the same. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { defaultSettings } from '../../functions/simulators/shared/behaviour.ts';
import type { SimulatorSettings } from '../../functions/simulators/simulator.ts';
import { startWorld, type World } from '../world/world.ts';

const message = { title: 'Hello', body: 'World' };
const INSTALLATIONS = 10_000;
const { maxStreams: _, ...goodDay } = defaultSettings;

/** One world for all journeys but those with another queue: its start takes longer than a journey. */
let shared: World;
before(async () => {
  shared = await startWorld({ installations: INSTALLATIONS });
});
after(() => shared.close());

/** A campaign to all of them, while the providers are as `settings` say. */
async function journey(settings: Partial<SimulatorSettings>, world = shared) {
  await world.reset();
  await world.set({ ...goodDay, ...settings });
  const request = { name: 'bad day', audience: { everybody: true }, message };
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(state, 'completed');
  assert.equal(counts.recipients, INSTALLATIONS);
  assert.equal(counts.accepted + counts.failed + counts.skipped, INSTALLATIONS);
  return { counts, wire: await world.wire(), id };
}

test('GOAWAY every few hundred streams: none lost, none twice', async () => {
  const { counts, wire } = await journey({ goawayEvery: 300 });
  assert.equal(counts.accepted, INSTALLATIONS);
  assert.deepEqual([wire.distinct, wire.duplicates], [INSTALLATIONS, 0]);
});

test('streams refused: none lost, none twice', async () => {
  const { counts, wire } = await journey({ refuseEvery: 7 });
  assert.equal(counts.accepted, INSTALLATIONS);
  assert.deepEqual([wire.distinct, wire.duplicates], [INSTALLATIONS, 0]);
});

test('connections cut with pushes in flight: no recipient lost, and only those are sent again', async () => {
  const { counts, wire } = await journey({ cutEvery: 2_000 });
  // cut twice in a row is recorded as failed, whether or not the device has it
  assert.equal(counts.accepted + counts.failed, INSTALLATIONS);
  assert.ok(counts.accepted <= wire.distinct, 'no recipient is counted as accepted who was not');
  assert.ok(counts.accepted > INSTALLATIONS / 2);
  assert.ok(wire.duplicates > 0, 'some were accepted and cut, so they got it again');
});

test('every hundredth push answered 429 with Retry-After: they come again', async () => {
  const { counts, wire } = await journey({ tooMany: { every: 100, retryAfterSeconds: 1 } });
  assert.equal(counts.accepted, INSTALLATIONS);
  assert.deepEqual([wire.distinct, wire.duplicates], [INSTALLATIONS, 0]);
});

test('a provider that delays every push gets the rest later', async () => {
  const { counts, wire } = await journey({
    unavailable: { next: 40, retryAfterSeconds: 1 },
  });
  assert.equal(counts.accepted, INSTALLATIONS);
  assert.deepEqual([wire.distinct, wire.duplicates], [INSTALLATIONS, 0]);
});

test('every task delivered twice and in random order: no recipient twice', async (t) => {
  const unkind = { duplicate: 1, disorder: true };
  const world = await startWorld({ installations: INSTALLATIONS, unkind });
  t.after(world.close);
  const { counts, wire } = await journey(
    { deadShare: 0.05, tooMany: { every: 200, retryAfterSeconds: 1 } },
    world,
  );
  assert.equal(counts.accepted, wire.distinct);
  assert.equal(wire.duplicates, 0);
  assert.ok(counts.failed > 0);
});

test('every token refused, as by the wrong environment: paused, no token removed, then resumed', async () => {
  const world = shared;
  await world.reset();
  await world.set(goodDay);
  await world.simulated.apns.set({ badShare: 1 });
  const request = { name: 'wrong environment', audience: { platform: 'ios' }, message };
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
  const paused = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.deepEqual([paused.state, paused.reason], ['paused', 'BadDeviceToken']);
  assert.equal(paused.counts.failed, 0);
  const { requests } = await world.simulated.apns.stats();
  assert.ok(requests < INSTALLATIONS / 2, `${requests} were tried`);

  // a chunk that is still being sent would have some refused and others accepted
  await world.rest(id);
  await world.simulated.apns.set({ badShare: 0 });
  await world.client().post(`/v1/campaigns/${id}/resume`);
  const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(state, 'completed');
  assert.deepEqual([counts.accepted, counts.failed], [INSTALLATIONS / 2, 0]);
  assert.equal((await world.wire()).duplicates, 0);
});

// the last one: its world has fewer installations afterwards
test('dead tokens are recorded once each and forgotten', async () => {
  const world = shared;
  const { counts, wire, id } = await journey({ deadShare: 0.1 });
  assert.equal(counts.accepted, wire.distinct);
  const lines: string[] = [];
  const failures = `/v1/campaigns/${id}/failures`;
  for await (const part of await world.client().download(failures, 'application/x-ndjson'))
    lines.push(Buffer.from(part).toString());
  const failed = lines
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(failed.length, counts.failed);
  assert.equal(new Set(failed.map((it) => it.installationId)).size, counts.failed);

  const again = { name: 'again', audience: { everybody: true }, message };
  const { id: second } = await world.client().post<CampaignView>('/v1/campaigns', again);
  const after = await watchCampaign(world.client(), second, null, { pollMs: 50 });
  assert.deepEqual(
    [after.counts.recipients, after.counts.failed],
    [INSTALLATIONS - counts.failed, 0],
  );
});
