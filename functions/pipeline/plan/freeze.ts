/** freeze: pages of recipients become frozen chunks, and each chunk gets its task. */

import { ahead } from '../../lib/ahead.ts';
import { createOneBehind, type OneBehind } from '../../lib/one-behind.ts';
import { bucketOf, type Cursor } from '../../model/bucket.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { NewChunk, Shard } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import type { Personalization } from '../../model/message/personalization.ts';
import { sendable, sendTask } from '../../model/tasks.ts';
import { LOST_AFTER_MS } from '../../model/timing.ts';
import type { AudiencePage, Frozen, FrozenPage, Ports } from '../../ports/ports.ts';
import { announce } from '../complete.ts';
import { capsNow, cutAt } from './caps.ts';
import { intoChunks } from './chunks.ts';
import { type Others, othersOf, withoutMovers } from './movers.ts';
import { addressed } from './recipients.ts';
import { type KnownTurns, turnsFor } from './turns.ts';

export type Pages = AsyncIterable<AudiencePage> | AudiencePage[];

export interface Planning {
  ports: Ports;
  campaign: Campaign;
  shard: Shard;
  personalization: Personalization | null;
  /** of the zones that its pages had */
  turns: KnownTurns;
  /** when the slots of a campaign with a rate begin, in ms since the epoch */
  begin: number;
  signal: AbortSignal;
}

/** Freezes all pages, then marks the shard as planned. False: another planner was faster. */
export async function freezePages(planning: Planning, pages: Pages): Promise<boolean> {
  const queueing = createOneBehind();
  // all is queued before the shard is marked: what is frozen before that a later planner queues again
  const end = await eachPage(planning, pages, queueing).finally(queueing.ended);
  if (end === null) return false;
  const { page, cursor, leftOut } = end;
  const last = { chunks: [], skipped: 0, last: true, leftOut };
  return (await freeze(planning, page, cursor, last)).kind === 'frozen';
}

/** Marks a shard of which no page was read as planned. */
export async function freezeUnread(planning: Planning): Promise<void> {
  await freeze(planning, 0, null, { chunks: [], skipped: 0, last: true });
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
  const sentHere = sentHereFor(planning);
  // one page is read while the next is frozen, and the tasks of the last one are queued
  for await (const read of ahead(pages)) {
    cursor = read.cursor;
    if (read.installations.length === 0 && read.leftOut !== undefined) {
      rest = read.leftOut;
      continue;
    }
    const installations = await sentHere(read.installations);
    const next = await freezeRead(planning, { ...read, installations }, { page, before }, queueing);
    if (next === null) return null;
    page = next;
    before += installations.length;
    if (signal.aborted) throw new Error('stopped between two pages; the rest is planned again');
  }
  return { page, cursor, leftOut: rest };
}

/** Those of a page that are sent to here, and not by another wave. */
function sentHereFor({ ports, campaign, shard: { wave } }: Planning) {
  if (!wave) return async (installations: Reached[]) => installations;
  let asked: Promise<Others> | undefined;
  const others = async () => {
    asked ??= othersOf(ports, campaign, wave);
    return asked;
  };
  return (installations: Reached[]) => withoutMovers(ports, campaign, { installations, others });
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
  const { ports, campaign, shard, personalization, begin } = planning;
  const { store, queue, now } = ports;
  const current = (await store.getCampaign(campaign.id)) ?? campaign;
  const skip = current.state === 'cancelling';
  const caps = skip ? [] : await capsNow(ports, campaign);
  const turns = skip ? null : await turnsFor(ports, campaign, shard, planning.turns);
  let left = leftOut;
  for (const parts = [installations]; parts.length > 0; ) {
    const some = parts.shift()!;
    const isEnd = parts.length === 0;
    const { targets, ...counted } = addressed(skip ? [] : some, personalization, turns);
    const { chunkSize: most, offsetAt } = ports;
    const at = { page, before, begin, now: now() };
    const quiet = turns?.quiet;
    const chunks = intoChunks({ campaign, shard, targets, quiet, offsetAt, most, ...at });
    const skipped = skip ? some.length : 0;
    const part = { chunks, caps, skipped, last: false, ...counted };
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
