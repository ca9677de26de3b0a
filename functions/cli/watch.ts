/** Follows a campaign to its end, with a progress bar. */

import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignView } from '../http/campaigns/view.ts';
import { isClosed } from '../model/campaign.ts';
import * as answers from './answers.ts';
import { type Client, campaignPath, readEvent } from './client/client.ts';
import { Unreachable } from './client/errors.ts';
import { count } from './format.ts';
import { createProgress, createRate, type Output } from './progress.ts';
import { createWaveNotes, expectedIn, leaveText, nextWave, waitText } from './waves.ts';

/** " (capped, late)" */
function whySkipped({ skippedBy }: CampaignView['counts']): string {
  const why = Object.entries(skippedBy ?? {}).flatMap(([name, of]) => (of ? [name] : []));
  return why.length > 0 ? ` (${why.join(', ')})` : '';
}

/** What a line says beside its share: the outcomes, and when it goes on. */
function wordsOf(campaign: CampaignView): string {
  const { counts, receipts } = campaign;
  const { accepted, failed, skipped } = counts;
  const next = nextWave(campaign);
  const words = [`accepted ${count(accepted)}`, `failed ${count(failed)}`];
  if (next) words.unshift(`next ${next.at.slice(11, 16)} UTC`);
  else if (campaign.guard === 'canary') words.unshift('canary');
  if (skipped > 0) words.push(`skipped ${count(skipped)}${whySkipped(counts)}`);
  if (receipts && receipts.opened > 0) words.push(`opened ${count(receipts.opened)}`);
  return words.join('  ');
}

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
  const notesOf = createWaveNotes();
  const told = new Set<string>();
  const show = (campaign: CampaignView) => {
    const { recipients, pending } = campaign.counts;
    const done = recipients - pending;
    const pace = rate(done);
    const expected = expectedIn(campaign);
    for (const it of notesOf(campaign)) progress?.note(it);
    // once before it begins, and once for its waves when they are known
    const waits = waitText(campaign, now());
    const what = campaign.waves ? 'waves' : 'begin';
    if (waits !== null && !told.has(what)) {
      progress?.note(waits);
      if (told.size === 0) progress?.note(leaveText(id));
      told.add(what);
    }
    progress?.show({
      done,
      total: recipients + expected,
      isAbout: expected > 0,
      // between two waves there is none
      rate: nextWave(campaign) ? 0 : pace,
      words: wordsOf(campaign),
    });
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
