/**
 * shard: from a shard's range of the audience to frozen chunks.
 *
 * The range is read page by page. Each page is frozen in one write together with the shard's cursor,
 * and the page number fences that write: a planner that dies resumes after the last frozen page, and of
 * two planners of one shard only one can freeze each page.
 */

import { ahead } from '../../lib/ahead.ts';
import { Expired } from '../../lib/errors.ts';
import { createOneBehind, type OneBehind } from '../../lib/one-behind.ts';
import type { Cursor } from '../../model/bucket.ts';
import { type Campaign, targetOf } from '../../model/campaign.ts';
import type { Shard } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import type { Personalization } from '../../model/message/personalization.ts';
import { CHUNK_SIZE, QUERY_SIZE } from '../../model/sizes.ts';
import { sendable, sendTask } from '../../model/tasks.ts';
import { LOST_AFTER_MS } from '../../model/timing.ts';
import type { AudiencePage, FrozenPage, Ports } from '../../ports/ports.ts';
import { goneFrom, PAST_GONE, pagesOf } from '../audience/pages.ts';
import { announce } from '../complete.ts';
import { pause, redrive, waitsForCanary } from '../control/control.ts';
import { failedBefore } from '../control/retry.ts';
import { intoChunks } from './chunks.ts';
import { fullPages } from './full-pages.ts';
import { addressed, campaignPersonalization, carriedFor } from './recipients.ts';

/**
 * Reads a shard's range, freezes its chunks page by page, and queues a send task for each chunk of a
 * page once that page is frozen. Does nothing for a shard that waits for its canary. Ends early if
 * another planner freezes a page first. Throws when `signal` (the worker must end) has fired between
 * two pages, or when the store or the queue fails: the task is then delivered again.
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
  if (index > 0 && waitsForCanary(campaign)) return;
  if (shard.planned) return hasten(ports, campaignId, index);
  if (shard.pages > 0) await requeue(ports, shard);
  const personalization = campaignPersonalization(campaign);
  const pages = await readShard(ports, campaign, shard, personalization);
  if ('gone' in pages) return void (await pause(ports, campaignId, pages.gone));
  const planning = { ports, campaign, shard, personalization, signal };
  try {
    if (await freezePages(planning, pages)) await hasten(ports, campaignId, index);
  } catch (error) {
    // it expired while it was read; a campaign that is being cancelled is then closed by the next task
    if (!(error instanceof Expired) || !(await pause(ports, campaignId, PAST_GONE))) throw error;
  }
}

type Pages = AsyncIterable<AudiencePage> | AudiencePage[];

/** The pages after the shard's cursor; or why they cannot be read any more. */
async function readShard(
  ports: Ports,
  campaign: Campaign,
  shard: Shard,
  personalization: Personalization | null,
): Promise<Pages | { gone: string }> {
  const { cursor } = shard;
  if (retriesFailures(campaign)) return failedBefore(ports, campaign, cursor);
  const { store } = ports;
  const target = targetOf(campaign);
  const gone = await goneFrom(store, target);
  // a campaign that is being cancelled needs none of that: it is closed over what was frozen
  if (gone !== null) return campaign.state === 'cancelling' ? [] : { gone };
  const carried = carriedFor(personalization);
  const { app } = campaign;
  const read = { app, range: shard, after: cursor, size: QUERY_SIZE, carried };
  const pages = pagesOf(store, target, read);
  return target.kind === 'installations'
    ? fullPages(pages, {
        chunk: ports.chunkSize ?? CHUNK_SIZE,
        isPersonalized: personalization !== null,
        isBeginning: shard.index === 0 && shard.pages === 0,
      })
    : pages;
}

interface Planning {
  ports: Ports;
  campaign: Campaign;
  shard: Shard;
  personalization: Personalization | null;
  signal: AbortSignal;
}

/** Freezes all pages, then marks the shard as planned. False: another planner was faster. */
async function freezePages(planning: Planning, pages: Pages): Promise<boolean> {
  const queueing = createOneBehind();
  // all is queued before the shard is marked: what is frozen before that a later planner queues again
  const end = await eachPage(planning, pages, queueing).finally(queueing.ended);
  if (end === null) return false;
  const { page, cursor, leftOut } = end;
  return freeze(planning, page, cursor, { chunks: [], skipped: 0, last: true, leftOut });
}

/** Where a shard's pages end. `leftOut`: by the reads after the last installation. */
interface End {
  page: number;
  cursor: Cursor | null;
  leftOut: number | undefined;
}

/** Freezes the pages. The tasks of the last one may still be under way. Null: another planner was faster. */
async function eachPage(
  planning: Planning,
  pages: Pages,
  queueing: OneBehind,
): Promise<End | null> {
  const { ports, campaign, shard, personalization, signal } = planning;
  const { store, queue, now } = ports;
  let { pages: page, cursor } = shard;
  let before = shard.counts.recipients;
  let rest: number | undefined;
  // one page is read while the next is frozen, and the tasks of the last one are queued
  for await (const { installations, cursor: end, leftOut } of ahead(pages)) {
    cursor = end;
    if (installations.length === 0 && leftOut !== undefined) {
      rest = leftOut;
      continue;
    }
    const current = (await store.getCampaign(campaign.id)) ?? campaign;
    const skip = current.state === 'cancelling';
    const recipients: Reached[] = skip ? [] : installations;
    const { targets, missing, denied } = addressed(recipients, personalization);
    const most = ports.chunkSize;
    const chunks = intoChunks({ campaign, shard, page, before, targets, most, now: now() });
    const skipped = skip ? installations.length : 0;
    const part = { chunks, skipped, last: false, missing, denied, leftOut };
    if (!(await freeze(planning, page, cursor, part))) return null;
    page += 1;
    const tasks = chunks.map((chunk) => sendTask(sendable(chunk), 'first', chunk.notBefore));
    await queueing.begin(() => queue.create(tasks));
    before += installations.length;
    if (signal.aborted) throw new Error('stopped between two pages; the rest is planned again');
  }
  return { page, cursor, leftOut: rest };
}

/** Freezes one page. False: another planner has frozen a page of that number. */
async function freeze(
  { ports, campaign, shard }: Planning,
  page: number,
  cursor: Cursor | null,
  part: Pick<FrozenPage, 'chunks' | 'skipped' | 'last' | 'missing' | 'denied' | 'leftOut'>,
): Promise<boolean> {
  const now = ports.now();
  const frozen = await ports.store.freezePage({
    ...part,
    campaignId: campaign.id,
    shard: shard.index,
    page,
    cursor,
    dueAt: now + LOST_AFTER_MS,
    now,
  });
  if (frozen.kind === 'stale') return false;
  if (frozen.campaignClosed) await announce(ports, campaign.id);
  return true;
}

/** Whether the target is a topic or a condition: one push, however many devices get it. */
export const isOneMessage = (campaign: Campaign) =>
  ['topic', 'condition'].includes(targetOf(campaign).kind);

/**
 * Whether the recipients are the failures of an earlier campaign: one shard, in the order of the
 * failures.
 */
export const retriesFailures = (campaign: Campaign) =>
  campaign.retryOf !== undefined && !isOneMessage(campaign);

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
