/** Webhooks and their deliveries. Records are JSON, since no query looks into them. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import type { Webhook, WebhookDelivery } from '../../model/webhook.ts';
import type { Store } from '../../ports/ports.ts';
import { DELIVERY_DAYS, lostAt, webhookKey, webhookKeys } from '../webhook-keys.ts';
import { type Client, unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import { newest } from './newest.ts';
import {
  DELIVERIES_SLOT,
  type DeliveryFields,
  dueOf,
  END,
  expiry,
  isId,
  type Schema,
  timeAndId,
  type WebhookFields,
} from './schema.ts';

const dueOfDelivery = (it: WebhookDelivery) => {
  const at = lostAt(it);
  return at === null ? null : { due: dueOf(it.id, at, DELIVERIES_SLOT) };
};

export function firestoreWebhooks(
  client: Client,
  { webhooks, deliveries }: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  const find = async (collection: typeof webhooks, id: string) => {
    const [found] = isId(id) ? await client.get([collection.doc(id)]) : [];
    return client.isLive(found) ? found : null;
  };
  const read = <T>(found: DocumentSnapshot | null) =>
    found && (JSON.parse(found.get('record')) as T);

  const fieldsOf = (it: Webhook): WebhookFields => ({
    key: webhookKey(it),
    listed: timeAndId(it),
    disabled: it.disabled !== null,
    record: JSON.stringify(it),
  });

  return {
    async addWebhook(webhook, max) {
      // two calls at the same time may both be the last: the bound prevents mistakes, it is not exact
      const same = webhooks.where('key', '==', webhookKey(webhook)).count();
      const { count } = (await client.read(() => same.get())).data();
      if (count >= max) return 'full';
      await client.write(async (writes) => {
        writes.set(webhooks.doc(webhook.id), fieldsOf(webhook));
      });
      return 'added';
    },

    getWebhook: async (id) => read<Webhook>(await find(webhooks, id)),

    listWebhooks: (after, limit) => newest<Webhook>(client, webhooks, '', after, limit),

    changeWebhook: (id, change) =>
      client.write(async (writes) => {
        const found = await find(webhooks, id);
        const before = read<Webhook>(found);
        const changed = before && change(before);
        if (!found || !changed) return before;
        writes.update(found.ref, { ...fieldsOf(changed.webhook) }, unchanged(found));
        events.store(writes, changed.events ?? []);
        return changed.webhook;
      }),

    deleteWebhook: (id) =>
      client.write(async (writes) => {
        const found = await find(webhooks, id);
        if (!found) return false;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),

    async webhooksFor(app, campaignId) {
      const keys = [...new Set(webhookKeys(app, campaignId))];
      const { docs } = await client.read(() => webhooks.where('key', 'in', keys).get());
      return docs.filter((it) => !it.get('disabled')).map((it) => read<Webhook>(it)!);
    },

    async createDeliveries(all) {
      await client.write(async (writes) => {
        const there = await client.get(
          all.map((it) => deliveries.doc(it.id)),
          ['tries'],
        );
        for (const [i, found] of there.entries()) {
          const it = all[i]!;
          if (found.exists) continue;
          writes.create(found.ref, {
            listed: `${it.webhookId}${END}${timeAndId(it)}`,
            tries: it.tries,
            record: JSON.stringify(it),
            ...dueOfDelivery(it),
            expireAt: expiry(it.createdAt, Math.max(retentionDays, DELIVERY_DAYS)),
          } satisfies DeliveryFields);
        }
      });
    },

    getDelivery: async (id) => read<WebhookDelivery>(await find(deliveries, id)),

    putDelivery: ({ task: _, ...delivery }, triedBefore) =>
      client.write(async (writes, attempt) => {
        const found = await find(deliveries, delivery.id);
        const record = JSON.stringify(delivery);
        if (attempt > 1 && found?.get('record') === record) return true;
        if (found?.get('tries') !== triedBefore) return false;
        const due = dueOfDelivery(delivery)?.due ?? FieldValue.delete();
        writes.update(found.ref, { tries: delivery.tries, record, due }, unchanged(found));
        return true;
      }),

    listDeliveries: async (webhookId, after, limit) =>
      isId(webhookId)
        ? newest<WebhookDelivery>(client, deliveries, `${webhookId}${END}`, after, limit)
        : { items: [], next: null },
  } satisfies Partial<Store>;
}
