/** Webhooks. Their deliveries are in deliveries.ts. */

import type { Webhook } from '../../model/webhook.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { webhookKey, webhookKeys } from '../webhook-keys.ts';
import { sqliteDeliveries } from './deliveries.ts';
import type { SqliteEvents } from './events.ts';
import { newestFirst, pageOf, type RecordRow, toRecord } from './records.ts';

export function sqliteWebhooks(db: Database, events: SqliteEvents) {
  const { sql, durably } = db;

  function find(id: string): Webhook | null {
    const row = sql<RecordRow>('SELECT record FROM webhooks WHERE id = ?').get(id);
    return row ? toRecord(row) : null;
  }

  const put = (it: Webhook) =>
    sql('INSERT OR REPLACE INTO webhooks VALUES (?,?,?,?,?)').run(
      it.id,
      webhookKey(it),
      it.createdAt,
      it.disabled ? 1 : 0,
      JSON.stringify(it),
    );

  const verbs = {
    addWebhook: async (webhook, max) =>
      durably(() => {
        const same = sql<{ count: number }>('SELECT COUNT(*) AS count FROM webhooks WHERE key = ?');
        if (same.get(webhookKey(webhook))!.count >= max) return 'full';
        put(webhook);
        return 'added';
      }),

    getWebhook: async (id) => find(id),

    async listWebhooks(after, limit) {
      const rows = sql<RecordRow>(
        `SELECT record FROM webhooks WHERE (created_at, id) < (?, ?)
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(...newestFirst(after), limit + 1);
      return pageOf<Webhook>(rows, limit);
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

    webhooksFor: async (app, campaignId) =>
      sql<RecordRow>(
        'SELECT record FROM webhooks WHERE disabled = 0 AND key IN (?,?,?) ORDER BY id',
      )
        .all(...webhookKeys(app, campaignId))
        .map(toRecord<Webhook>),
  } satisfies Partial<Store>;

  return { ...verbs, ...sqliteDeliveries(db) };
}
