/** The calls of a webhook's deliveries: send a test, list them, replay one. */

import * as z from 'zod';
import { webhookEvent } from '../../model/campaign-events.ts';
import { deliveryTask } from '../../model/tasks.ts';
import type { Webhook, WebhookDelivery } from '../../model/webhook.ts';
import type { Ports } from '../../ports/ports.ts';
import { newDelivery } from '../../webhooks/fan-out.ts';
import { type Call, call } from '../core/call.ts';
import { json, pageOf } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { NO_WEBHOOK, noWebhook, WEBHOOK_SCOPES, webhookPage, webhookParams } from './parts.ts';
import { deliverySchema, deliveryView } from './view.ts';

/** Delivers once, immediately. Gives the delivery with its attempt. */
type Ping = (webhook: Webhook, delivery: WebhookDelivery) => Promise<WebhookDelivery>;

export const deliveryCalls = (ports: Ports, ping: Ping): Call[] => [
  testWebhookCall(ports, ping),
  listDeliveriesCall(ports),
  replayDeliveryCall(ports),
];

const testWebhookCall = ({ store, now }: Ports, ping: Ping) =>
  call({
    method: 'post',
    path: '/v1/webhooks/{id}:test',
    operationId: 'testWebhook',
    summary: 'Send a test to a webhook',
    description:
      'Delivers one event of type webhook.test, without retries. The answer has the result.',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams },
    responses: { 200: json('The delivery with its attempt.', deliverySchema), 404: NO_WEBHOOK },
    async handle({ params: { id } }, c) {
      const it = await store.getWebhook(id);
      if (!it) return noWebhook(c, id);
      const at = now();
      const about = { webhookId: id };
      const event = webhookEvent('webhook.test', { ...about, app: it.app }, at, about);
      return c.json(deliveryView(await ping(it, newDelivery(id, event, at))));
    },
  });

const listDeliveriesCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/webhooks/{id}/deliveries',
    operationId: 'listDeliveries',
    summary: 'List the deliveries of a webhook, the newest first',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams, query: webhookPage },
    responses: { 200: pageOf(deliverySchema), 404: NO_WEBHOOK },
    async handle({ params: { id }, query }, c) {
      if (!(await store.getWebhook(id))) return noWebhook(c, id);
      const { items, next } = await store.listDeliveries(id, query.after ?? null, query.limit);
      return c.json({ items: items.map(deliveryView), next });
    },
  });

const replayDeliveryCall = ({ store, queue, now }: Ports) =>
  call({
    method: 'post',
    path: '/v1/webhooks/{id}/deliveries/{delivery}:replay',
    operationId: 'replayDelivery',
    summary: 'Replay a delivery',
    description: 'Delivers the event again under the same id, with three days of retries.',
    scopes: WEBHOOK_SCOPES,
    takes: { params: webhookParams.extend({ delivery: z.string().min(1).max(64) }) },
    responses: {
      202: json('It is queued.', deliverySchema),
      404: problemResponse(404, 'There is no such webhook, or no such delivery to it.'),
      409: problemResponse(409, 'It is being delivered, or the webhook is off.'),
    },
    async handle({ params: { id, delivery } }, c) {
      const webhook = await store.getWebhook(id);
      if (!webhook) return noWebhook(c, id);
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
      // counts a try that was none, so that a task of the earlier round finds that it is too late
      const tries = it.tries + 1;
      const again = { ...it, tries, state: 'pending' as const, begunAt: at, nextAt: at };
      if (!(await store.putDelivery(again, it.tries)))
        return answerProblem(c, 'conflict', 'It is being delivered right now.', {
          next: 'Look at its attempts in a moment.',
        });
      await queue.create([deliveryTask({ deliveryId: delivery, webhookId: id, tries })]);
      return c.json(deliveryView(again), 202);
    },
  });
