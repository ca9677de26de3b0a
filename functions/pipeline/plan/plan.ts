/**
 * plan and shard: from an audience to frozen chunks.
 *
 * Planning reads nothing but a count before the first task is queued: buckets are uniform, so the
 * shards' ranges are arithmetic. A shard is then read page by page, and a page is frozen in one
 * write together with the shard's cursor. A planner that dies resumes after the last frozen page;
 * two planners of one shard are told apart by the page number.
 */

import { chunked } from '../../lib/chunked.ts';
import { BUCKETS, type BucketRange } from '../../model/bucket.ts';
import { type Campaign, isClosed, targetOf } from '../../model/campaign.ts';
import type { NewChunk, Recipient, Shard } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { type Wording, wordingOf } from '../../model/message/personalization.ts';
import { canaryTask, sendable, sendTask, shardTask, startTasks } from '../../model/tasks.ts';
import { beginOf, expiryOf, LOST_AFTER_MS } from '../../model/timing.ts';
import type { FrozenPage, Ports } from '../../ports/ports.ts';
import { isGone, pagesOf, sizeOf } from '../audience/pages.ts';
import { announce, leaveToSweep } from '../complete.ts';
import { isHeldBack } from '../control/app-pause.ts';
import { pause, redrive, waitsForCanary } from '../control/control.ts';
import { failedBefore } from '../control/retry.ts';
import { fullPages } from './full-pages.ts';

/** Reading 50,000 takes a planner about three seconds from Firestore, far less from SQLite. */
const SHARD_SIZE = 50_000;
const MAX_SHARDS = 500;
/** Installations read in one query. */
const PAGE_SIZE = 2_000;
/**
 * The most recipients of a chunk: enough to make the cost of its claim and commit vanish. The rates
 * of FCM's queues follow from it (infra/queues.tf).
 */
export const CHUNK_SIZE = 1_000;
/** Firestore's documents hold 1 MiB; tokens may be 4 KiB. */
const CHUNK_BYTES = 700_000;
const UPLOAD_GONE =
  'the upload that names its recipients has expired: cancel it, upload them again and send that';
/** A paced chunk holds at most this share of a minute, so that the pace is even. */
const PACED_CHUNKS_A_MINUTE = 6;

/** Cuts a campaign into shards, once; a task that is delivered again queues them again. */
export async function plan(ports: Ports, campaignId: string, signal: AbortSignal): Promise<void> {
  const { store, queue, log, now } = ports;
  const campaign = await store.getCampaign(campaignId);
  if (!campaign || isClosed(campaign.state)) return;
  if (campaign.shards === 0) {
    const { state, schedule } = campaign;
    if (state === 'paused') return;
    // an earlier time than it has by now, or the sweep that queues what is far away
    if (state === 'scheduled' && schedule && now() < schedule.at)
      return queue.create(startTasks(campaign, now(), `-early-${now()}`));
    if (state !== 'cancelling' && (await isHeldBack(ports, campaign))) return;
    const target = targetOf(campaign);
    const isRetry = retries(campaign);
    const estimate = isRetry ? 1 : await sizeOf(store, campaign.app, target);
    const shards = cut(
      Math.min(MAX_SHARDS, Math.max(1, Math.ceil(estimate / SHARD_SIZE))),
      isOne(campaign) || isRetry ? undefined : campaign.canary?.percent,
    );
    const isExact =
      !isRetry && target.kind === 'installations' && store.countsExactly(target.audience);
    const started = await store.startCampaign(
      ...([campaignId, shards, now() + LOST_AFTER_MS, now()] as const),
      isExact ? estimate : undefined,
    );
    if (started) {
      log.campaignPlanned({ campaignId, shards: shards.length, estimate });
      const first = shards.length === 1 && planShard(ports, campaignId, 0, signal);
      // that it was accepted, too: the answer to the request does not wait for this
      const told = announce(ports, campaignId).catch(leaveToSweep(ports, campaignId));
      if (first) return first.finally(() => told);
      await told;
    }
  }
  if (campaign.state === 'cancelling') return redrive(ports, campaignId, 'cancelled');
  const open = await store.openShards(campaignId);
  const current = campaign.canary ? await store.getCampaign(campaignId) : null;
  const waits = current !== null && waitsForCanary(current);
  const begun = open.filter((shard) => shard.index === 0 || !waits);
  await queue.create(begun.map((shard) => shardTask(campaignId, shard.index)));
  if (waits) await queue.create([canaryTask(campaignId, null, now())]);
}

