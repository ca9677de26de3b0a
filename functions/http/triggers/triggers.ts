/** The calls of triggers: inbound webhooks of outside services, and those that failed. */

import type { Context } from 'hono';
import * as z from 'zod';
import type { Scope } from '../../model/key.ts';
import { newTrigger, triggerRequestSchema } from '../../model/schemas/trigger.ts';
import { pingTask } from '../../model/tasks.ts';
import { MAX_PING_BYTES } from '../../model/trigger.ts';
import { templateObjections } from '../../pipeline/inbound/sample.ts';
import type { Ports } from '../../ports/ports.ts';
import { readBytes } from '../core/body.ts';
import { type Call, call } from '../core/call.ts';
import { exampleOf } from '../core/examples.ts';
import { json, pageOf, pageQuery } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { createPingDoor, type PingDoor } from './pings.ts';
import { failedPingSchema, failedPingView, noPings, triggerSchema, triggerView } from './view.ts';

const SCOPES: Scope[] = ['campaigns'];
/** The body of an inbound webhook is personal data, as a failure is. */
const MAY_LOOK_INSIDE: Scope[] = ['read'];

const params = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
    message: 'must be up to 64 lower-case letters, digits and -',
  }),
});
const page = pageQuery(512);

const NO_TRIGGER = problemResponse(404, 'There is no such trigger.');

const missing = (c: Context, name: string) =>
  answerProblem(c, 'not-found', `There is no trigger "${name}".`, {
    next: 'Check the name; GET /v1/triggers lists all.',
  });

export function triggerCalls(ports: Ports): Call[] {
  const door = createPingDoor(ports);

  return [
    putTriggerCall(ports, door),
    listTriggersCall(ports),
    getTriggerCall(ports, door),
    removeTriggerCall(ports, door),
    pingTriggerCall(ports, door),
    listFailedPingsCall(ports),
    replayFailedPingCall(ports),
  ];
}

const putTriggerCall = (ports: Ports, door: PingDoor) =>
  call({
    method: 'put',
    path: '/v1/triggers/{name}',
    operationId: 'putTrigger',
    summary: 'Create or replace a trigger',
    description:
      'An outside service calls the trigger with a proof, and a campaign is made from the body. The ' +
      'secret is never shown again.',
    scopes: SCOPES,
    takes: { params, body: triggerRequestSchema },
    responses: {
      200: json('As it is now.', triggerSchema),
      422: problemResponse(422, 'Its messages could never be sent.'),
    },
    async handle({ params: { name }, body }, c) {
      const faults = await templateObjections(ports, body);
      if (faults.length > 0)
        return answerProblem(c, 'refused', 'Its messages could not be sent.', { faults });
      const put = await ports.store.putTrigger(newTrigger(name, body, ports.now()));
      await door.forget(name);
      const it = await ports.store.getTrigger(name);
      return c.json(triggerView(it ?? { ...put, counts: noPings }));
    },
  });

const listTriggersCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/triggers',
    operationId: 'listTriggers',
    summary: 'List triggers',
    scopes: SCOPES,
    takes: { query: page },
    responses: { 200: pageOf(triggerSchema) },
    async handle({ query }, c) {
      const { items, next } = await store.listTriggers(query.after ?? null, query.limit);
      return c.json({ items: items.map(triggerView), next });
    },
  });

const getTriggerCall = ({ store }: Ports, door: PingDoor) =>
  call({
    method: 'get',
    path: '/v1/triggers/{name}',
    operationId: 'getTrigger',
    summary: 'Look at a trigger',
    scopes: SCOPES,
    takes: { params },
    responses: { 200: json('The trigger, without its secret.', triggerSchema), 404: NO_TRIGGER },
    async handle({ params: { name } }, c) {
      await door.forget(name);
      const it = await store.getTrigger(name);
      return it ? c.json(triggerView(it)) : missing(c, name);
    },
  });

