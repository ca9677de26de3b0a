/**
 * The outside world on one page: all that `pipeline/` may touch.
 *
 * An engine (`embedded.ts`, `google.ts`) is one set of adapters for these. Times are milliseconds
 * since the epoch, durations are milliseconds. Adapters throw only what nobody can expect: a disk
 * that is full, a service that does not answer. Every answer that can be expected is a value.
 */

import type { SendableChunk } from './model/chunk.ts';
import type { Audiences } from './ports/audiences.ts';
import type { Campaigns } from './ports/campaigns.ts';
import type { Chunks } from './ports/chunks.ts';
import type { Events, Outbox } from './ports/events.ts';
import type { Installations } from './ports/installations.ts';
import type { Keys } from './ports/keys.ts';
import type { Log } from './ports/log.ts';
import type { Queue } from './ports/queue.ts';
import type { Schedules } from './ports/schedules.ts';
import type { Senders } from './ports/senders.ts';
import type { Ticks } from './ports/ticks.ts';
import type { Triggers } from './ports/triggers.ts';
import type { Users } from './ports/users.ts';
import type { Webhooks } from './ports/webhooks.ts';

export type * from './ports/audiences.ts';
export type * from './ports/campaigns.ts';
export type * from './ports/chunks.ts';
export * from './ports/events.ts';
export type * from './ports/installations.ts';
export type * from './ports/keys.ts';
export type * from './ports/log.ts';
export type * from './ports/page.ts';
export type * from './ports/queue.ts';
export type * from './ports/schedules.ts';
export type * from './ports/senders.ts';
export type * from './ports/ticks.ts';
export type * from './ports/triggers.ts';
export type * from './ports/users.ts';
export type * from './ports/webhooks.ts';

export interface Ports {
  store: Store;
  queue: Queue;
  events: Events;
  senders: Senders;
  log: Log;
  now(): number;
  /** in [0, 1) */
  random(): number;
  /** Of a campaign: 20 characters, in the order that the store writes best. Any without it. */
  newId?(): string;
  /**
   * Sends it in this process at once, where an engine can: resolves when this attempt has ended, and
   * never rejects. Null: it is too much now, and has to be queued.
   */
  sendNow?(chunk: SendableChunk): Promise<void> | null;
}

/**
 * Verbs of this domain, not a generic database. What is kept for a while only is there for nobody once
 * its time has passed, whether it was deleted by then or not. A list throws `BadCursor` for a cursor
 * that is none of its own.
 */
export interface Store
  extends Installations,
    Audiences,
    Campaigns,
    Chunks,
    Outbox,
    Webhooks,
    Schedules,
    Triggers,
    Users,
    Keys,
    Ticks {
  /** Throws `Unavailable` where it would not serve now, as far as one read shows. */
  check(): Promise<void>;
  close(): Promise<void>;
}
