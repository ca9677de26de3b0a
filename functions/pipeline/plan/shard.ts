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
import { bucketOf, type Cursor } from '../../model/bucket.ts';
import { type Campaign, targetOf } from '../../model/campaign.ts';
import type { NewChunk, Shard } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import type { Personalization } from '../../model/message/personalization.ts';
import { CHUNK_SIZE, NAMES_SIZE, NEVER_WIDE, QUERY_SIZE } from '../../model/sizes.ts';
import { sendable, sendTask } from '../../model/tasks.ts';
import { LOST_AFTER_MS } from '../../model/timing.ts';
import type { AudiencePage, Frozen, FrozenPage, Ports } from '../../ports/ports.ts';
import { goneFrom, PAST_GONE, pagesOf } from '../audience/pages.ts';
import { announce } from '../complete.ts';
import { pause, redrive, waitsForCanary } from '../control/control.ts';
import { failedBefore } from '../control/retry.ts';
import { capsNow, cutAt } from './caps.ts';
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
  const caps = target.kind === 'named' ? await capsNow(ports, campaign) : [];
  // its pages are in no order of buckets, so one that is too wide could not be cut. It may be larger than
  // asked for, by a batch of tokens that no installation has
  const size = caps.length > 0 ? NEVER_WIDE - NAMES_SIZE : QUERY_SIZE;
  const read = { app, range: shard, after: cursor, size, carried };
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
  const last = { chunks: [], skipped: 0, last: true, leftOut };
  return (await freeze(planning, page, cursor, last)).kind === 'frozen';
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
  const { shard, signal } = planning;
  let { pages: page, cursor } = shard;
  let before = shard.counts.recipients;
  let rest: number | undefined;
  // one page is read while the next is frozen, and the tasks of the last one are queued
  for await (const read of ahead(pages)) {
    cursor = read.cursor;
    if (read.installations.length === 0 && read.leftOut !== undefined) {
      rest = read.leftOut;
      continue;
    }
    const next = await freezeRead(planning, read, { page, before }, queueing);
    if (next === null) return null;
    page = next;
    before += read.installations.length;
    if (signal.aborted) throw new Error('stopped between two pages; the rest is planned again');
  }
  return { page, cursor, leftOut: rest };
}

/**
 * Freezes what was read, as several pages if one would be too wide, and queues the chunks. Gives the number
 * of the next page; null: another planner was faster.
 */
async function freezeRead(
  planning: Planning,
  { installations, cursor, leftOut }: AudiencePage,
  { page, before }: { page: number; before: number },
  queueing: OneBehind,
): Promise<number | null> {
  const { ports, campaign, shard, personalization } = planning;
  const { store, queue, now } = ports;
  const current = (await store.getCampaign(campaign.id)) ?? campaign;
  const skip = current.state === 'cancelling';
  const caps = skip ? [] : await capsNow(ports, campaign);
  let left = leftOut;
  for (const parts = [installations]; parts.length > 0; ) {
    const some = parts.shift()!;
    const isEnd = parts.length === 0;
    const { targets, missing, denied } = addressed(skip ? [] : some, personalization);
    const most = ports.chunkSize;
    const chunks = intoChunks({ campaign, shard, page, before, targets, most, now: now() });
    const skipped = skip ? some.length : 0;
    const part = { chunks, caps, skipped, last: false, missing, denied };
    const end = isEnd ? cursor : cursorAt(some.at(-1)!);
    const frozen = await freeze(planning, page, end, { ...part, leftOut: left });
    if (frozen.kind === 'stale') return null;
    if (frozen.kind === 'wide') {
      parts.unshift(...cutAt(frozen.from, some, campaign));
      continue;
    }
    page += 1;
    before += some.length;
    // with the first part: after a crash between two parts some is counted twice, and none is lost
    left = 0;
    const open = frozen.settled ? without(chunks, frozen.settled) : chunks;
    const tasks = open.map((chunk) => sendTask(sendable(chunk), 'first', chunk.notBefore));
    await queueing.begin(() => queue.create(tasks));
  }
  return page;
}

const cursorAt = ({ id }: Reached): Cursor => ({ bucket: bucketOf(id), id });

const without = (chunks: NewChunk[], ids: string[]) => chunks.filter((it) => !ids.includes(it.id));

/** Freezes one page. */
async function freeze(
  { ports, campaign, shard }: Planning,
  page: number,
  cursor: Cursor | null,
  part: Omit<FrozenPage, 'campaignId' | 'shard' | 'page' | 'cursor' | 'dueAt' | 'now'>,
): Promise<Frozen> {
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
  if (frozen.kind === 'frozen' && frozen.campaignClosed) await announce(ports, campaign.id);
  return frozen;
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
