/** Deliveries of events to webhooks. */

import { FieldValue } from '@google-cloud/firestore';
import type { WebhookDelivery } from '../../model/webhook.ts';
import type { Store } from '../../ports/ports.ts';
import { DELIVERY_DAYS, lostAt } from '../webhook-keys.ts';
import { type Client, unchanged } from './client.ts';
import { findDocument } from './documents.ts';
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
} from './schema.ts';

interface Context {
  client: Client;
  schema: Pick<Schema, 'deliveries'>;
  retentionDays: number;
}

export function firestoreDeliveries(context: Context) {
  const { client, schema } = context;
  return {
    createDeliveries: (deliveries) => createDeliveries(context, deliveries),

    async getDelivery(id) {
      const found = await findDocument(client, schema.deliveries, id);
      return found && (JSON.parse(found.get('record')) as WebhookDelivery);
    },

    putDelivery: ({ task: _, ...delivery }, triedBefore) =>
      client.write(async (writes, attempt) => {
        const found = await findDocument(client, schema.deliveries, delivery.id);
        const record = JSON.stringify(delivery);
        if (attempt > 1 && found?.get('record') === record) return true;
        if (found?.get('tries') !== triedBefore) return false;
        const due = dueOfDelivery(delivery)?.due ?? FieldValue.delete();
        writes.update(found.ref, { tries: delivery.tries, record, due }, unchanged(found));
        return true;
      }),

    listDeliveries: async (webhookId, after, limit) =>
      isId(webhookId)
        ? newest<WebhookDelivery>(client, schema.deliveries, `${webhookId}${END}`, after, limit)
        : { items: [], next: null },
  } satisfies Partial<Store>;
}

const createDeliveries = (
  { client, schema: { deliveries }, retentionDays }: Context,
  all: WebhookDelivery[],
) =>
  client.write(async (writes) => {
    const refs = all.map((it) => deliveries.doc(it.id));
    const there = await client.get(refs, ['tries']);
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

const dueOfDelivery = (it: WebhookDelivery) => {
  const at = lostAt(it);
  return at === null ? null : { due: dueOf(it.id, at, DELIVERIES_SLOT) };
};
