/** Firestore goes away in the middle of a campaign, and comes back with what was written. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { countDocuments, exportDocuments } from '../../functions/local/google/emulator-data.ts';
import { startEmulator } from '../../functions/local/google/emulators.ts';
import { freshProject, sharedEmulators, withoutEmulators } from '../emulators.ts';
import { until } from '../until.ts';
import { type CloudWorld, createCloudWorld } from '../world/cloud.ts';
import { createGate } from '../world/gate.ts';

const skip = withoutEmulators('firestore', 'pubsub');
const INSTALLATIONS = 4_000;
/** What was accepted between the last write and the cut is sent again: chunks in flight, at most. */
const IN_FLIGHT = 2 * 2 * 1_500;

test('the Firestore emulator restarted while a campaign is sent: every device gets it', {
  skip,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'volley-outage-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { pubsub } = sharedEmulators().emulators;
  let emulator = await startEmulator('firestore');
  t.after(() => emulator.stop());
  // no connection is admitted before the second one has all the data of the first
  const gate = await createGate();
  t.after(gate.close);
  gate.open(emulator.host);
  // the client library would believe it more than us
  delete process.env.FIRESTORE_EMULATOR_HOST;
  const project = freshProject();
  const world: CloudWorld = await createCloudWorld({
    installations: INSTALLATIONS,
    tickEveryMs: 5_000,
    project,
    emulators: { firestore: gate.host, pubsub },
    settings: { latencyMs: 100 },
  });
  t.after(world.close);

  const request = { name: 'outage', audience: { everybody: true }, message: { title: 'Hello' } };
  const { id } = await world.client.post<CampaignView>('/v1/campaigns', request);
  await until(async () => (await world.wire()).distinct >= 400);

  const freeze = (signal: NodeJS.Signals) => {
    for (const it of Object.values(world.cloud.instances))
      for (const pid of it.pids()) process.kill(pid, signal);
  };
  // nothing is written between the copy and the end, and no function hears of a write that is not in the copy
  freeze('SIGSTOP');
  gate.shut();
  const exported = await exportDocuments(emulator.host, project, folder);
  assert.ok(exported.documents > INSTALLATIONS);
  await emulator.stop();
  freeze('SIGCONT');
  emulator = await startEmulator('firestore', { importFrom: exported });
  assert.equal(await countDocuments(emulator.host, project), exported.documents);
  gate.open(emulator.host);

  const { state, counts } = await watchCampaign(world.client, id, null, { pollMs: 200 });
  assert.equal(state, 'completed');
  assert.deepEqual([counts.recipients, counts.accepted], [INSTALLATIONS, INSTALLATIONS]);
  const wire = await world.wire();
  assert.equal(wire.distinct, INSTALLATIONS, 'every device got it');
  assert.ok(wire.duplicates <= IN_FLIGHT, `${wire.duplicates} got it twice`);
});
