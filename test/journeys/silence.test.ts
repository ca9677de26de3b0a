/** A file of its own, since it waits for the senders' deadline of half a minute, in parallel. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startWorld } from '../world/world.ts';

const INSTALLATIONS = 4_000;

test('a provider that stops answering and comes back: every recipient is reached', async (t) => {
  const world = await startWorld({ installations: INSTALLATIONS, settings: { silent: true } });
  t.after(world.close);
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', {
    name: 'silence',
    audience: { everybody: true },
    message: { title: 'Hello' },
  });
  while ((await world.wire()).accepted === 0);
  await world.set({ silent: false });
  const { state, counts } = await watchCampaign(world.client(), id, null);
  assert.equal(state, 'completed');
  assert.deepEqual(
    [counts.accepted, counts.failed, counts.skipped],
    [INSTALLATIONS, 0, 0],
    'those without an answer were sent again',
  );
  const wire = await world.wire();
  assert.equal(wire.distinct, INSTALLATIONS);
  assert.ok(wire.duplicates > 0 && wire.duplicates < INSTALLATIONS, 'only those, and once');
});
