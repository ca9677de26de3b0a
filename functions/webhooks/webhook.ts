/** A webhook: what is asked for (schemas), how one is made, how one ends. */

import { randomBytes } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { announce, leaveToSweep } from '../pipeline/complete.ts';
import {
  type EventType,
  subscribable,
  subscribedByDefault,
  webhookEvent,
} from '../pipeline/events.ts';
import type { Ports, Webhook } from '../ports.ts';
import { faultOfUrl } from './addresses.ts';
import { makeSecret } from './sign.ts';

/** A mistake in a script must not make an event a thousand requests. */
export const MAX_WEBHOOKS = 50;

export const formats = ['standard', 'slack', 'teams'] as const;

/** What a chat is told; its message is a report. */
const chatTypes: EventType[] = ['campaign.completed', 'campaign.failed', 'campaign.paused'];

/** `local`: http is allowed, and addresses that only this machine can reach. */
export function webhookSchemas(local: boolean) {
  const url = z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const message = faultOfUrl(text, { local });
      if (message) context.addIssue({ code: 'custom', message });
    })
    .openapi({ example: 'https://example.com/hooks/volley' });
  const types = z
    .array(z.enum(subscribable as [EventType, ...EventType[]]))
    .min(1)
    .transform((it) => [...new Set(it)])
    .openapi({ description: `All but push.failed, or for a chat ${chatTypes.join(', ')}.` });
  const description = z.string().max(200);
  const request = z
    .strictObject({
      url,
      description: description.default(''),
      app: z.string().min(1).max(64).optional(),
      campaignId: z.string().min(1).max(64).optional(),
      types: types.optional(),
      format: z
        .enum(formats)
        .default('standard')
        .openapi({
          description:
            'standard is CloudEvents JSON, signed as Standard Webhooks are. slack and teams are a ' +
            'message to an incoming webhook of theirs, with the report.',
        }),
    })
    .superRefine(({ app, campaignId, format, types = [] }, context) => {
      if (app !== undefined && campaignId !== undefined)
        context.addIssue({
          ...{ code: 'custom', path: ['campaignId'] },
          message: 'goes without app: a webhook is for one app, one campaign, or all',
        });
      chatFaults(format, types).forEach((message) => {
        context.addIssue({ code: 'custom', path: ['types'], message });
      });
    })
    .openapi('WebhookRequest');
  const change = z
    .strictObject({
      ...{ url: url.optional(), description: description.optional(), types: types.optional() },
      enabled: z.boolean().optional(),
    })
    .openapi('WebhookChange');
  return { request, change };
}

export const chatFaults = (format: Webhook['format'], types: EventType[]): string[] =>
  format === 'standard'
    ? []
    : types
        .filter((it) => !chatTypes.includes(it))
        .map((it) => `${it} is not for a chat; ${chatTypes.join(', ')} are`);

type Request = z.output<ReturnType<typeof webhookSchemas>['request']>;

export const newWebhook = (
  { url, description, app, campaignId, types, format }: Request,
  { origin, now }: { origin: string; now: number },
): Webhook => ({
  ...{ id: randomBytes(10).toString('hex'), url, description, format, origin },
  ...{ app: app ?? null, campaignId: campaignId ?? null },
  types: types ?? (format === 'standard' ? subscribedByDefault : chatTypes),
  secrets: [{ secret: makeSecret(), until: null }],
  ...{ createdAt: now, disabled: null, failingSince: null },
});

/** Nothing is posted to it any more; the log and the other webhooks are told. */
export async function disabled(ports: Ports, id: string, reason: string): Promise<void> {
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
