/** Makes a delivery and a task for each webhook that subscribes to an event. */

import { hash } from 'node:crypto';
import type { CampaignEvent } from '../model/event.ts';
import { deliveryTask } from '../model/tasks.ts';
import type { Webhook, WebhookDelivery } from '../model/webhook.ts';
import type { Ports } from '../ports/ports.ts';

/** The same event and webhook give the same id, so an event that comes twice is delivered once. */
const deliveryIdOf = (webhookId: string, eventId: string) =>
  hash('sha256', `${webhookId}\n${eventId}`).slice(0, 24);

/** A delivery that has not been tried. `now` is in milliseconds. */
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

/**
 * A subscriber of events. It throws what the store and the queue throw. A failure at any point is
 * harmless: the event comes again, and the ids of deliveries and tasks are the same.
 */
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

/**
 * Returns a function that says whether any webhook subscribes to an event. Events of one campaign that
 * are published together share one read of the store.
 */
export function createWanted({ store }: Pick<Ports, 'store'>) {
  const asking = new Map<string, Promise<Webhook[]>>();
  return async ({ app, subject, type }: CampaignEvent): Promise<boolean> => {
    const asked =
      asking.get(subject) ?? store.webhooksFor(app, subject).finally(() => asking.delete(subject));
    asking.set(subject, asked);
    return (await asked).some((it) => it.types.includes(type));
  };
}
