import type { Connection } from '../client/connection.ts';

/**
 * A connection of a pool, and what the pool has learnt of it. It is live from when it is made until it
 * takes no more streams; then it drains. All times are in milliseconds of the pool's clock.
 */
export interface Link {
  readonly connection: Connection;
  /** when it began to connect */
  since: number;
  /** when something last came from the peer, or when it began to be used after it was idle */
  heardAt: number;
  /** when it was last given a stream */
  usedAt: number;
  /** streams it was given */
  opened: number;
  /** until the first SETTINGS of the peer */
  connecting: boolean;
  answers: number;
  /** streams ended by the deadline since the last answer */
  silent: number;
  /** a PING is on its way; it takes no streams meanwhile */
  probing: boolean;
  /** it has been counted as a failure: it ended without one answer */
  failed: boolean;
}

export const newLink = (connection: Connection, now: number): Link => ({
  connection,
  since: now,
  heardAt: now,
  usedAt: now,
  opened: 0,
  connecting: true,
  answers: 0,
  silent: 0,
  probing: false,
  failed: false,
});
