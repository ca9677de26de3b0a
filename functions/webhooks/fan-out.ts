/** An event, to each webhook that wants it: a delivery of its own, and a task of its own. */

import { hash } from 'node:crypto';
import type { CampaignEvent } from '../model/event.ts';
import { deliveryTask } from '../model/tasks.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';
import type { Ports } from '../ports/ports.ts';

/** The same event and webhook make the same id, however often the event comes. */
const deliveryIdOf = (webhookId: string, eventId: string) =>
  hash('sha256', `${webhookId}\n${eventId}`).slice(0, 24);

export const newDelivery = (
  webhookId: string,
  event: CampaignEvent,
  now: number,
): WebhookDelivery => ({
  id: deliveryIdOf(webhookId, event.id),
  webhookId,
  event,
  state: 'pending',
  createdAt: now,
  begunAt: now,
  tries: 0,
  attempts: [],
  nextAt: now,
});

/** A subscriber of events. Dying anywhere in it is harmless: the event comes again. */
export const createFanOut =
  (ports: Pick<Ports, 'store' | 'queue' | 'now'>) =>
  async (event: CampaignEvent): Promise<void> => {
    const { store, queue, now } = ports;
    const webhooks = await store.webhooksFor(event.app, event.subject);
    const deliveries = webhooks
      .filter((it) => it.types.includes(event.type))
      .map((it) => newDelivery(it.id, event, now()));
    if (deliveries.length === 0) return;
    await store.createDeliveries(deliveries);
    await queue.create(
      deliveries.map(({ id, webhookId }) => deliveryTask({ deliveryId: id, webhookId, tries: 0 })),
    );
  };

/** Whether anybody gets it. What is published together asks once. */
export function createWanted({ store }: Pick<Ports, 'store'>) {
  const asking = new Map<string, Promise<Webhook[]>>();
  return async ({ app, subject, type }: CampaignEvent): Promise<boolean> => {
    const asked =
      asking.get(subject) ?? store.webhooksFor(app, subject).finally(() => asking.delete(subject));
    asking.set(subject, asked);
    return (await asked).some((it) => it.types.includes(type));
  };
}
