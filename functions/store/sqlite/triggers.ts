/** Inbound webhooks. Their failed calls are in failed-pings.ts. */

import type { PingCounts, Trigger } from '../../model/trigger.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { nameIn } from '../cursor.ts';
import { sqliteFailedPings } from './failed-pings.ts';
import { type RecordRow, toRecord } from './records.ts';

interface Row extends RecordRow {
  name: string;
  received: number;
  forged: number;
}

export function sqliteTriggers(db: Database) {
  const { sql, durably } = db;

  function find(name: string) {
    const row = sql<Row>('SELECT * FROM triggers WHERE name = ?').get(name);
    return row ? toTrigger(row) : null;
  }

  return {
    ...sqliteFailedPings(db),

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
      const rows = sql<Row>('SELECT * FROM triggers WHERE name > ? ORDER BY name LIMIT ?').all(
        after === null ? '' : nameIn(after),
        limit + 1,
      );
      const items = rows.slice(0, limit).map(toTrigger);
      return { items, next: rows.length > limit ? items.at(-1)!.name : null };
    },

    deleteTrigger: async (name) =>
      durably(() => {
        sql('DELETE FROM failed_pings WHERE trigger_name = ?').run(name);
        return sql('DELETE FROM triggers WHERE name = ?').run(name).changes === 1;
      }),

    async countPings(name, { received, forged }) {
      sql('UPDATE triggers SET received = received + ?, forged = forged + ? WHERE name = ?').run(
        received,
        forged,
        name,
      );
    },
  } satisfies Partial<Store>;
}

const toTrigger = (row: Row): Trigger & { counts: PingCounts } => ({
  ...toRecord<Trigger>(row),
  counts: { received: row.received, forged: row.forged },
});
