/** Follows a campaign to its end, with a progress bar. */

import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignView } from '../http/campaigns/view.ts';
import { isClosed } from '../model/campaign.ts';
import * as answers from './answers.ts';
import { type Client, campaignPath, readEvent } from './client/client.ts';
import { Unreachable } from './client/errors.ts';
import { count, minuteOf } from './format.ts';
import { createProgress, createRate, type Output } from './progress.ts';

/** " (capped, late)" */
function whySkipped({ skippedBy }: CampaignView['counts']): string {
  const why = Object.entries(skippedBy ?? {}).flatMap(([name, of]) => (of ? [name] : []));
  return why.length > 0 ? ` (${why.join(', ')})` : '';
}

const isBusy = ({ state }: NonNullable<CampaignView['waves']>[number]) =>
  state === 'planning' || state === 'sending';

/** How long to retry without an answer; a server that restarts is back by then. */
const PATIENCE_MS = 30 * 1000;

/**
 * Resolves with the campaign once it is closed, or paused (it does not resume by itself). Throws what
 * the client throws; `Unreachable` only after half a minute without an answer, and an error after half a
 * minute of streams without an event.
 *
 * A stream that ends or breaks off is opened again from its last event, `pollMs` later.
 */
export async function watchCampaign(
  client: Client,
  id: string,
  output: Output | null,
  { pollMs = 500, now = Date.now }: { pollMs?: number; now?: () => number } = {},
): Promise<CampaignView> {
  const path = campaignPath(id);
  const progress = output && createProgress(output, count, now);
  const rate = createRate(now);
  const show = ({ counts, receipts, waves }: CampaignView) => {
    const { recipients, accepted, failed, skipped, pending } = counts;
    const done = recipients - pending;
    const words = [`accepted ${count(accepted)}`, `failed ${count(failed)}`];
    if (skipped > 0) words.push(`skipped ${count(skipped)}${whySkipped(counts)}`);
    const next = waves?.some(isBusy) ? undefined : waves?.find((it) => it.state === 'waiting');
    if (next) words.push(`next ${minuteOf(next.at)}`);
    if (receipts && receipts.opened > 0) words.push(`opened ${count(receipts.opened)}`);
    progress?.show({ done, total: recipients, rate: rate(done), words: words.join('  ') });
  };
  let answered = now();
  let last: string | null = null;
  try {
    for (;;) {
      const cut = new AbortController();
      try {
        const events = await client.events(`${path}/events`, last, cut.signal);
        if (!events) return await client.expecting(answers.campaign).get(path);
        for await (const it of events) {
          answered = now();
          last = it.id ?? last;
          if (it.event !== 'campaign') continue;
          const campaign = readEvent(it.data, answers.campaign);
          show(campaign);
          if (isClosed(campaign.state) || campaign.state === 'paused') return campaign;
        }
      } catch (error) {
        if (!(error instanceof Unreachable) || now() - answered >= PATIENCE_MS) throw error;
      } finally {
        cut.abort();
      }
      if (now() - answered >= PATIENCE_MS)
        throw new Error('the server ends its streams without an event');
      await delay(pollMs);
    }
  } finally {
    progress?.stop();
  }
}
