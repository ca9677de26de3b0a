/**
 * The documents of Firestore that a campaign reads, writes and deletes, by what there is of it. The numbers
 * are those that `test/store/firestore/estimate.test.ts` counts on the emulator.
 */

import {
  AUDITED,
  AUDITED_WAVES,
  COUNTERS_OF_SHARD,
  FOLDED_AFTER,
  FOLDED_IN_WAVES,
} from '../sizes.ts';

export interface Campaign {
  chunks: number;
  shards: number;
  /** writes that freeze chunks */
  frozen: number;
  /** chunks with a failure */
  failing: number;
  /** recipients whose app is gone */
  removed: number;
  /** installations that are looked through */
  looked: number;
  /** pages of the registry; 0: they are looked through one by one */
  pages: number;
  /** by local time or quiet hours; 1: it has none */
  waves: number;
  /** recipients that change their time zone while it goes on */
  moved: number;
  /** installations that changed since the pages were written; null: there are none yet, they are built */
  changed: number | null;
}

/** For a receipt that comes alone: its set and its installation are read, and the set is written. */
export const RECEIPT_DOCUMENTS = { reads: 2, writes: 1 } as const;

interface Documents {
  reads: number;
  writes: number;
  /** those that expire later included */
  deletes: number;
}

/** Changes are asked for by the first digit of a bucket. */
const CELLS = 16;

export function documentsOf(it: Campaign): Documents {
  const { chunks, shards, frozen, failing, removed } = it;
  const registry = registryOf(it);
  const counters = shards * Math.min(COUNTERS_OF_SHARD, Math.ceil(chunks / shards));
  // one for each cell, and one more where a chunk ends within a cell
  const gone = Math.min(removed, chunks + CELLS);
  // one for each chunk with some
  const left = Math.min(removed, chunks);
  return {
    reads:
      registry.reads +
      // a chunk: claimed, committed, whether it is the last; its recipients, campaign, shard
      7 * chunks +
      // the campaign, the shard, who was erased lately
      3 * frozen +
      // planned, closed
      7 * shards +
      counters +
      lookedUp(it) +
      frozenAmong(it) +
      15,
    writes:
      registry.writes +
      // frozen, claimed, committed; its recipients frozen and settled; its counter
      6 * chunks +
      frozen +
      3 * shards +
      failing +
      // which are gone, and whose these were
      gone +
      left +
      11,
    deletes:
      // installation and token; what says that they are gone, when that expires
      2 * removed +
      gone +
      left +
      counters +
      // what expires: chunks, recipients, failures, shards, the campaign, its events
      2 * chunks +
      failing +
      shards +
      7,
  };
}

/**
 * What it takes to delete those that are gone: each is read, or of each chunk the layout, some pages and one
 * of them; and whether they have badges. Those that registered in the week before are read in any case; here
 * none has.
 */
function lookedUp({ removed, chunks, pages }: Campaign): number {
  const each = removed / chunks;
  const ofChunk = pages === 0 ? each : Math.min(each, 2 + pages / chunks + 1);
  return Math.ceil(chunks * ofChunk) + Math.min(removed, chunks);
}

/**
 * What it takes to tell which of those that moved are frozen. A planner that reads one asks which shards are open,
 * and then for the campaign, the shards of earlier waves that have a part of its own buckets, and the lists in
 * which it may lie, each once. The last page of a shard is empty.
 */
function frozenAmong({ moved, waves, shards, chunks }: Campaign): number {
  if (waves === 1) return 0;
  const ofWave = (shards - 1) / waves;
  const lists = chunks / waves + ofWave;
  // who has moved before a wave is read by it, if that is its zone's
  const inWave = (before: number) => {
    const asked = (moved / waves) * (before / waves);
    const [planners, read] = [Math.min(asked, ofWave), Math.min(asked, lists)];
    return planners * (shards + 1 + before) + before * read;
  };
  const all = Array.from({ length: waves - 1 }, (_, index) => inWave(index + 1));
  // and by the last shard
  const inLast = Math.min(moved, 1) * (shards + 1) + waves * Math.min(moved, ofWave + lists);
  return Math.ceil(all.reduce((sum, it) => sum + it, inLast));
}

/** What finding the recipients takes. */
function registryOf({ looked, pages, changed, shards, waves }: Campaign) {
  // those that move are looked for once more
  const passes = waves > 1 ? waves + 1 : 1;
  // which zones there are, a sample of how many are in each, and twice which shards are open
  const zones = waves > 1 ? waves + 2 * CELLS + 2 * shards : 0;
  // the estimate counts a share, then the rest if that is few
  const some = zones + (pages === 0 ? Math.ceil(Math.min(looked, 20_000) / 1_000) + 2 : 10);
  // by an index each device is read in its wave, and all of them in that of devices without a zone
  if (pages === 0) return { reads: (waves > 1 ? 2 : 1) * looked + some, writes: 0 };
  // each shard asks how many an index finds of its zones, and for the size of the registry
  const later = (passes - 1) * pages + (waves > 1 ? 9 * shards : 0);
  if (changed === null) return { reads: looked + pages + some + later, writes: pages };
  // each shard reads all changes of its cell
  const ofPass = shards / passes;
  const again = Math.max(1, ofPass / CELLS);
  // pages that are written again have no changes when they are read again
  const isFolded = changed >= (waves > 1 ? FOLDED_IN_WAVES : FOLDED_AFTER) * pages;
  return {
    reads: Math.ceil(
      pages +
        some +
        later +
        changed * again * (isFolded ? 1 : passes) +
        (waves > 1 ? passes / AUDITED_WAVES : 1) * (looked / AUDITED) +
        passes * 2 * Math.max(CELLS, ofPass),
    ),
    writes: isFolded ? pages : 0,
  };
}

/** Fewer installations have no pages (functions/store/firestore/pages/layout.ts). */
const PAGED_FROM = 20_000;
const PAGE_ROWS = 2_000;

/** Pages of a registry of so many installations: a power of two, each with up to 2,000 rows. */
export const pagesFor = (installations: number): number =>
  installations < PAGED_FROM
    ? 0
    : 2 ** Math.max(4, Math.ceil(Math.log2(installations / PAGE_ROWS)));
