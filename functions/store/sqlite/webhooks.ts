/** Webhooks and their deliveries. Records are JSON, since no query looks into them. */

import type { Webhook, WebhookDelivery } from '../../model/webhook.ts';
import type { Overdue } from '../../model/work.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { timeAndName } from '../cursor.ts';
import { lostAt, webhookKey, webhookKeys } from '../webhook-keys.ts';
import type { SqliteEvents } from './events.ts';

export function sqliteWebhooks({ sql, transaction, durably }: Database, events: SqliteEvents) {
  const read = <T>(row: Record<string, unknown> | undefined): T | null =>
    row ? (JSON.parse(row.record as string) as T) : null;
  const find = (id: string) =>
    read<Webhook>(sql('SELECT record FROM webhooks WHERE id = ?').get(id));
  const findDelivery = (id: string) =>
    read<WebhookDelivery>(sql('SELECT record FROM deliveries WHERE id = ?').get(id));
  const put = (it: Webhook) =>
    sql('INSERT OR REPLACE INTO webhooks VALUES (?,?,?,?,?)').run(
      ...([it.id, webhookKey(it), it.createdAt, it.disabled ? 1 : 0] as const),
      JSON.stringify(it),
    );

  const paged = <T extends { id: string; createdAt: number }>(rows: unknown[], limit: number) => {
    const items = rows.slice(0, limit).map((row) => read<T>(row as Record<string, unknown>)!);
    const last = items.at(-1);
    return { items, next: rows.length > limit && last ? `${last.createdAt}.${last.id}` : null };
  };
  const cursorOf = (after: string | null): [number, string] =>
    after === null ? [Number.MAX_SAFE_INTEGER, ''] : timeAndName(after);

  const verbs = {
    addWebhook: async (webhook, max) =>
      durably(() => {
        const key = webhookKey(webhook);
        const { count } = sql('SELECT COUNT(*) AS count FROM webhooks WHERE key = ?').get(key)!;
        if ((count as number) >= max) return 'full';
        put(webhook);
        return 'added';
      }),

    getWebhook: async (id) => find(id),

    async listWebhooks(after, limit) {
      const rows = sql(
        `SELECT record FROM webhooks WHERE (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(...cursorOf(after), limit + 1);
      return paged<Webhook>(rows, limit);
    },

    changeWebhook: async (id, change) =>
      durably(() => {
        const before = find(id);
        const changed = before && change(before);
        if (!changed) return before;
        put(changed.webhook);
        events.store(changed.events ?? []);
        return changed.webhook;
      }),

    deleteWebhook: async (id) =>
      durably(() => sql('DELETE FROM webhooks WHERE id = ?').run(id).changes === 1),

    async webhooksFor(app, campaignId) {
      const keys = webhookKeys(app, campaignId);
      const rows = sql(
        `SELECT record FROM webhooks WHERE disabled = 0 AND key IN (?,?,?) ORDER BY id`,
      ).all(...keys);
      return rows.map((row) => read<Webhook>(row)!);
    },

    createDeliveries: async (deliveries) =>
      transaction(() => {
        const insert = sql('INSERT OR IGNORE INTO deliveries VALUES (?,?,?,?,?,?)');
        for (const it of deliveries)
          insert.run(
            ...([it.id, it.webhookId, it.createdAt, it.tries] as const),
            ...[JSON.stringify(it), lostAt(it)],
          );
      }),

    getDelivery: async (id) => findDelivery(id),

    putDelivery: async ({ task: _, ...delivery }, triedBefore) =>
      transaction(
        () =>
          sql(
            'UPDATE deliveries SET tries = ?, record = ?, due_at = ? WHERE id = ? AND tries = ?',
          ).run(
            ...([delivery.tries, JSON.stringify(delivery), lostAt(delivery)] as const),
            ...[delivery.id, triedBefore],
          ).changes === 1,
      ),

    async listDeliveries(webhookId, after, limit) {
      const rows = sql(
        `SELECT record FROM deliveries WHERE webhook_id = ? AND (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(webhookId, ...cursorOf(after), limit + 1);
      return paged<WebhookDelivery>(rows, limit);
    },
  } satisfies Partial<Store>;

  return {
    ...verbs,
    /** Called by the sweep, in its transaction. */
    overdueDeliveries(now: number, next: number, limit: number): Overdue[] {
      const rows = sql(
        `SELECT id, webhook_id, tries, due_at, json_extract(record, '$.task') AS task
         FROM deliveries WHERE due_at <= ? LIMIT ?`,
      ).all(now, limit);
      const postpone = sql('UPDATE deliveries SET due_at = ? WHERE id = ?');
      return rows.map((row): Overdue => {
        const deliveryId = row.id as string;
        postpone.run(next, deliveryId);
        return {
          ...{ kind: 'delivery', deliveryId, webhookId: row.webhook_id as string },
          ...{ tries: row.tries as number, dueAt: row.due_at as number },
          task: row.task as string | null,
        };
      });
    },
  };
}
