/** Schedules: each change names the version that it replaces. */

import type { Schedule } from '../model/schedule.ts';
import type { Page } from './page.ts';

export interface Schedules {
  /**
   * Creates a schedule (`seen` null), or replaces the version `seen`. False if the stored one is
   * another.
   */
  putSchedule(schedule: Schedule, seen: number | null): Promise<boolean>;
  /** Null if there is no such schedule. */
  getSchedule(id: string): Promise<Schedule | null>;
  /** False if there is no such schedule. */
  deleteSchedule(id: string): Promise<boolean>;
  /**
   * Lists schedules in a stable order. Throws `BadCursor` for a cursor that is not from this list.
   */
  listSchedules(after: string | null, limit: number): Promise<Page<Schedule>>;
  /**
   * The schedules whose next run is due by `now` (ms), in pages, in the order of (time, id). The caller may
   * start their runs while it reads: a schedule that changes meanwhile is left out or comes once.
   */
  dueSchedules(now: number): AsyncIterable<Schedule[]>;
}
