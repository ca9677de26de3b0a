/** Webhooks. Their deliveries are in deliveries.ts. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Webhook } from '../../model/webhook.ts';
import type { Store } from '../../ports/ports.ts';
import { webhookKey, webhookKeys } from '../webhook-keys.ts';
import { type Client, unchanged } from './client.ts';
import { firestoreDeliveries } from './deliveries.ts';
import { findDocument } from './documents.ts';
import type { EventWriter } from './events.ts';
import { newest } from './newest.ts';
import { type Schema, timeAndId, type WebhookFields } from './schema.ts';

interface Context {
  client: Client;
  schema: Pick<Schema, 'webhooks' | 'deliveries'>;
  retentionDays: number;
  events: EventWriter;
}

export function firestoreWebhooks(context: Context) {
  const { client, schema } = context;
  const { webhooks } = schema;
  return {
    ...firestoreDeliveries(context),

    addWebhook: (webhook, max) => addWebhook(context, webhook, max),

    async getWebhook(id) {
      const found = await findWebhook(context, id);
      return found && toWebhook(found);
    },

    listWebhooks: (after, limit) => newest<Webhook>(client, webhooks, '', after, limit),

    changeWebhook: (id, change) => changeWebhook(context, id, change),

    deleteWebhook: (id) =>
      client.write(async (writes) => {
        const found = await findWebhook(context, id);
        if (!found) return false;
        writes.delete(found.ref, unchanged(found));
        return true;
      }),

    async webhooksFor(app, campaignId) {
      const keys = [...new Set(webhookKeys(app, campaignId))];
      const { docs } = await client.read(() => webhooks.where('key', 'in', keys).get());
      return docs.filter((it) => !it.get('disabled')).map(toWebhook);
    },
  } satisfies Partial<Store>;
}

/** No query looks into a record, so it is JSON. */
const toWebhook = (found: DocumentSnapshot): Webhook => JSON.parse(found.get('record'));

const fieldsOf = (it: Webhook): WebhookFields => ({
  key: webhookKey(it),
  listed: timeAndId(it),
  disabled: it.disabled !== null,
  record: JSON.stringify(it),
});

const findWebhook = ({ client, schema }: Context, id: string) =>
  findDocument(client, schema.webhooks, id);

async function addWebhook(
  { client, schema: { webhooks } }: Context,
  webhook: Webhook,
  max: number,
) {
  // two calls at the same time may both be the last: the bound prevents mistakes, it is not exact
  const same = webhooks.where('key', '==', webhookKey(webhook)).count();
  const { count } = (await client.read(() => same.get())).data();
  if (count >= max) return 'full';
  await client.write(async (writes) => {
    writes.set(webhooks.doc(webhook.id), fieldsOf(webhook));
  });
  return 'added';
}

const changeWebhook = (
  context: Context,
  id: string,
  change: Parameters<Store['changeWebhook']>[1],
) =>
  context.client.write(async (writes) => {
    const found = await findWebhook(context, id);
    if (!found) return null;
    const before = toWebhook(found);
    const changed = change(before);
    if (!changed) return before;
    writes.update(found.ref, { ...fieldsOf(changed.webhook) }, unchanged(found));
    context.events.store(writes, changed.events ?? []);
    return changed.webhook;
  });
