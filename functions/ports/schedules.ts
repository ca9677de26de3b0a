/** Schedules: changed by compare and set. */

import type { Schedule } from '../model/schedule.ts';
import type { Page } from './page.ts';

export interface Schedules {
  /** Creates it (`seen` null), or replaces the version that was seen; false: there is another. */
  putSchedule(schedule: Schedule, seen: number | null): Promise<boolean>;
  getSchedule(id: string): Promise<Schedule | null>;
  deleteSchedule(id: string): Promise<boolean>;
  /** in a stable order */
  listSchedules(after: string | null, limit: number): Promise<Page<Schedule>>;
  /**
   * Those whose next run is due, in pages, in the order of (time, id). What changes meanwhile is left
   * out or comes once: whoever goes through them may start their runs.
   */
  dueSchedules(now: number): AsyncIterable<Schedule[]>;
}
