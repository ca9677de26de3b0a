/** Deliveries of events to webhooks. */

import type { WebhookDelivery } from '../../model/webhook.ts';
import type { Overdue } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { lostAt } from '../webhook-keys.ts';
import { newestFirst, pageOf, type RecordRow, toRecord } from './records.ts';

interface DueRow {
  id: string;
  webhook_id: string;
  tries: number;
  due_at: number;
  task: string | null;
}

export function sqliteDeliveries({ sql, transaction }: Database) {
  const verbs = {
    createDeliveries: async (deliveries) =>
      transaction(() => {
        const insert = sql('INSERT OR IGNORE INTO deliveries VALUES (?,?,?,?,?,?)');
        for (const it of deliveries)
          insert.run(it.id, it.webhookId, it.createdAt, it.tries, JSON.stringify(it), lostAt(it));
      }),

    async getDelivery(id) {
      const row = sql<RecordRow>('SELECT record FROM deliveries WHERE id = ?').get(id);
      return row ? toRecord<WebhookDelivery>(row) : null;
    },

    putDelivery: async ({ task: _, ...delivery }, triedBefore) =>
      transaction(() => {
        const { changes } = sql(
          'UPDATE deliveries SET tries = ?, record = ?, due_at = ? WHERE id = ? AND tries = ?',
        ).run(delivery.tries, JSON.stringify(delivery), lostAt(delivery), delivery.id, triedBefore);
        return changes === 1;
      }),

    async listDeliveries(webhookId, after, limit) {
      const rows = sql<RecordRow>(
        `SELECT record FROM deliveries WHERE webhook_id = ? AND (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(webhookId, ...newestFirst(after), limit + 1);
      return pageOf<WebhookDelivery>(rows, limit);
    },
  } satisfies Partial<Store>;

  /** Called by the sweep, in its transaction. */
  function overdueDeliveries(now: number, next: number, limit: number): Overdue[] {
    const rows = sql<DueRow>(
      `SELECT id, webhook_id, tries, due_at, json_extract(record, '$.task') AS task
       FROM deliveries WHERE due_at <= ? LIMIT ?`,
    ).all(now, limit);
    const postpone = sql('UPDATE deliveries SET due_at = ? WHERE id = ?');
    return rows.map((row): Overdue => {
      postpone.run(next, row.id);
      return {
        kind: 'delivery',
        deliveryId: row.id,
        webhookId: row.webhook_id,
        tries: row.tries,
        dueAt: row.due_at,
        task: row.task,
      };
    });
  }

  return { ...verbs, overdueDeliveries };
}
