/** Schedules: few, small, and changed by compare and set. */

import type { Schedule } from '../../model/schedule.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { nameIn } from '../cursor.ts';

/** Schedules that `dueSchedules` reads in one query. */
const DUE_PAGE = 100;

interface Row {
  /** JSON */
  schedule: string;
}

export function sqliteSchedules({ sql, durably }: Database) {
  const select = sql<Row>;
  const read = (row: Row): Schedule => JSON.parse(row.schedule);

  return {
    putSchedule: async (it, seen) =>
      durably(() => {
        const values = [it.version, it.nextAt, JSON.stringify(it)] as const;
        const { changes } =
          seen === null
            ? sql('INSERT OR IGNORE INTO schedules VALUES (?,?,?,?)').run(it.id, ...values)
            : sql(
                `UPDATE schedules SET version = ?, next_at = ?, schedule = ?
                 WHERE id = ? AND version = ?`,
              ).run(...values, it.id, seen);
        return changes === 1;
      }),

    async getSchedule(id) {
      const row = select('SELECT schedule FROM schedules WHERE id = ?').get(id);
      return row ? read(row) : null;
    },

    deleteSchedule: async (id) =>
      durably(() => sql('DELETE FROM schedules WHERE id = ?').run(id).changes === 1),

    async listSchedules(after, limit) {
      const rows = select('SELECT schedule FROM schedules WHERE id > ? ORDER BY id LIMIT ?').all(
        after === null ? '' : nameIn(after),
        limit + 1,
      );
      const items = rows.slice(0, limit).map(read);
      return { items, next: rows.length > limit ? items.at(-1)!.id : null };
    },

    async *dueSchedules(now) {
      let after: Pick<Schedule, 'nextAt' | 'id'> = { nextAt: Number.MIN_SAFE_INTEGER, id: '' };
      for (;;) {
        const page = select(
          `SELECT schedule FROM schedules WHERE (next_at, id) > (?, ?) AND next_at <= ?
           ORDER BY next_at, id LIMIT ?`,
        )
          .all(after.nextAt, after.id, now, DUE_PAGE)
          .map(read);
        const last = page.at(-1);
        if (!last) return;
        yield page;
        after = last;
      }
    },
  } satisfies Partial<Store>;
}