/** The bucket space in equal parts; a canary's percent of it is one more, the first. */
function cut(parts: number, percent = 0): BucketRange[] {
  const start = Math.floor((BUCKETS * percent) / 100);
  const edge = (i: number) => Math.floor(start + ((BUCKETS - start) / parts) * i);
  const rest = Array.from({ length: parts }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
  return start > 0 ? [{ from: 0, to: start }, ...rest] : rest;
}

/** Streams a shard's range, freezes its chunks and queues a send task as each page is frozen. */
export async function planShard(
  ports: Ports,
  campaignId: string,
  index: number,
  signal: AbortSignal,
): Promise<void> {
  const { store, queue, now } = ports;
  const shard = await store.getShard(campaignId, index);
  const campaign = await store.getCampaign(campaignId);
  if (!shard || !campaign) return;
  if (index > 0 && waitsForCanary(campaign)) return;
  if (shard.planned) return hasten(ports, campaignId, index);
  if (shard.pages > 0) await requeue(ports, shard);

  let { pages: page, cursor } = shard;
  let before = shard.counts.recipients;
  const wording = wordingFor(campaign);
  const freeze = async (
    some: Pick<FrozenPage, 'chunks' | 'skipped' | 'last' | 'missing' | 'leftOut'>,
  ) => {
    const frozen = await store.freezePage({
      ...some,
      campaignId,
      shard: index,
      page,
      cursor,
      dueAt: now() + LOST_AFTER_MS,
      now: now(),
    });
    if (frozen.kind === 'stale') return false;
    page += 1;
    if (frozen.campaignClosed) await announce(ports, campaignId);
    return true;
  };

  const { app } = campaign;
  const target = targetOf(campaign);
  const gone = !retries(campaign) && (await isGone(store, target));
  if (gone && campaign.state !== 'cancelling')
    return void (await pause(ports, campaignId, UPLOAD_GONE));
  const read = retries(campaign)
    ? failedBefore(ports, campaign, cursor)
    : gone
      ? []
      : pagesOf(store, app, target, shard, cursor, PAGE_SIZE, wording?.carried);
  const inOrder = target.kind === 'installations' && !retries(campaign);
  const pages = inOrder ? fullPages(read, CHUNK_SIZE, wording !== null) : read;
  let rest: number | undefined;
  for await (const { installations, cursor: end, leftOut } of pages) {
    cursor = end;
    if (installations.length === 0 && leftOut !== undefined) {
      rest = leftOut;
      continue;
    }
    const current = (await store.getCampaign(campaignId)) ?? campaign;
    const skip = current.state === 'cancelling';
    const { targets, missing } = addressed(skip ? [] : installations, wording);
    const chunks = intoChunks(campaign, shard, page, before, targets, now());
    const skipped = skip ? installations.length : 0;
    if (!(await freeze({ chunks, skipped, last: false, missing, leftOut }))) return;
    await queue.create(chunks.map((it) => sendTask(sendable(it), 'first', it.notBefore)));
    before += installations.length;
    if (signal.aborted) throw new Error('stopped between two pages; the rest is planned again');
  }
  if (await freeze({ chunks: [], skipped: 0, last: true, leftOut: rest }))
    await hasten(ports, campaignId, index);
}

/** A topic, which is one push, however many devices get it. */
const isOne = (campaign: Campaign) => ['topic', 'condition'].includes(targetOf(campaign).kind);

/** Its recipients are the failures of an earlier campaign: one shard, in the order of the failures. */
const retries = (campaign: Campaign) => campaign.retryOf !== undefined && !isOne(campaign);

/** A page that was frozen just before a cancellation would else wait for its slot. */
async function hasten(ports: Ports, campaignId: string, index: number) {
  const campaign = await ports.store.getCampaign(campaignId);
  if (campaign?.state === 'cancelling') await redrive(ports, campaignId, `cancelled-${index}`);
}

/** Chunks that were frozen by a planner that died may have no task. */
async function requeue({ store, queue }: Ports, shard: Shard) {
  for await (const chunks of store.openChunks(shard.campaignId, shard.index))
    await queue.create(chunks.map((it) => sendTask(it, 'first', it.notBefore)));
}

/** A dry run counts no badge up. */
export function wordingFor({ message, dryRun }: Pick<Campaign, 'message' | 'dryRun'>) {
  const { badge, ...uncounted } = message;
  return wordingOf(dryRun ? uncounted : message);
}

/** Recipients by their provider and environment, with what is their own of the message. */
export function addressed(installations: Reached[], wording: Wording | null) {
  const missing = new Map<string, number>();
  const recipient = (it: Reached): Recipient => ({
    ...{ installationId: it.id, token: it.token },
    ...wording?.of(it, missing),
  });
  const groups = Map.groupBy(installations, (it) => `${it.provider} ${it.environment}`);
  const targets = Array.from(groups.values(), (group) => {
    const { provider, environment } = group[0]!;
    return { provider, environment, recipients: group.map(recipient) };
  });
  return { targets, missing: missing.size > 0 ? Object.fromEntries(missing) : undefined };
}

/**
 * Splits a page by provider and environment, and into even chunks of a bounded size. Their ids
 * derive from the shard and the page, so a page that is read again makes the same ids.
 */
export function intoChunks(
  campaign: Campaign,
  shard: Pick<Shard, 'index'>,
  page: number,
  before: number,
  targets: ReturnType<typeof addressed>['targets'],
  now: number,
): NewChunk[] {
  const slots = campaign.rate ? slotsOf(campaign, campaign.rate.perMinute, shard.index) : null;
  const size = Math.min(CHUNK_SIZE, slots?.size ?? CHUNK_SIZE);
  let frozen = before;
  return targets
    .flatMap(({ recipients, ...rest }) =>
      split(recipients, Math.ceil(recipients.length / size)).map((part) => ({
        ...rest,
        recipients: part,
      })),
    )
    .map((part, index) => {
      const notBefore = slots?.at(frozen) ?? 0;
      frozen += part.recipients.length;
      return {
        id: `${campaign.id}.${shard.index}.${page}.${index}`,
        campaignId: campaign.id,
        shard: shard.index,
        app: campaign.app,
        ...part,
        notBefore,
        expiresAt: expiryOf(campaign, notBefore),
        dueAt: Math.max(now, notBefore) + LOST_AFTER_MS,
      };
    });
}

/** In even parts; a part that is too large for a document is halved. */
function split(group: Recipient[], parts: number): Recipient[][] {
  if (parts === 1 && (group.length === 1 || bytesOf(group) <= CHUNK_BYTES)) return [group];
  const count = Math.max(parts, 2);
  const size = Math.ceil(group.length / count);
  return chunked(group, size).flatMap((part) => split(part, 1));
}

/** At most what they take as they are stored. */
function bytesOf(group: Recipient[]): number {
  let bytes = 0;
  for (const { installationId, token, language, values } of group) {
    bytes += installationId.length + token.length + 2;
    if (language !== undefined || values !== undefined)
      bytes += 64 + Buffer.byteLength(JSON.stringify({ language, values }));
  }
  return bytes;
}

/**
 * A campaign's own pace, shared evenly by its shards: how many to a chunk, and when the chunk that
 * follows `frozen` others of its shard may leave. A shard begins a little after the one before it,
 * so that they do not beat together.
 */
function slotsOf({ shards, ...campaign }: Campaign, perMinute: number, shard: number) {
  const perShard = perMinute / shards;
  const offset = (shard / shards) * (60_000 / PACED_CHUNKS_A_MINUTE);
  return {
    size: Math.max(1, Math.floor(perShard / PACED_CHUNKS_A_MINUTE)),
    at: (frozen: number) => Math.floor(beginOf(campaign) + offset + (frozen / perShard) * 60_000),
  };
}
