/** The calls of outgoing webhooks: register, list, change, rotate the secret, remove. */

import type { Context } from 'hono';
import { chatFaults } from '../../model/webhook.ts';
import type { Ports } from '../../ports/ports.ts';
import { createDeliver } from '../../webhooks/deliver.ts';
import { createPoster, type Poster } from '../../webhooks/post.ts';
import { webhookSchemas } from '../../webhooks/request.ts';
import { OVERLAP_MS, rotated } from '../../webhooks/sign.ts';
import { MAX_WEBHOOKS, newWebhook } from '../../webhooks/webhook.ts';
import { type Call, call } from '../core/call.ts';
import { json, pageOf } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { deliveryCalls } from './deliveries.ts';
import { NO_WEBHOOK, noWebhook, WEBHOOK_SCOPES, webhookPage, webhookParams } from './parts.ts';
import { webhookSchema, webhookView, withSecretSchema } from './view.ts';

type Schemas = ReturnType<typeof webhookSchemas>;

/** The origin of the API as the caller sees it, also behind a proxy that ends TLS. */
function originOf(c: Context): string {
  const { protocol, host } = new URL(c.req.url);
  return `${c.req.header('x-forwarded-proto') === 'https' ? 'https:' : protocol}//${host}`;
}

export function webhookCalls(ports: Ports, local: boolean, poster?: Poster): Call[] {
  const schemas = webhookSchemas(local);
  const { ping } = createDeliver(ports, poster ?? createPoster({ local }));

  return [
    addWebhookCall(ports, schemas),
    listWebhooksCall(ports),
    getWebhookCall(ports),
    changeWebhookCall(ports, schemas),
    removeWebhookCall(ports),
    rotateWebhookSecretCall(ports),
    ...deliveryCalls(ports, ping),
  ];
}

const addWebhookCall = ({ store, now }: Ports, schemas: Schemas) =>
  call({
    method: 'post',
    path: '/v1/webhooks',
    operationId: 'addWebhook',
    summary: 'Register a webhook',
    description:
      'For the events of an app, of one campaign, or of all. Deliveries are signed by Standard ' +
      'Webhooks and retried for three days; 410 ends a webhook immediately.',
    scopes: WEBHOOK_SCOPES,
    takes: { body: schemas.request },
    responses: {
      201: json('Registered. The secret is shown only now.', withSecretSchema),
      409: problemResponse(409, 'There are too many webhooks for the same app or campaign.'),
    },
    async handle({ body }, c) {
      const webhook = newWebhook(body, { origin: originOf(c), now: now() });
      if ((await store.addWebhook(webhook, MAX_WEBHOOKS)) === 'full')
        return answerProblem(c, 'conflict', `There are ${MAX_WEBHOOKS} webhooks for it already.`, {
          next: 'Remove webhooks that are not needed any more: GET /v1/webhooks lists them.',
        });
      c.header('Location', `/v1/webhooks/${webhook.id}`);
      return c.json({ ...webhookView(webhook), secret: webhook.secrets[0]!.secret }, 201);
    },
  });

const listWebhooksCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/webhooks',
    operationId: 'listWebhooks',
    summary: 'List webhooks, the newest first',
    scopes: WEBHOOK_SCOPES,
    takes: { query: webhookPage },
    responses: { 200: pageOf(webhookSchema) },
    async handle({ query }, c) {
      const { items, next } = await store.listWebhooks(query.after ?? null, query.limit);
      return c.json({ items: items.map(webhookView), next });
    },
  });

const getWebhookCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/webhooks/{id}',
    operationId: 'getWebhook',
    summary: 'Look at a webhook',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams },
    responses: { 200: json('The webhook, without its secrets.', webhookSchema), 404: NO_WEBHOOK },
    async handle({ params: { id } }, c) {
      const it = await store.getWebhook(id);
      return it ? c.json(webhookView(it)) : noWebhook(c, id);
    },
  });

const changeWebhookCall = ({ store, now }: Ports, schemas: Schemas) =>
  call({
    method: 'patch',
    path: '/v1/webhooks/{id}',
    operationId: 'changeWebhook',
    summary: 'Change a webhook',
    description: 'Its URL, its types, its description; `enabled` turns it off or on.',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams, body: schemas.change },
    responses: { 200: json('As it is now.', webhookSchema), 404: NO_WEBHOOK },
    async handle({ params: { id }, body: { enabled, ...body } }, c) {
      const before = await store.getWebhook(id);
      if (!before) return noWebhook(c, id);
      const faults = chatFaults(before.format, body.types ?? []);
      if (faults.length > 0)
        return answerProblem(c, 'invalid-request', 'The types do not fit a chat.', {
          faults: faults.map((message) => ({ path: 'types', message })),
        });
      const given = Object.fromEntries(Object.entries(body).filter(([, it]) => it !== undefined));
      const it = await store.changeWebhook(id, (old) => ({
        webhook: {
          ...old,
          ...given,
          ...(enabled === true && { disabled: null, failingSince: null }),
          ...(enabled === false && {
            disabled: old.disabled ?? { reason: 'it was turned off by a call', at: now() },
          }),
        },
      }));
      return it ? c.json(webhookView(it)) : noWebhook(c, id);
    },
  });

const removeWebhookCall = ({ store }: Ports) =>
  call({
    method: 'delete',
    path: '/v1/webhooks/{id}',
    operationId: 'removeWebhook',
    summary: 'Remove a webhook',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams },
    responses: { 204: { description: 'It gets no more deliveries.' }, 404: NO_WEBHOOK },
    handle: async ({ params: { id } }, c) =>
      (await store.deleteWebhook(id)) ? c.body(null, 204) : noWebhook(c, id),
  });

const rotateWebhookSecretCall = ({ store, now }: Ports) =>
  call({
    method: 'post',
    path: '/v1/webhooks/{id}:rotate',
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the secret of a webhook',
    description: `Deliveries are signed with the earlier secret too for ${OVERLAP_MS / 3_600_000} hours.`,
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams },
    responses: {
      200: json('The new secret is shown only now.', withSecretSchema),
      404: NO_WEBHOOK,
    },
    async handle({ params: { id } }, c) {
      const it = await store.changeWebhook(id, (old) => ({
        webhook: { ...old, secrets: rotated(old, now()) },
      }));
      return it ? c.json({ ...webhookView(it), secret: it.secrets[0]!.secret }) : noWebhook(c, id);
    },
  });
