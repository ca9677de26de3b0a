/** Webhooks: register, look, change, rotate, try, and see what was delivered. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { rfc3339, rfc3339OrNull } from '../../lib/rfc3339.ts';
import { webhookEvent } from '../../model/campaign-events.ts';
import { eventTypes, subscribable } from '../../model/event.ts';
import type { Scope } from '../../model/key.ts';
import { deliveryTask } from '../../model/tasks.ts';
import { chatFaults, formats, type Webhook, type WebhookDelivery } from '../../model/webhook.ts';
import type { Ports } from '../../ports/ports.ts';
import { createDeliver } from '../../webhooks/deliver.ts';
import { newDelivery } from '../../webhooks/fan-out.ts';
import { createPoster, type Poster } from '../../webhooks/post.ts';
import { webhookSchemas } from '../../webhooks/request.ts';
import { OVERLAP_MS, rotated } from '../../webhooks/sign.ts';
import { MAX_WEBHOOKS, newWebhook } from '../../webhooks/webhook.ts';
import { type Call, call } from '../core/call.ts';
import { json, pageOf, pageQuery } from '../core/json.ts';
import { answerProblem, problemResponse } from '../core/problem.ts';

const SCOPES: Scope[] = ['campaigns'];

const time = z.iso.datetime();

const webhookSchema = z
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
      .openapi({ description: 'Since when nothing has come through, if so.' }),
    createdAt: time,
  })
  .openapi('Webhook');

const withSecretSchema = z
  .object({
    ...webhookSchema.shape,
    secret: z.string().openapi({ description: 'Shown only now.', example: 'whsec_…' }),
  })
  .openapi('WebhookWithSecret');

const webhookView = (it: Webhook) => ({
  ...{ id: it.id, url: it.url, description: it.description, app: it.app },
  ...{ campaignId: it.campaignId, types: it.types, format: it.format },
  enabled: it.disabled === null,
  disabledReason: it.disabled?.reason ?? null,
  failingSince: rfc3339OrNull(it.failingSince),
  createdAt: rfc3339(it.createdAt),
});

export type WebhookView = ReturnType<typeof webhookView>;

const deliverySchema = z
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
  .openapi('WebhookDelivery');

const deliveryView = (it: WebhookDelivery) => ({
  ...{ id: it.id, state: it.state },
  event: { id: it.event.id, type: it.event.type, subject: it.event.subject },
  createdAt: rfc3339(it.createdAt),
  nextAt: rfc3339OrNull(it.nextAt),
  attempts: it.attempts.map((one) => ({ ...one, at: rfc3339(one.at) })),
});

export type DeliveryView = ReturnType<typeof deliveryView>;

const params = z.strictObject({ id: z.string().min(1).max(64) });
const page = pageQuery(512);

const NO_WEBHOOK = problemResponse(404, 'There is no such webhook.');

const missing = (c: Context, id: string) =>
  answerProblem(c, 'not-found', `There is no webhook "${id}".`, {
    next: 'Check the id; GET /v1/webhooks lists all.',
  });

/** As the caller sees it, behind a proxy that ends TLS, too. */
function originOf(c: Context): string {
  const { protocol, host } = new URL(c.req.url);
  return `${c.req.header('x-forwarded-proto') === 'https' ? 'https:' : protocol}//${host}`;
}

