/** Inbound webhooks (the resource `triggers`), and calls of them that made no campaign. */

import type { FailedPing, PingCounts, Trigger } from '../model/trigger.ts';
import type { Page } from './page.ts';

export interface Triggers {
  /**
   * Creates a trigger, or replaces all but its counts and `createdAt`. Gives the trigger as stored.
   */
  putTrigger(trigger: Trigger): Promise<Trigger>;
  /** Null if there is no such trigger. */
  getTrigger(name: string): Promise<(Trigger & { counts: PingCounts }) | null>;
  /** Lists triggers by name. Throws `BadCursor` for a cursor that is not from this list. */
  listTriggers(
    after: string | null,
    limit: number,
  ): Promise<Page<Trigger & { counts: PingCounts }>>;
  /** Deletes a trigger and its failed calls; false if there is none. */
  deleteTrigger(name: string): Promise<boolean>;
  /** Adds to a trigger's counts. Does nothing if the trigger is gone. */
  countPings(name: string, more: PingCounts): Promise<void>;
  /** Keeps a call that made no campaign. A call that is kept already stays as it is. */
  putFailedPing(ping: FailedPing): Promise<void>;
  /** Null if there is no such failed call. */
  getFailedPing(trigger: string, id: string): Promise<FailedPing | null>;
  /** Deletes a failed call, if it is there. */
  dropFailedPing(trigger: string, id: string): Promise<void>;
  /**
   * Lists failed calls, newest first. They are kept as long as the recipients of campaigns. Throws
   * `BadCursor`.
   */
  listFailedPings(trigger: string, after: string | null, limit: number): Promise<Page<FailedPing>>;
}
