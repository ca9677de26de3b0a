/**
 * Sizes of a campaign's parts. The rates of the queues (`infra/queues.tf`), the estimate of costs and the
 * simulation of durations follow from them.
 */

/**
 * The most recipients of a chunk: enough to make the cost of its claim and commit vanish. The rates
 * of FCM's queues follow from it (infra/queues.tf).
 */
export const CHUNK_SIZE = 1_000;

/** Installations read in one query. */
export const QUERY_SIZE = 2_000;

/**
 * Installations of a shard. Reading them takes a planner about 3 s from Firestore, far less from
 * SQLite.
 */
const SHARD_SIZE = 50_000;
/** The most shards of a campaign; beyond 25 million installations shards are larger. */
const MAX_SHARDS = 500;

/** The number of shards for about `installations`. At least 1. */
export const shardsFor = (installations: number): number =>
  Math.min(MAX_SHARDS, Math.max(1, Math.ceil(installations / SHARD_SIZE)));
