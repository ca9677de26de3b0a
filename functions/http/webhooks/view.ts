/** A webhook and its deliveries, as the API shows them. */

import * as z from 'zod';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { eventTypes, subscribable } from '../../model/event.ts';
import { formats, type Webhook, type WebhookDelivery } from '../../model/webhook.ts';
import type { FieldsOf } from '../core/json.ts';

const time = z.iso.datetime();

export const webhookSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    app: z.string().nullable(),
    campaignId: z.string().nullable(),
    types: z.array(z.enum(subscribable as [string, ...string[]])),
    format: z.enum(formats),
    enabled: z.boolean(),
    disabledReason: z.string().nullable(),
    failingSince: time
      .nullable()
      .meta({ description: 'Since when all deliveries have failed; null if they do not.' }),
    createdAt: time,
  })
  .meta({ id: 'Webhook' });

export const withSecretSchema = z
  .object({
    ...webhookSchema.shape,
    secret: z.string().meta({ description: 'Shown only now.', example: 'whsec_…' }),
  })
  .meta({ id: 'WebhookWithSecret' });

export const webhookView = (it: Webhook) =>
  ({
    id: it.id,
    url: it.url,
    description: it.description,
    app: it.app,
    campaignId: it.campaignId,
    types: it.types,
    format: it.format,
    enabled: it.disabled === null,
    disabledReason: it.disabled?.reason ?? null,
    failingSince: rfc3339OrNull(it.failingSince),
    createdAt: rfc3339(it.createdAt),
  }) satisfies FieldsOf<typeof webhookSchema>;

export type WebhookView = ReturnType<typeof webhookView>;

export const deliverySchema = z
  .object({
    id: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    event: z.object({ id: z.string(), type: z.enum(eventTypes), subject: z.string() }),
    createdAt: time,
    nextAt: time.nullable(),
    attempts: z.array(
      z.object({
        at: time,
        ms: z.int(),
        status: z.int().nullable(),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'WebhookDelivery' });

export const deliveryView = (it: WebhookDelivery) =>
  ({
    id: it.id,
    state: it.state,
    event: { id: it.event.id, type: it.event.type, subject: it.event.subject },
    createdAt: rfc3339(it.createdAt),
    nextAt: rfc3339OrNull(it.nextAt),
    attempts: it.attempts.map(({ at, ms, status, error }) => ({
      at: rfc3339(at),
      ms,
      status,
      error,
    })),
  }) satisfies FieldsOf<typeof deliverySchema>;

export type DeliveryView = ReturnType<typeof deliveryView>;
