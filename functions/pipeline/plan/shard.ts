/**
 * shard: from a shard's range of the audience to frozen chunks.
 *
 * The range is read page by page. Each page is frozen in one write together with the shard's cursor,
 * and the page number fences that write: a planner that dies resumes after the last frozen page, and of
 * two planners of one shard only one can freeze each page.
 */

import { Expired } from '../../lib/errors.ts';
import { type Campaign, targetOf } from '../../model/campaign.ts';
import type { Shard } from '../../model/chunk.ts';
import type { Personalization } from '../../model/message/personalization.ts';
import { CHUNK_SIZE, NAMES_SIZE, NEVER_WIDE, QUERY_SIZE } from '../../model/sizes.ts';
import { sendTask, shardTask } from '../../model/tasks.ts';
import { EARLY_MS, plannedAt } from '../../model/timing.ts';
import type { AudiencePage, AudienceRead, Ports } from '../../ports/ports.ts';
import { goneFrom, PAST_GONE, pagesOf } from '../audience/pages.ts';
import { waitsForCanary } from '../canary.ts';
import { pause, redrive } from '../control/control.ts';
import { failedBefore } from '../control/retry.ts';
import { wakeSenders } from '../wake.ts';
import { capsNow } from './caps.ts';
import { freezePages, freezeUnread, type Pages, type Planning } from './freeze.ts';
import { fullPages } from './full-pages.ts';
import { movedSince, moversWaitUntil } from './movers.ts';
import { campaignPersonalization, carriedFor } from './recipients.ts';
import { slotsBegin } from './slots.ts';
import { retriesFailures } from './targets.ts';
import { timingOf } from './timing.ts';
import { audienceIn } from './waves.ts';

/**
 * Reads a shard's range, freezes its chunks page by page, and queues a send task for each chunk of a
 * page once that page is frozen. Does nothing for a shard that waits for its canary, and queues one that
 * waits for its wave again. Ends early if another planner freezes a page first. Throws when `signal` (the
 * worker must end) has fired between two pages, or when the store or the queue fails: the task is then
 * delivered again.
 */
export async function planShard(
  ports: Ports,
  campaignId: string,
  index: number,
  signal: AbortSignal,
): Promise<void> {
  const { store } = ports;
  const shard = await store.getShard(campaignId, index);
  const campaign = await store.getCampaign(campaignId);
  if (!shard || !campaign) return;
  if (waitsForCanary(campaign, index)) return;
  if (shard.planned) return hasten(ports, campaignId, index);
  if (campaign.state !== 'cancelling' && (await waits(ports, campaign, shard))) return;
  const personalization = campaignPersonalization(campaign);
  const begin = await slotsBegin(ports, campaign, shard);
  const planning: Planning = {
    ports,
    campaign,
    shard,
    personalization,
    turns: new Map(),
    begin,
    signal,
  };
  // a wave that has not begun is closed without being read
  if (campaign.state === 'cancelling' && shard.wave && shard.pages === 0)
    return void (await freezeUnread(planning));
  if (shard.pages > 0) await requeue(ports, shard);
  const waking = shard.wave?.part === 0 && wakeSenders(ports, campaign, shard.wave.at);
  await planPages(planning).finally(() => waking);
}

async function planPages(planning: Planning): Promise<void> {
  const { ports, campaign, shard, personalization } = planning;
  const pages = await readShard(ports, campaign, shard, personalization);
  if ('gone' in pages) return void (await pause(ports, campaign.id, pages.gone));
  try {
    if (await freezePages(planning, pages)) await hasten(ports, campaign.id, shard.index);
  } catch (error) {
    // it expired while it was read; a campaign that is being cancelled is then closed by the next task
    if (!(error instanceof Expired) || !(await pause(ports, campaign.id, PAST_GONE))) throw error;
  }
}

/** True if it is not the shard's time yet. It is queued again then, or when its campaign is resumed. */
async function waits(ports: Ports, { state }: Campaign, shard: Shard): Promise<boolean> {
  const { store, queue, now } = ports;
  const { campaignId, index, wave } = shard;
  const planAt = plannedAt(shard) ?? 0;
  const isEarly = now() + EARLY_MS < planAt;
  const at = isEarly
    ? planAt
    : wave?.zones === 'movers'
      ? await moversWaitUntil(ports, shard)
      : null;
  if (at === null) return false;
  // to look once a minute whether the other waves are planned would cost for as long as it is paused
  if (state === 'paused' && !isEarly) return true;
  const task = `wave-${at}`;
  await store.noteTasks([{ kind: 'shard', campaignId, shard: index, task }]);
  await queue.create([shardTask(campaignId, index, task, at)]);
  return true;
}

/** The pages after the shard's cursor; or why they cannot be read any more. */
async function readShard(
  ports: Ports,
  campaign: Campaign,
  shard: Shard,
  personalization: Personalization | null,
): Promise<Pages | { gone: string }> {
  const { cursor, wave } = shard;
  if (retriesFailures(campaign)) return failedBefore(ports, campaign, cursor);
  const { store } = ports;
  const target = targetOf(campaign);
  const gone = await goneFrom(store, target);
  // a campaign that is being cancelled needs none of that: it is closed over what was frozen
  if (gone !== null) return campaign.state === 'cancelling' ? [] : { gone };
  const isTimed = wave !== undefined || (await timingOf(ports, campaign)) !== null;
  const isCapped = (await capsNow(ports, campaign)).length > 0;
  const carried = carriedFor(personalization, { isTimed, isCapped });
  const { app } = campaign;
  // pages of names are in no order of buckets, so one that is too wide could not be cut. It may be larger
  // than asked for, by a batch of tokens that no installation has
  const size = isCapped && target.kind === 'named' ? NEVER_WIDE - NAMES_SIZE : QUERY_SIZE;
  const read = { app, range: shard, after: cursor, size, carried };
  if (target.kind !== 'installations') return pagesOf(store, target, read);
  const pages = wave
    ? inWave(store.streamAudience({ ...read, ...waveRead(campaign, wave, target.audience) }))
    : pagesOf(store, target, read);
  return fullPages(pages, {
    chunk: ports.chunkSize ?? CHUNK_SIZE,
    isPersonalized: personalization !== null,
    isBeginning: shard.index === 0 && shard.pages === 0,
  });
}

const waveRead = (
  campaign: Campaign,
  { zones }: NonNullable<Shard['wave']>,
  audience: AudienceRead['audience'],
): Pick<AudienceRead, 'audience' | 'isOfWave' | 'movedSince'> => ({
  audience: audienceIn(audience, zones),
  isOfWave: true,
  ...(zones === 'movers' && { movedSince: movedSince(campaign) }),
});

/** Those who are left out of a wave may be in another. */
async function* inWave(pages: AsyncIterable<AudiencePage>): AsyncGenerator<AudiencePage> {
  for await (const { installations, cursor } of pages)
    if (installations.length > 0) yield { installations, cursor };
}

/** After a cancellation, queues the chunks of a page that was frozen just before it without their slots. */
async function hasten(ports: Ports, campaignId: string, index: number) {
  const campaign = await ports.store.getCampaign(campaignId);
  if (campaign?.state === 'cancelling') await redrive(ports, campaignId, `cancelled-${index}`);
}

/** Queues the open chunks again: a planner that died may have frozen them without queueing a task. */
async function requeue({ store, queue }: Ports, shard: Shard) {
  for await (const chunks of store.openChunks(shard.campaignId, shard.index))
    await queue.create(chunks.map((chunk) => sendTask(chunk, 'first', chunk.notBefore)));
}
