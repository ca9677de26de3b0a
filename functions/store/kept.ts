/**
 * What is kept of the recipients of a campaign, the same on both engines: page after page as they were
 * frozen, which is the order of buckets for all but lists of names and retries.
 */

import { ahead } from '../lib/ahead.ts';
import { Expired } from '../lib/errors.ts';
import { BUCKETS, type BucketRange } from '../model/bucket.ts';
import { type Campaign, targetOf } from '../model/campaign.ts';
import type { Failure, NewChunk } from '../model/chunk.ts';
import { bucketIn, receiptName } from '../model/receipt.ts';
import type { RecipientOutcome } from '../ports/ports.ts';
import { edgesIn } from './bucket-search.ts';
import { hasFailed, outcomeAt } from './outcomes.ts';
import { unpack } from './recipients.ts';
import { stateAt } from './traces.ts';

/** A chunk with what became of its recipients. */
interface KeptChunk extends Pick<NewChunk, 'id' | 'provider' | 'environment'> {
  /** the recipients' ids, as `pack` writes them */
  ids: string;
  /** a letter for each, see outcomes.ts */
  outcomes: string;
  /** when the last attempt ended, in ms */
  releasedAt: number | null;
}

interface KeptShard extends BucketRange {
  index: number;
  pages: number;
  chunks: number;
  /** chunks of its largest page, where the engine has to know */
  parts?: number;
}

/** How an engine reads them. */
export interface KeptSource {
  /** Throws `Expired` if a chunk of the campaign may have been deleted. */
  checkKept(campaign: Campaign): Promise<void>;
  shardsOf(campaignId: string): Promise<KeptShard[]>;
  /** The chunks of a page; a page may have none. */
  pageOf(campaignId: string, shard: KeptShard, page: number): Promise<KeptChunk[]>;
  /** Those of a message that was closed in one write; null for any other campaign. */
  messageOf(campaignId: string): Promise<KeptChunk[] | null>;
  /** The failures among the recipients of a chunk. */
  failuresOf(campaignId: string, chunkId: string): Promise<Failure[]>;
}

const EVERYWHERE: BucketRange = { from: 0, to: BUCKETS };

/** Whether its recipients were frozen in the order of their buckets. */
export const isOrdered = (campaign: Campaign) =>
  targetOf(campaign).kind === 'installations' && campaign.retryOf === undefined;

/**
 * The chunks of a campaign in the order in which they were frozen, those of a page at a time. Of an ordered
 * campaign those that may have recipients of the range, in the order of buckets. Throws `Expired` if some
 * are or may be deleted.
 */
async function* keptPages(
  source: KeptSource,
  campaign: Campaign,
  range = EVERYWHERE,
): AsyncGenerator<KeptChunk[]> {
  await source.checkKept(campaign);
  // it was cancelled before it began
  if (campaign.shards === 0) return;
  const shards = await source.shardsOf(campaign.id);
  if (shards.length === 0) {
    const chunks = await source.messageOf(campaign.id);
    if (chunks === null) throw new Expired(`the recipients of ${campaign.id} are deleted`);
    return yield chunks;
  }
  const wanted = isOrdered(campaign)
    ? shards.filter((it) => it.from < range.to && it.to > range.from)
    : shards;
  for (const shard of wanted.toSorted((a, b) => a.from - b.from))
    yield* pagesOfShard(source, campaign, shard, range);
}

async function* pagesOfShard(
  source: KeptSource,
  campaign: Campaign,
  shard: KeptShard,
  range: BucketRange,
): AsyncGenerator<KeptChunk[]> {
  const ordered = isOrdered(campaign);
  const read = onePageKept((page) => source.pageOf(campaign.id, shard, page));
  const first = ordered && range.from > shard.from ? await firstPage(shard, range.from, read) : 0;
  let chunks = 0;
  for (let page = first; page < shard.pages; page++) {
    const found = await read(page);
    await source.checkKept(campaign);
    chunks += found.length;
    const edges = ordered && range.to < shard.to ? edgesOf(shard, found) : null;
    if (edges && edges.from >= range.to) return;
    if (found.length > 0) yield found;
  }
  if (first === 0 && chunks < shard.chunks)
    throw new Expired(`${shard.chunks - chunks} chunks of ${campaign.id} are missing`);
}

