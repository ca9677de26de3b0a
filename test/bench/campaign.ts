/** A campaign to N installations, end to end on the embedded engine. */

import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { type Providers, startWorld } from '../world/world.ts';

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
  audience: { everybody: true },
  message: { title: 'Hello', body: 'Something happened that you wanted to know immediately.' },
};

export const progress = (text: string) => void process.stderr.write(`${text}\n`);

export async function campaign({ recipients }: { recipients: number }): Promise<CampaignResult> {
  const world = await startWorld({ installations: recipients, pinned: true, progress });
  try {
    const { id } = await world.client().post<CampaignView>('/v1/campaigns', request);
    const acked = Date.now();
    const done = await watchCampaign(world.client(), id, process.stderr);
    const wire = await world.wire();
    const { peakRssMb } = await world.memory();
    return { ...outcomeOf(done, { acked, recipients, wire }), peakRssMb };
  } finally {
    await world.close();
  }
}

/** What became of a campaign to `recipients`, by its own ledger and by what the providers counted. */
export function outcomeOf(
  { state, counts, closedAt }: CampaignView,
  {
    acked,
    recipients,
    wire,
  }: { acked: number; recipients: number; wire: Awaited<ReturnType<Providers['wire']>> },
): Omit<CampaignResult, 'peakRssMb'> {
  const seconds = (Date.parse(closedAt!) - acked) / 1000;
  return {
    recipients: counts.recipients,
    accepted: counts.accepted,
    failed: counts.failed,
    skipped: counts.skipped,
    lost: counts.accepted - wire.distinct,
    duplicates: wire.duplicates,
    ledgerClosed:
      state === 'completed' &&
      counts.recipients === recipients &&
      counts.recipients === counts.accepted + counts.failed + counts.skipped,
    seconds: round(seconds),
    perSecond: Math.round(counts.accepted / seconds),
    firstPushMs: wire.firstAcceptedAt - acked,
  };
}

const round = (n: number) => Math.round(n * 10) / 10;
