/** A campaign to N installations on the Google engine: emulators, function processes, Cloud Tasks. */

import { setTimeout as wait } from 'node:timers/promises';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { createCloudWorld } from '../world/cloud.ts';
import { type CampaignResult, outcomeOf, progress, request } from './campaign.ts';

export interface GoogleResult extends CampaignResult {
  /** installations read and frozen, from the ack to the last page */
  plannedPerSecond: number;
  /** of installations into the emulator */
  filledPerSecond: number;
}

const POLL_MS = 100;

export async function campaignOnGoogle({
  recipients,
}: {
  recipients: number;
}): Promise<GoogleResult> {
  const filling = performance.now();
  const world = await createCloudWorld({ installations: recipients, progress });
  const filledPerSecond = Math.round(recipients / ((performance.now() - filling) / 1000));
  try {
    const { id } = await world.client.post<CampaignView>('/v1/campaigns', request);
    const acked = Date.now();
    const planned = plannedAt(world.store, id);
    const done = await watchCampaign(world.client, id, process.stderr);
    const plannedSeconds = ((await planned) - acked) / 1000;
    return {
      ...outcomeOf(done, { acked, recipients, wire: await world.wire() }),
      peakRssMb: Math.max(...(await world.cloud.peakRssMb())),
      plannedPerSecond: Math.round(recipients / plannedSeconds),
      filledPerSecond,
    };
  } finally {
    await world.close();
  }
}

async function plannedAt(
  store: Awaited<ReturnType<typeof createCloudWorld>>['store'],
  id: string,
): Promise<number> {
  for (;;) {
    const campaign = await store.getCampaign(id);
    if (campaign && campaign.shards > 0 && (await store.openShards(id)).length === 0)
      return Date.now();
    await wait(POLL_MS);
  }
}
