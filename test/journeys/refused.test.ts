/** A fault that concerns every push, at real servers: only few are refused until it is known. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { ReportView } from '../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { until } from '../until.ts';
import { startWorld, type World } from '../world/world.ts';

/** For both providers; 300 streams and more may be under way at either. */
const INSTALLATIONS = 6_000;
const MOST_REFUSED = 50;

let world: World;
before(async () => {
  world = await startWorld({ installations: INSTALLATIONS, settings: { maxStreams: 1500 } });
});
after(() => world.close());

const send = () =>
  world.client().post<CampaignView>('/v1/campaigns', {
    name: 'refused',
    audience: { everybody: true },
    message: { title: 'Hello' },
  });

/** Waits until it is paused, and gives it. */
const paused = (id: string) =>
  until(async () => {
    const it = await world.client().get<CampaignView>(`/v1/campaigns/${id}`);
    return it.state === 'paused' && it;
  });

const refusedBy = async (provider: 'apns' | 'fcm') =>
  Object.values((await world.simulated[provider].stats()).rejected).reduce((a, b) => a + b, 0);

test('a revoked key is refused for some tens, then the campaign waits; mended, all are sent to', async () => {
  await world.reset();
  await world.simulated.apns.set({ blocked: 'InvalidProviderToken' });
  const { id } = await send();
  assert.equal((await paused(id)).reason, 'InvalidProviderToken');
  // a chunk that is still being sent would pause it again
  await world.rest(id);
  assert.ok((await refusedBy('apns')) <= MOST_REFUSED, `${await refusedBy('apns')} refused`);

  await world.simulated.apns.set({ blocked: null });
  await world.client().post(`/v1/campaigns/${id}/resume`);
  const { counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.deepEqual([counts.accepted, counts.failed], [INSTALLATIONS, 0]);
  const { distinct, duplicates } = await world.wire();
  assert.deepEqual([distinct, duplicates], [INSTALLATIONS, 0]);
});

test('a few invalid tokens stop no campaign, and occasional 503s fail no recipient', async () => {
  await world.reset();
  await world.set({ badShare: 0.002, unavailable: { share: 0.02, retryAfterSeconds: 0 } });
  const { id } = await send();
  await watchCampaign(world.client(), id, null, { pollMs: 50 });
  await world.set({ badShare: 0, unavailable: null });
  const { campaign, ledgerClosed } = await world
    .client()
    .get<ReportView>(`/v1/campaigns/${id}/report`);
  const { accepted, failed } = campaign.counts;
  assert.equal(ledgerClosed, true);
  assert.equal(accepted + failed, INSTALLATIONS);
  assert.ok(failed > 0 && failed < INSTALLATIONS * 0.01, `${failed} failed`);
  assert.equal((await world.wire()).duplicates, 0);
});
