/** Follows a campaign to its end, with a bar. */

import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignView } from '../http/views.ts';
import { isClosed } from '../pipeline/campaign.ts';
import { type Client, Unreachable } from './client.ts';
import { count, createProgress, createRate, type Output } from './progress.ts';

/** A server that restarts is back by then. */
const PATIENCE_MS = 30 * 1000;

/**
 * Resolves with the campaign once it is closed, or paused (it will not go on by itself). Throws what
 * the client throws; `Unreachable` only when no answer came for half a minute.
 */
export async function watchCampaign(
  client: Client,
  id: string,
  output: Output | null,
  { pollMs = 500, now = Date.now }: { pollMs?: number; now?: () => number } = {},
): Promise<CampaignView> {
  const progress = output && createProgress(output, count, now);
  const rate = createRate(now);
  let answered = now();
  try {
    for (;;) {
      const campaign = await client
        .get<CampaignView>(`/v1/campaigns/${encodeURIComponent(id)}`)
        .catch((error) => {
          if (error instanceof Unreachable && now() - answered < PATIENCE_MS) return null;
          throw error;
        });
      if (campaign) {
        answered = now();
        const { recipients, accepted, failed, skipped, pending } = campaign.counts;
        const done = recipients - pending;
        const words = [`accepted ${count(accepted)}`, `failed ${count(failed)}`];
        if (skipped > 0) words.push(`skipped ${count(skipped)}`);
        progress?.show({ done, total: recipients, rate: rate(done), words: words.join('  ') });
        if (isClosed(campaign.state) || campaign.state === 'paused') return campaign;
      }
      await delay(pollMs);
    }
  } finally {
    progress?.stop();
  }
}
