/**
 * The outside world on one page: all that `pipeline/` may touch.
 *
 * An engine (`engines/embedded.ts`, `engines/google.ts`) is one set of adapters for these. Times are milliseconds
 * since the epoch, durations are milliseconds. Adapters throw only the unexpected: a full disk,
 * a service that does not answer. Every answer that can be expected is a value.
 */

import type { OffsetAt } from '../lib/wall-clock.ts';
import type { Audiences } from './audiences.ts';
import type { Campaigns } from './campaigns.ts';
import type { Chunks } from './chunks.ts';
import type { Events, Outbox } from './events.ts';
import type { Installations } from './installations.ts';
import type { Keys } from './keys.ts';
import type { Log } from './log.ts';
import type { Messages } from './messages.ts';
import type { Policies } from './policies.ts';
import type { Queue } from './queue.ts';
import type { Receipts } from './receipts.ts';
import type { Recipients } from './recipients.ts';
import type { Schedules } from './schedules.ts';
import type { Senders } from './senders.ts';
import type { Ticks } from './ticks.ts';
import type { Triggers } from './triggers.ts';
import type { Users } from './users.ts';
import type { Webhooks } from './webhooks.ts';

export type * from './audiences.ts';
export type * from './campaigns.ts';
export type * from './chunks.ts';
export * from './events.ts';
export type * from './installations.ts';
export type * from './keys.ts';
export type * from './log.ts';
export type * from './messages.ts';
export type * from './page.ts';
export type * from './policies.ts';
export type * from './queue.ts';
export type * from './receipts.ts';
export type * from './recipients.ts';
export type * from './schedules.ts';
export type * from './senders.ts';
export type * from './ticks.ts';
export type * from './triggers.ts';
export type * from './users.ts';
export type * from './webhooks.ts';

export interface Ports {
  store: Store;
  queue: Queue;
  events: Events;
  senders: Senders;
  log: Log;
  now(): number;
  /** in [0, 1) */
  random(): number;
  /** by which rules time zones have their offsets; left out: those of this Node */
  offsetAt?: OffsetAt;
  /** the most recipients of a chunk; left out: `CHUNK_SIZE` */
  chunkSize?: number;
  /** The id of a new campaign: 20 characters, in the order that the store writes best. */
  newId?(): string;
  /**
   * True if the functions that plan and send have no process while there is nothing to do, and a task
   * starts one.
   */
  scalesToZero?: boolean;
  /** Sends in this process without the queue, where an engine can. */
  inline?: Inline;
}

/** Runs sends of this process, a bounded number of them. */
export interface Inline {
  /**
   * Runs a send. `stop` fires when the process must end: no further push may start. Null, and nothing
   * runs, if too many are under way, or the process ends.
   */
  run<T>(send: (stop: AbortSignal) => Promise<T>): Promise<T> | null;
  /**
   * True if a send may go on after the request that began it was answered. Not on Cloud Run: the CPU
   * is the process's only while it has requests.
   */
  outlivesRequests: boolean;
}

/**
 * Verbs of this domain, not a generic database. A record with an end of its retention is not found after
 * it, even if it was not deleted yet. A list throws `BadCursor` for a cursor that it did not give. All
 * verbs throw `Unavailable` while the storage does not serve them.
 */
export interface Store
  extends Installations,
    Audiences,
    Campaigns,
    Policies,
    Messages,
    Chunks,
    Recipients,
    Receipts,
    Outbox,
    Webhooks,
    Schedules,
    Triggers,
    Users,
    Keys,
    Ticks {
  /** Throws `Unavailable` if one small read shows that the store cannot serve now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