const edgesOf = (shard: KeptShard, chunks: KeptChunk[]) =>
  edgesIn(
    shard,
    chunks.map((it) => it.ids),
  );

type ReadPage = (page: number) => Promise<KeptChunk[]>;

/** Reads a page that is asked for twice in a row once. */
function onePageKept(read: ReadPage): ReadPage {
  let last: { page: number; chunks: KeptChunk[] } | null = null;
  return async (page) => {
    if (last?.page !== page) last = { page, chunks: await read(page) };
    return last.chunks;
  };
}

/** The first page that may have a bucket, or one before it. Buckets are uniform, so a few pages are read. */
async function firstPage(shard: KeptShard, bucket: number, read: ReadPage): Promise<number> {
  let [first, last] = [0, shard.pages - 1];
  let at = Math.floor(((bucket - shard.from) / (shard.to - shard.from)) * shard.pages);
  while (first < last) {
    const middle = Math.min(Math.max(at, first), last - 1);
    const edges = edgesOf(shard, await read(middle));
    // it has no recipient, or is of an older version: it does not tell where others are
    if (edges === null) return first;
    if (edges.to < bucket) first = middle + 1;
    else if (edges.from < bucket) return middle;
    else last = middle;
    at = Math.floor((first + last) / 2);
  }
  return first;
}

/** `readOutcomes` of the port. */
export async function* outcomesOf(
  source: KeptSource,
  campaign: Campaign,
): AsyncGenerator<RecipientOutcome[]> {
  for await (const chunks of ahead(keptPages(source, campaign)))
    for (const it of chunks) {
      const failures = hasFailed(it.outcomes) ? await source.failuresOf(campaign.id, it.id) : [];
      const byIndex = new Map(failures.map((failure) => [failure.index, failure]));
      yield unpack({ ids: it.ids, rest: null }).map(({ installationId }, index) => {
        const failure = byIndex.get(index) ?? null;
        return {
          installationId: installationId === '' ? null : installationId,
          provider: it.provider,
          environment: it.environment,
          state: stateAt(it.outcomes, index),
          at: failure?.at ?? it.releasedAt,
          failure,
        };
      });
    }
}

/**
 * The names (`receiptName`) of those whose push was accepted, with buckets of the range, ascending. Throws
 * `Expired`, also if an older version did not keep what became of each.
 */
export async function* acceptedNames(
  source: KeptSource,
  campaign: Campaign,
  range = EVERYWHERE,
): AsyncGenerator<string[]> {
  if (!isOrdered(campaign)) return yield* smallestFirst(source, campaign, range);
  for await (const chunks of ahead(keptPages(source, campaign, range))) {
    const names = acceptedIn(campaign, chunks, range).sort();
    if (names.length > 0) yield names;
  }
}

function acceptedIn(campaign: Campaign, chunks: KeptChunk[], { from, to }: BucketRange): string[] {
  const names: string[] = [];
  for (const { ids, outcomes } of chunks)
    for (const [index, { installationId }] of unpack({ ids, rest: null }).entries()) {
      const outcome = outcomeAt(outcomes, index);
      if (outcome === null)
        throw new Expired(`it is not kept what became of each recipient of ${campaign.id}`);
      // an erased one has no id
      if (outcome !== 'accepted' || installationId === '') continue;
      const name = receiptName(installationId);
      const bucket = bucketIn(name);
      if (bucket >= from && bucket < to) names.push(name);
    }
  return names;
}

/** Names that are kept of a pass over recipients in no order: about 4 MB, twice while they are sorted. */
const KEPT_NAMES = 100_000;
/** Names of a part. */
const PART = 4_000;

/** Reads the campaign once for each 100,000 names: in each pass it keeps the smallest of those that are left. */
async function* smallestFirst(
  source: KeptSource,
  campaign: Campaign,
  range: BucketRange,
): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    let kept: string[] = [];
    for await (const chunks of ahead(keptPages(source, campaign))) {
      kept = kept.concat(acceptedIn(campaign, chunks, range).filter((it) => it > after));
      if (kept.length > 2 * KEPT_NAMES) kept = smallest(kept);
    }
    kept = smallest(kept);
    for (let at = 0; at < kept.length; at += PART) yield kept.slice(at, at + PART);
    if (kept.length < KEPT_NAMES) return;
    after = kept.at(-1)!;
  }
}

const smallest = (names: string[]) => [...new Set(names)].sort().slice(0, KEPT_NAMES);
