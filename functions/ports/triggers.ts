/** Triggers, and the pings of which nothing could be made. */

import type { FailedPing, PingCounts, Trigger } from '../model/trigger.ts';
import type { Page } from './page.ts';

export interface Triggers {
  /** Creates it, or replaces all but its counts and when it was made; gives it as it is now. */
  putTrigger(trigger: Trigger): Promise<Trigger>;
  getTrigger(name: string): Promise<(Trigger & { counts: PingCounts }) | null>;
  /** by name */
  listTriggers(
    after: string | null,
    limit: number,
  ): Promise<Page<Trigger & { counts: PingCounts }>>;
  /** Its failed pings go with it. */
  deleteTrigger(name: string): Promise<boolean>;
  /** Adds to its counts; of a trigger that is gone nothing is counted. */
  countPings(name: string, more: PingCounts): Promise<void>;
  /** One that is there already stays as it is. */
  putFailedPing(ping: FailedPing): Promise<void>;
  getFailedPing(trigger: string, id: string): Promise<FailedPing | null>;
  dropFailedPing(trigger: string, id: string): Promise<void>;
  /** newest first; kept as long as what campaigns know of their recipients */
  listFailedPings(trigger: string, after: string | null, limit: number): Promise<Page<FailedPing>>;
}
