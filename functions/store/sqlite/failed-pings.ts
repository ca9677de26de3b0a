/** Calls of inbound webhooks of which no campaign could be made. */

import type { FailedPing } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { newestFirst, type RecordRow, toRecord } from './records.ts';

/** Most failed calls kept for a trigger; older ones are deleted. */
const FAILED_KEPT = 1000;

export function sqliteFailedPings({ sql, transaction }: Database) {
  return {
    putFailedPing: async (it) =>
      transaction(() => {
        sql('INSERT OR IGNORE INTO failed_pings VALUES (?,?,?,?)').run(
          it.trigger,
          it.at,
          it.key,
          JSON.stringify(it),
        );
        sql(
          `DELETE FROM failed_pings WHERE trigger_name = ? AND (at, key) <=
             (SELECT at, key FROM failed_pings WHERE trigger_name = ?
              ORDER BY at DESC, key DESC LIMIT 1 OFFSET ${FAILED_KEPT})`,
        ).run(it.trigger, it.trigger);
      }),

    async getFailedPing(trigger, key) {
      const row = sql<RecordRow>(
        'SELECT record FROM failed_pings WHERE key = ? AND trigger_name = ?',
      ).get(key, trigger);
      return row ? toRecord<FailedPing>(row) : null;
    },

    dropFailedPing: async (trigger, key) => {
      sql('DELETE FROM failed_pings WHERE key = ? AND trigger_name = ?').run(key, trigger);
    },

    async listFailedPings(trigger, after, limit) {
      const rows = sql<RecordRow>(
        `SELECT record FROM failed_pings WHERE trigger_name = ? AND (at, key) < (?, ?)
         ORDER BY at DESC, key DESC LIMIT ?`,
      ).all(trigger, ...newestFirst(after), limit + 1);
      const items = rows.slice(0, limit).map(toRecord<FailedPing>);
      const last = items.at(-1);
      return { items, next: rows.length > limit && last ? `${last.at}.${last.key}` : null };
    },
  } satisfies Partial<Store>;
}
