/**
 * Sizes of a campaign's parts. The rates of the queues (`infra/queues.tf`), the estimate of costs and the
 * simulation of durations follow from them.
 */

/**
 * The most recipients of a chunk on Google Cloud. A chunk costs reads, writes and a task whatever its size:
 * 4,000 recipients in place of 2,000 save 0.4 of the 2.3 cents of a million. Not more, since FCM's queue
 * paces chunks, and the last one of each shard is not full, which wastes 3 % of its quota at 2,000 and 6 %
 * at 4,000. With FCM's tokens 4,000 recipients are 552 kB as stored, of the 1 MiB of a document, and 3 ms
 * of compression. What a process that dies sends twice depends on the time between checkpoints, not on
 * this. The rates of FCM's queues follow from it (infra/queues.tf).
 */
export const CHUNK_SIZE = 4_000;

/**
 * The same on the embedded engine. In SQLite a recipient takes 1.8 µs of CPU time to be frozen, claimed and
 * committed in chunks of 2,000, 3.4 µs in chunks of 1,000 and 2.2 µs in chunks of 4,000.
 */
export const EMBEDDED_CHUNK_SIZE = 2_000;

/** Installations read in one query. */
export const QUERY_SIZE = 2_000;

/**
 * Installations of a shard, from 0.7 to 1.4 of this: a million is 16 shards, as many as the pages of
 * Firestore's registry have cells, so the changes of each cell are read once.
 */
const SHARD_SIZE = 62_500;
/**
 * A campaign has at most 64 shards; beyond 4 million installations shards are larger. Each shard reads all
 * that has changed in its cell of Firestore's registry, of which there are 16: with 64 shards a change is
 * read four times. A planner takes some minutes for a 64th of 100 million.
 */
const MOST_SHARDS_POWER = 6;

/**
 * The number of shards for about `installations`. At least 1, and a power of two: so their edges are those
 * of the pages of a registry, and no page is read by two planners.
 */
export function shardsFor(installations: number): number {
  const power = Math.round(Math.log2(Math.max(1, installations) / SHARD_SIZE));
  return 2 ** Math.max(0, Math.min(MOST_SHARDS_POWER, power));
}

/**
 * Each wave's planners look through the registry for their zones. One looks through so many times as many
 * installations as it would plan, in about the same time.
 */
export const LOOKED_THROUGH = 16;

/**
 * Whether a campaign that was planned has about 90,000 installations or more: they are several shards, that
 * of a canary aside. Smaller ones get no analytics label of their own: Firebase reports 100 labels a day.
 * https://firebase.google.com/docs/cloud-messaging/understand-delivery
 */
export const isLarge = ({
  shards,
  parts,
  canary,
}: {
  shards: number;
  parts?: number;
  canary?: unknown;
}) => (parts === undefined ? shards > (canary === undefined ? 1 : 2) : parts > 1);

/**
 * One installation in so many that are read through pages of Firestore's registry is compared with its
 * document.
 */
export const AUDITED = 512;
/**
 * An audit looks at such a part of a page: many small audits find a writer that sets no markers as soon as
 * few large ones, and a campaign costs about the same each time.
 */
export const PARTS_OF_PAGE = 16;
/** The waves of a campaign read the same pages: of so many reads one audits as others do. */
export const AUDITED_WAVES = 24;
/** A page of it is written again after so many changes: a write costs three reads. */
export const FOLDED_AFTER = 10;
/**
 * The same, where an audience is in some time zones: each wave of a campaign reads the same changes, an hour
 * apart. With r changes of a page in that hour, a page that is written after m changes costs m / 2 reads, and
 * writes for 3 r / m reads, in each wave; that is least at √(6 r). In a million of which 2 % change in a day,
 * r is 1.6.
 */
export const FOLDED_IN_WAVES = 3;
/** Counters of a shard in Firestore, at most. */
export const COUNTERS_OF_SHARD = 16;

/**
 * A page of so many recipients fits in one write of Firestore with what is kept of each for caps, wherever
 * they lie: a set of 40 kB for each, and 10 MiB in a write.
 */
export const NEVER_WIDE = 200;

/** Names of an audience that are looked up in one query: as many as a store takes in one condition. */
export const NAMES_SIZE = 100;
