/** The schemas of requests that create or change a webhook. */

import * as z from 'zod';
import { type EventType, subscribable } from '../model/event.ts';
import { chatFaults, chatTypes, formats } from '../model/webhook.ts';
import { faultOfUrl } from './addresses.ts';

/** `local` allows http, and addresses that only this machine can reach. */
export function webhookSchemas(local: boolean) {
  const url = z
    .string()
    .max(2048)
    .superRefine((text, context) => {
      const message = faultOfUrl(text, { local });
      if (message) context.addIssue({ code: 'custom', message });
    })
    .meta({ example: 'https://example.com/hooks/volley' });
  const types = z
    .array(z.enum(subscribable as [EventType, ...EventType[]]))
    .min(1)
    .transform((it) => [...new Set(it)])
    .meta({ description: `All but push.failed, or for a chat ${chatTypes.join(', ')}.` });
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
        .meta({
          description:
            'standard is CloudEvents JSON, signed as Standard Webhooks are. slack and teams are a ' +
            'message to an incoming webhook of theirs, with the report.',
        }),
    })
    .superRefine(({ app, campaignId, format, types = [] }, context) => {
      if (app !== undefined && campaignId !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['campaignId'],
          message: 'goes without app: a webhook is for one app, one campaign, or all',
        });
      chatFaults(format, types).forEach((message) => {
        context.addIssue({ code: 'custom', path: ['types'], message });
      });
    })
    .meta({ id: 'WebhookRequest' });
  const change = z
    .strictObject({
      url: url.optional(),
      description: description.optional(),
      types: types.optional(),
      enabled: z.boolean().optional(),
    })
    .meta({ id: 'WebhookChange' });
  return { request, change };
}

export type WebhookRequest = z.output<ReturnType<typeof webhookSchemas>['request']>;
