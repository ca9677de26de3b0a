/** Creates and disables webhooks. */

import { randomBytes } from 'node:crypto';
import { webhookEvent } from '../model/campaign-events.ts';
import { subscribedByDefault } from '../model/event.ts';
import { chatTypes, type Webhook } from '../model/webhook.ts';
import { announce, leaveToSweep } from '../pipeline/complete.ts';
import type { Ports } from '../ports/ports.ts';
import type { WebhookRequest } from './request.ts';
import { makeSecret } from './sign.ts';

/** Most webhooks of a deployment, so that a mistake in a script does not post each event a thousand times. */
export const MAX_WEBHOOKS = 50;

/** A webhook with a new id and a new secret. `origin` is this deployment's own; `now` is in milliseconds. */
export const newWebhook = (
  { url, description, app, campaignId, types, format }: WebhookRequest,
  { origin, now }: { origin: string; now: number },
): Webhook => ({
  id: randomBytes(10).toString('hex'),
  url,
  description,
  format,
  origin,
  app: app ?? null,
  campaignId: campaignId ?? null,
  types: types ?? (format === 'standard' ? subscribedByDefault : chatTypes),
  secrets: [{ secret: makeSecret(), until: null }],
  createdAt: now,
  disabled: null,
  failingSince: null,
});

/**
 * Disables a webhook, once: nothing is posted to it any more. The log and the other webhooks are told.
 * Throws what the store throws.
 */
export async function disableWebhook(ports: Ports, id: string, reason: string): Promise<void> {
  const at = ports.now();
  let host = '';
  const changed = await ports.store.changeWebhook(id, (it) => {
    if (it.disabled) return null;
    host = new URL(it.url).host;
    const data = { webhookId: id, host, reason };
    const event = webhookEvent('webhook.disabled', { webhookId: id, app: it.app }, at, data);
    return { webhook: { ...it, disabled: { reason, at } }, events: [event] };
  });
  if (changed?.disabled?.at !== at || host === '') return;
  ports.log.webhookDisabled({ webhookId: id, host, reason });
  await announce(ports, id).catch(leaveToSweep(ports, id));
}
