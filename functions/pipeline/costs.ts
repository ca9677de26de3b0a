/** costs: about what the campaigns of some time cost on Google Cloud, by their sizes and list prices. */

import { type Campaign, type Counts, noCounts } from '../model/campaign.ts';
import { campaignUsd } from '../model/cost/estimate.ts';
import { providers } from '../model/provider/registry.ts';
import type { Ports } from '../ports/ports.ts';

/** Campaigns looked through: on Firestore 2,000 reads, 0.06 cents. Single pushes are campaigns too. */
const MOST = 2_000;
const PAGE = 500;

interface Costs {
  campaigns: number;
  recipients: number;
  costUsd: number;
  /** false: there are more campaigns, older than those that were counted */
  complete: boolean;
}

/** Of the campaigns created from `from` on and before `to`, ms since the epoch; the newest, if many. */
export async function costsOf(
  { store }: Pick<Ports, 'store'>,
  { from, to }: { from: number; to: number },
): Promise<Costs> {
  const sum = { campaigns: 0, recipients: 0, costUsd: 0 };
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof store.listCampaigns>> = await store.listCampaigns(
      after,
      PAGE,
      { from, to },
    );
    for (const it of page.items) {
      const counts = await countsOf(store, it);
      sum.campaigns += 1;
      sum.recipients += counts.recipients;
      sum.costUsd += costOf(it, counts);
    }
    after = page.next;
  } while (after !== null && sum.campaigns < MOST);
  return { ...sum, complete: after === null };
}

/**
 * A closed campaign has its counts, and one without shards has none; what the shards of the others count
 * is added up.
 */
export const countsOf = async (
  store: Pick<Ports['store'], 'counts'>,
  { id, sums, shards }: Campaign,
) => sums ?? (shards === 0 ? noCounts() : store.counts(id));

/** Counts are not kept by provider: those that took a push are taken to have had the same share. */
export function costOf(
  { trials = {} }: Pick<Campaign, 'trials'>,
  { recipients, failed }: Pick<Counts, 'recipients' | 'failed'>,
): number {
  const by = Object.fromEntries(providers.filter((it) => trials[it]).map((it) => [it, 1]));
  return recipients === 0 ? 0 : campaignUsd(recipients, failed / recipients, by);
}
