/** A campaign to N installations, end to end on the embedded engine. */

import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/views.ts';
import { createWorld } from './world.ts';

export interface CampaignResult {
  recipients: number;
  accepted: number;
  failed: number;
  skipped: number;
  /** accepted by us, never seen by a provider */
  lost: number;
  /** pushes a provider accepted beyond the first of a device */
  duplicates: number;
  ledgerClosed: boolean;
  /** from the ack to the close */
  seconds: number;
  perSecond: number;
  /** from the ack to the first push that a provider accepted */
  firstPushMs: number;
  peakRssMb: number;
}

export const request = {
  name: 'bench',
  audience: {},
  message: { title: 'Hello', body: 'Something happened that you wanted to know at once.' },
};

export async function campaign({ recipients }: { recipients: number }): Promise<CampaignResult> {
  const world = await createWorld(recipients);
  try {
    const { id } = await world.client.post<CampaignView>('/v1/campaigns', request);
    const acked = Date.now();
    const done = await watchCampaign(world.client, id, process.stderr);
    const ends = [await world.simulated.apns.stats(), await world.simulated.fcm.stats()];
    const { peakRssMb } = await world.memory();
    const { counts } = done;
    const seconds = (Date.parse(done.closedAt!) - acked) / 1000;
    const sum = (of: 'distinct' | 'duplicates') => ends.reduce((all, it) => all + it[of], 0);
    return {
      recipients: counts.recipients,
      accepted: counts.accepted,
      failed: counts.failed,
      skipped: counts.skipped,
      lost: counts.accepted - sum('distinct'),
      duplicates: sum('duplicates'),
      ledgerClosed:
        done.state === 'completed' &&
        counts.recipients === recipients &&
        counts.recipients === counts.accepted + counts.failed + counts.skipped,
      seconds: round(seconds),
      perSecond: Math.round(counts.accepted / seconds),
      firstPushMs: Math.min(...ends.map((it) => it.firstAcceptedAt ?? Infinity)) - acked,
      peakRssMb,
    };
  } finally {
    await world.close();
  }
}

const round = (n: number) => Math.round(n * 10) / 10;
