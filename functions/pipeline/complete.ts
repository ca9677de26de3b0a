/** complete: the ledger is closed; the world is told. */

import type { Ports } from '../ports.ts';

/**
 * Publishes `campaign.completed` and notes that it is out. Dying in between is harmless: the sweep
 * publishes it again under the same id.
 */
export async function announce(ports: Ports, campaignId: string): Promise<void> {
  const { store, events, log } = ports;
  const campaign = await store.getCampaign(campaignId);
  if (!campaign || campaign.closedAt === null) return;
  const counts = await store.counts(campaignId);
  await events.publish({
    id: `${campaignId}.completed`,
    type: 'campaign.completed',
    campaignId,
    at: campaign.closedAt,
  });
  await store.announced(campaignId);
  log.campaignClosed({ campaignId, state: campaign.state, counts });
}
