/** Triggers: what outside services ping, and what became of pings that failed. */

import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { rfc3339 } from '../../lib/rfc3339.ts';
import { said } from '../../model/audience/everybody.ts';
import type { Scope } from '../../model/key.ts';
import { newTrigger, triggerRequestSchema } from '../../model/schemas/trigger.ts';
import { pingTask } from '../../model/tasks.ts';
import {
  type FailedPing,
  MAX_PING_BYTES,
  type PingCounts,
  type Trigger,
} from '../../model/trigger.ts';
import { templateObjections } from '../../pipeline/inbound/sample.ts';
import type { Ports } from '../../ports/ports.ts';
import { readBytes } from '../core/body.ts';
import { type Call, call } from '../core/call.ts';
import { exampleOf } from '../core/examples.ts';
import { json, pageOf, pageQuery } from '../core/json.ts';
import { answerProblem, problemResponse } from '../core/problem.ts';
import { createPingDoor } from './pings.ts';

const SCOPES: Scope[] = ['campaigns'];
/** What is in a ping is a person's, as a failure is. */
const MAY_LOOK_INSIDE: Scope[] = ['read'];

const params = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
    message: 'must be up to 64 lower-case letters, digits and -',
  }),
});
const page = pageQuery(512);
const time = z.iso.datetime();

const triggerSchema = z
  .object({
    name: z.string(),
    app: z.string(),
    proof: z.record(z.string(), z.unknown()).openapi({ description: 'Without its secret.' }),
    audience: z.record(z.string(), z.unknown()),
    message: z.record(z.string(), z.unknown()),
    idPath: z.string().nullable(),
    counts: z.object({
      received: z.int().openapi({ description: 'Proved themselves.' }),
      forged: z.int().openapi({ description: 'Did not, and were dropped.' }),
    }),
    createdAt: time,
  })
  .openapi('Trigger');

const noPings: PingCounts = { received: 0, forged: 0 };

function triggerView({ counts, ...it }: Trigger & { counts: PingCounts }) {
  const { hash: _, secret: __, ...proof } = { hash: '', secret: '', ...it.proof };
  const audience = said(it.audience);
  return { ...it, audience, proof, counts, createdAt: rfc3339(it.createdAt) };
}
export type TriggerView = ReturnType<typeof triggerView>;

const failedPingSchema = z
  .object({
    id: z.string(),
    at: time,
    faults: z.array(z.object({ path: z.string(), message: z.string() })),
    body: z.string().openapi({ description: 'As it came.' }),
  })
  .openapi('FailedPing');

const failedPingView = ({ key, at, faults, body }: FailedPing) => ({
  ...{ id: key, at: rfc3339(at), faults },
  body: Buffer.from(body, 'base64').toString(),
});
export type FailedPingView = ReturnType<typeof failedPingView>;

const NO_TRIGGER = problemResponse(404, 'There is no such trigger.');

const missing = (c: Context, name: string) =>
  answerProblem(c, 'not-found', `There is no trigger "${name}".`, {
    next: 'Check the name; GET /v1/triggers lists all.',
  });

export function triggerCalls(ports: Ports): Call[] {
  const { store, queue, now } = ports;
  const door = createPingDoor(ports);

  return [
    call({
      method: 'put',
      path: '/v1/triggers/{name}',
      operationId: 'putTrigger',
      summary: 'Make or replace a trigger',
      description:
        'An outside service pings it, proves itself, and a campaign is made of what it says. The ' +
        'secret is never shown again.',
      scopes: SCOPES,
      takes: { params, body: triggerRequestSchema },
      responses: {
        200: json('As it is now.', triggerSchema),
        422: problemResponse(422, 'Its messages could never be sent.'),
      },
      async handle({ params: { name }, body }, c) {
        const faults = templateObjections(ports, body);
        if (faults.length > 0)
          return answerProblem(c, 'refused', 'Its messages could not be sent.', { faults });
        const put = await store.putTrigger(newTrigger(name, body, now()));
        await door.forget(name);
        const it = await store.getTrigger(name);
        return c.json(triggerView(it ?? { ...put, counts: noPings }));
      },
    }),

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
    }),

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
    }),

    call({
      method: 'delete',
      path: '/v1/triggers/{name}',
      operationId: 'removeTrigger',
      summary: 'Remove a trigger',
      scopes: SCOPES,
      takes: { params },
      responses: { 204: { description: 'Pings of it are not taken any more.' }, 404: NO_TRIGGER },
      async handle({ params: { name } }, c) {
        const gone = await store.deleteTrigger(name);
        await door.forget(name);
        return gone ? c.body(null, 204) : missing(c, name);
      },
    }),

    call({
      method: 'post',
      path: '/v1/triggers/{name}',
      operationId: 'pingTrigger',
      summary: 'Ping a trigger',
      description:
        'For outside services. Answers as soon as the ping is queued; one that does not prove ' +
        'itself gets the same answer, and is dropped.',
      scopes: null,
      // a service may have parameters of its own in the address that it is given
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
        503: problemResponse(503, 'It was not received: ping again.'),
        413: problemResponse(413, `A ping has ${MAX_PING_BYTES} bytes at most.`),
      },
      async handle({ params: { name } }, c) {
        const body = await readBytes(c, MAX_PING_BYTES);
        if (body === 'too large')
          return answerProblem(c, 'too-large', `A ping has ${MAX_PING_BYTES} bytes at most.`);
        if (body === 'cut off') return answerProblem(c, 'invalid-request', 'The body was cut off.');
        const received = await door.receive(name, {
          body,
          header: (it) => c.req.header(it) ?? null,
          query: (it) => c.req.query(it) ?? null,
        });
        return received === 'missing' ? missing(c, name) : c.json({ received: true });
      },
    }),

    call({
      method: 'get',
      path: '/v1/triggers/{name}/failed',
      operationId: 'listFailedPings',
      summary: 'Pings of which no campaign could be made, the newest first',
      scopes: MAY_LOOK_INSIDE,
      takes: { params, query: page },
      responses: { 200: pageOf(failedPingSchema), 404: NO_TRIGGER },
      async handle({ params: { name }, query }, c) {
        if (!(await store.getTrigger(name))) return missing(c, name);
        const { items, next } = await store.listFailedPings(name, query.after ?? null, query.limit);
        return c.json({ items: items.map(failedPingView), next });
      },
    }),

    call({
      method: 'post',
      path: '/v1/triggers/{name}/failed/{id}:replay',
      operationId: 'replayFailedPing',
      summary: 'Try a failed ping again',
      description: 'With the trigger as it is now. If it fails again, it is listed again.',
      scopes: SCOPES,
      takes: { params: params.extend({ id: z.string().min(1).max(64) }) },
      responses: {
        202: json('It is queued.', failedPingSchema),
        404: problemResponse(404, 'There is no such trigger, or no such failed ping of it.'),
      },
      async handle({ params: { name, id } }, c) {
        const it = await store.getFailedPing(name, id);
        if (!it)
          return answerProblem(c, 'not-found', `"${name}" has no failed ping "${id}".`, {
            next: `Check the id; GET /v1/triggers/${name}/failed lists them.`,
          });
        const { key, faults: _, ...ping } = it;
        const at = now();
        // at another time, so that it is another record if it fails again: this one can go
        await queue.create([pingTask({ ...ping, at }, `replay-${key}-${at}`)]);
        await store.dropFailedPing(name, id);
        return c.json(failedPingView(it), 202);
      },
    }),
  ];
}
