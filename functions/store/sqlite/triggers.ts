/** Triggers, and the pings of which no campaign could be made. Records are JSON. */

import type { FailedPing, PingCounts, Trigger } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { nameIn, timeAndName } from '../cursor.ts';

/** Of each trigger; the oldest go. */
const FAILED_KEPT = 1000;

type Row = Record<string, unknown>;

export function sqliteTriggers({ sql, durably, transaction }: Database) {
  const read = (row: Row): Trigger & { counts: PingCounts } => ({
    ...(JSON.parse(row.record as string) as Trigger),
    counts: { received: row.received as number, forged: row.forged as number },
  });
  const find = (name: string) => {
    const row = sql('SELECT * FROM triggers WHERE name = ?').get(name);
    return row ? read(row) : null;
  };

  return {
    putTrigger: async (trigger) =>
      durably(() => {
        const { createdAt } = find(trigger.name) ?? trigger;
        const put = { ...trigger, createdAt };
        sql(
          `INSERT INTO triggers (name, record) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET record = excluded.record`,
        ).run(trigger.name, JSON.stringify(put));
        return put;
      }),

    getTrigger: async (name) => find(name),

    async listTriggers(after, limit) {
      const rows = sql('SELECT * FROM triggers WHERE name > ? ORDER BY name LIMIT ?').all(
        after === null ? '' : nameIn(after),
        limit + 1,
      );
      const items = rows.slice(0, limit).map(read);
      return { items, next: rows.length > limit ? items.at(-1)!.name : null };
    },

    deleteTrigger: async (name) =>
      durably(() => {
        sql('DELETE FROM failed_pings WHERE trigger_name = ?').run(name);
        return sql('DELETE FROM triggers WHERE name = ?').run(name).changes === 1;
      }),

    async countPings(name, { received, forged }) {
      sql('UPDATE triggers SET received = received + ?, forged = forged + ? WHERE name = ?').run(
        ...[received, forged],
        name,
      );
    },

    putFailedPing: async (it) =>
      transaction(() => {
        sql('INSERT OR IGNORE INTO failed_pings VALUES (?,?,?,?)').run(
          ...[it.trigger, it.at, it.key],
          JSON.stringify(it),
        );
        sql(
          `DELETE FROM failed_pings WHERE trigger_name = ? AND (at, key) <=
             (SELECT at, key FROM failed_pings WHERE trigger_name = ?
              ORDER BY at DESC, key DESC LIMIT 1 OFFSET ${FAILED_KEPT})`,
        ).run(it.trigger, it.trigger);
      }),

    async getFailedPing(trigger, key) {
      const row = sql('SELECT record FROM failed_pings WHERE key = ? AND trigger_name = ?').get(
        key,
        trigger,
      );
      return row ? (JSON.parse(row.record as string) as FailedPing) : null;
    },

    dropFailedPing: async (trigger, key) => {
      sql('DELETE FROM failed_pings WHERE key = ? AND trigger_name = ?').run(key, trigger);
    },

    async listFailedPings(trigger, after, limit) {
      const [at, key] = after === null ? [Number.MAX_SAFE_INTEGER, ''] : timeAndName(after);
      const rows = sql(
        `SELECT record FROM failed_pings WHERE trigger_name = ? AND (at, key) < (?, ?)
         ORDER BY at DESC, key DESC LIMIT ?`,
      ).all(trigger, at, key, limit + 1);
      const items = rows
        .slice(0, limit)
        .map((row) => JSON.parse(row.record as string) as FailedPing);
      const last = items.at(-1);
      return { items, next: rows.length > limit && last ? `${last.at}.${last.key}` : null };
    },
  } satisfies Partial<Store>;
}