export function webhookCalls(ports: Ports, local: boolean, poster?: Poster): Call[] {
  const { store, queue, now } = ports;
  const schemas = webhookSchemas(local);
  const { ping } = createDeliver(ports, poster ?? createPoster({ local }));

  return [
    call({
      method: 'post',
      path: '/v1/webhooks',
      operationId: 'addWebhook',
      summary: 'Register a webhook',
      description:
        'For the events of an app, of one campaign, or of all. Deliveries are signed as Standard ' +
        'Webhooks are, and retried for three days; 410 ends a webhook at once.',
      scopes: SCOPES,
      takes: { body: schemas.request },
      responses: {
        201: json('Registered. The secret is shown only now.', withSecretSchema),
        409: problemResponse(409, 'There are too many for the same app or campaign.'),
      },
      async handle({ body }, c) {
        const webhook = newWebhook(body, { origin: originOf(c), now: now() });
        if ((await store.addWebhook(webhook, MAX_WEBHOOKS)) === 'full')
          return answerProblem(
            c,
            'conflict',
            `There are ${MAX_WEBHOOKS} webhooks for it already.`,
            {
              next: 'Delete those that nobody needs any more: GET /v1/webhooks lists them.',
            },
          );
        c.header('Location', `/v1/webhooks/${webhook.id}`);
        return c.json({ ...webhookView(webhook), secret: webhook.secrets[0]!.secret }, 201);
      },
    }),

    call({
      method: 'get',
      path: '/v1/webhooks',
      operationId: 'listWebhooks',
      summary: 'List webhooks, the newest first',
      scopes: SCOPES,
      takes: { query: page },
      responses: { 200: pageOf(webhookSchema) },
      async handle({ query }, c) {
        const { items, next } = await store.listWebhooks(query.after ?? null, query.limit);
        return c.json({ items: items.map(webhookView), next });
      },
    }),

    call({
      method: 'get',
      path: '/v1/webhooks/{id}',
      operationId: 'getWebhook',
      summary: 'Look at a webhook',
      scopes: SCOPES,
      takes: { params },
      responses: { 200: json('The webhook, without its secrets.', webhookSchema), 404: NO_WEBHOOK },
      async handle({ params: { id } }, c) {
        const it = await store.getWebhook(id);
        return it ? c.json(webhookView(it)) : missing(c, id);
      },
    }),

    call({
      method: 'patch',
      path: '/v1/webhooks/{id}',
      operationId: 'changeWebhook',
      summary: 'Change a webhook',
      description: 'Its URL, its types, its description; `enabled` turns it off, or on again.',
      scopes: SCOPES,
      takes: { params, body: schemas.change },
      responses: { 200: json('As it is now.', webhookSchema), 404: NO_WEBHOOK },
      async handle({ params: { id }, body: { enabled, ...body } }, c) {
        const before = await store.getWebhook(id);
        if (!before) return missing(c, id);
        const faults = chatFaults(before.format, body.types ?? []);
        if (faults.length > 0)
          return answerProblem(c, 'invalid-request', 'The types do not fit a chat.', {
            faults: faults.map((message) => ({ path: 'types', message })),
          });
        const given = Object.fromEntries(Object.entries(body).filter(([, it]) => it !== undefined));
        const it = await store.changeWebhook(id, (old) => ({
          webhook: {
            ...{ ...old, ...given },
            ...(enabled === true && { disabled: null, failingSince: null }),
            ...(enabled === false && {
              disabled: old.disabled ?? { reason: 'somebody turned it off', at: now() },
            }),
          },
        }));
        return it ? c.json(webhookView(it)) : missing(c, id);
      },
    }),

    call({
      method: 'delete',
      path: '/v1/webhooks/{id}',
      operationId: 'removeWebhook',
      summary: 'Remove a webhook',
      scopes: SCOPES,
      takes: { params },
      responses: { 204: { description: 'Nothing more is delivered to it.' }, 404: NO_WEBHOOK },
      handle: async ({ params: { id } }, c) =>
        (await store.deleteWebhook(id)) ? c.body(null, 204) : missing(c, id),
    }),

    call({
      method: 'post',
      path: '/v1/webhooks/{id}:rotate',
      operationId: 'rotateWebhookSecret',
      summary: 'Give a webhook another secret',
      description: `The one before signs too for ${OVERLAP_MS / 3_600_000} hours more.`,
      scopes: SCOPES,
      takes: { params },
      responses: {
        200: json('The new secret is shown only now.', withSecretSchema),
        404: NO_WEBHOOK,
      },
      async handle({ params: { id } }, c) {
        const it = await store.changeWebhook(id, (old) => ({
          webhook: { ...old, secrets: rotated(old, now()) },
        }));
        return it ? c.json({ ...webhookView(it), secret: it.secrets[0]!.secret }) : missing(c, id);
      },
    }),

    call({
      method: 'post',
      path: '/v1/webhooks/{id}:test',
      operationId: 'testWebhook',
      summary: 'Send a webhook a ping',
      description: 'Once and now, of type webhook.test. The answer says what became of it.',
      scopes: SCOPES,
      takes: { params },
      responses: { 200: json('What became of it.', deliverySchema), 404: NO_WEBHOOK },
      async handle({ params: { id } }, c) {
        const it = await store.getWebhook(id);
        if (!it) return missing(c, id);
        const at = now();
        const about = { webhookId: id };
        const event = webhookEvent('webhook.test', { ...about, app: it.app }, at, about);
        return c.json(deliveryView(await ping(it, newDelivery(id, event, at))));
      },
    }),

    call({
      method: 'get',
      path: '/v1/webhooks/{id}/deliveries',
      operationId: 'listDeliveries',
      summary: 'What was delivered to a webhook, the newest first',
      scopes: SCOPES,
      takes: { params, query: page },
      responses: { 200: pageOf(deliverySchema), 404: NO_WEBHOOK },
      async handle({ params: { id }, query }, c) {
        if (!(await store.getWebhook(id))) return missing(c, id);
        const { items, next } = await store.listDeliveries(id, query.after ?? null, query.limit);
        return c.json({ items: items.map(deliveryView), next });
      },
    }),

    call({
      method: 'post',
      path: '/v1/webhooks/{id}/deliveries/{delivery}:replay',
      operationId: 'replayDelivery',
      summary: 'Deliver an event again',
      description: 'Now, under the same id, with three days of retries.',
      scopes: SCOPES,
      takes: { params: params.extend({ delivery: z.string().min(1).max(64) }) },
      responses: {
        202: json('It is queued.', deliverySchema),
        404: problemResponse(404, 'There is no such webhook, or no such delivery to it.'),
        409: problemResponse(409, 'It is being delivered, or the webhook is off.'),
      },
      async handle({ params: { id, delivery } }, c) {
        const webhook = await store.getWebhook(id);
        if (!webhook) return missing(c, id);
        const it = await store.getDelivery(delivery);
        if (it?.webhookId !== id)
          return answerProblem(c, 'not-found', `There is no delivery "${delivery}" to it.`, {
            next: `Check the id; GET /v1/webhooks/${id}/deliveries lists them.`,
          });
        if (webhook.disabled)
          return answerProblem(c, 'conflict', 'The webhook is off.', {
            next: 'Turn it on first: PATCH it with {"enabled": true}.',
          });
        const at = now();
        // one more try that was none: a task of the round before finds that it is too late
        const tries = it.tries + 1;
        const again = { ...it, tries, state: 'pending' as const, begunAt: at, nextAt: at };
        if (!(await store.putDelivery(again, it.tries)))
          return answerProblem(c, 'conflict', 'It is being delivered right now.', {
            next: 'Look at its attempts in a moment.',
          });
        await queue.create([deliveryTask({ deliveryId: delivery, webhookId: id, tries })]);
        return c.json(deliveryView(again), 202);
      },
    }),
  ];
}