const removeTriggerCall = ({ store }: Ports, door: PingDoor) =>
  call({
    method: 'delete',
    path: '/v1/triggers/{name}',
    operationId: 'removeTrigger',
    summary: 'Remove a trigger',
    scopes: SCOPES,
    takes: { params },
    responses: {
      204: { description: 'Its inbound webhooks are not taken any more.' },
      404: NO_TRIGGER,
    },
    async handle({ params: { name } }, c) {
      const gone = await store.deleteTrigger(name);
      await door.forget(name);
      return gone ? c.body(null, 204) : missing(c, name);
    },
  });

const pingTriggerCall = (_ports: Ports, door: PingDoor) =>
  call({
    method: 'post',
    path: '/v1/triggers/{name}',
    operationId: 'pingTrigger',
    summary: 'Call a trigger',
    description:
      'For outside services. Answers as soon as the webhook is queued. One without a valid proof gets ' +
      'the same answer, and is dropped.',
    scopes: null,
    // the service may add query parameters of its own to the URL
    takes: { params, query: 'any' },
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: {}, ...exampleOf('post', '/v1/triggers/{name}') },
      },
    },
    responses: {
      200: json('It was received.', z.object({ received: z.literal(true) })),
      404: NO_TRIGGER,
      503: problemResponse(503, 'It was not received: send it again.'),
      413: problemResponse(413, `A webhook has ${MAX_PING_BYTES} bytes at most.`),
    },
    async handle({ params: { name } }, c) {
      const body = await readBytes(c, MAX_PING_BYTES);
      if (body === 'too large')
        return answerProblem(c, 'too-large', `A webhook has ${MAX_PING_BYTES} bytes at most.`);
      if (body === 'cut off') return answerProblem(c, 'invalid-request', 'The body was cut off.');
      const received = await door.receive(name, {
        body,
        header: (it) => c.req.header(it) ?? null,
        query: (it) => c.req.query(it) ?? null,
      });
      return received === 'missing' ? missing(c, name) : c.json({ received: true });
    },
  });

const listFailedPingsCall = ({ store }: Ports) =>
  call({
    method: 'get',
    path: '/v1/triggers/{name}/failed',
    operationId: 'listFailedPings',
    summary: 'List failed inbound webhooks, the newest first',
    scopes: MAY_LOOK_INSIDE,
    takes: { params, query: page },
    responses: { 200: pageOf(failedPingSchema), 404: NO_TRIGGER },
    async handle({ params: { name }, query }, c) {
      if (!(await store.getTrigger(name))) return missing(c, name);
      const { items, next } = await store.listFailedPings(name, query.after ?? null, query.limit);
      return c.json({ items: items.map(failedPingView), next });
    },
  });

const replayFailedPingCall = ({ store, queue, now }: Ports) =>
  call({
    method: 'post',
    path: '/v1/triggers/{name}/failed/{id}:replay',
    operationId: 'replayFailedPing',
    summary: 'Retry a failed inbound webhook',
    description: 'With the trigger as it is now. If it fails again, it is listed again.',
    scopes: SCOPES,
    takes: { params: params.extend({ id: z.string().min(1).max(64) }) },
    responses: {
      202: json('It is queued.', failedPingSchema),
      404: problemResponse(404, 'There is no such trigger, or no such failed webhook of it.'),
    },
    async handle({ params: { name, id } }, c) {
      const it = await store.getFailedPing(name, id);
      if (!it)
        return answerProblem(c, 'not-found', `"${name}" has no failed webhook "${id}".`, {
          next: `Check the id; GET /v1/triggers/${name}/failed lists them.`,
        });
      const { key, faults: _, ...ping } = it;
      const at = now();
      // with a new time, so that a second failure is another record and this one can be removed
      await queue.create([pingTask({ ...ping, at }, `replay-${key}-${at}`)]);
      await store.dropFailedPing(name, id);
      return c.json(failedPingView(it), 202);
    },
  });
