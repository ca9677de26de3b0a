/** Events that nothing took: look at them, publish them again. */

import { z } from '@hono/zod-openapi';
import { rfc3339 } from '../lib/rfc3339.ts';
import { type DeadLetter, type DeadLetters, MAX_DEAD_LETTERS } from '../ports/ports.ts';
import { type Call, call } from './core/call.ts';
import { json } from './core/json.ts';

/** Characters of an event that are shown: those with a campaign's counts have a few thousand. */
const MAX_SHOWN = 10_000;

const schema = z
  .object({
    id: z.string(),
    deadAt: z.iso.datetime(),
    attempts: z.int().nullable(),
    attributes: z.record(z.string(), z.string()),
    data: z.string().openapi({ description: `Its first ${MAX_SHOWN} characters.` }),
  })
  .openapi('DeadLetter');
export type DeadLetterView = z.output<typeof schema>;

const view = ({ id, deadAt, attempts, attributes, data }: DeadLetter): DeadLetterView => ({
  ...{ id, deadAt: rfc3339(deadAt), attempts, attributes },
  data: data.slice(0, MAX_SHOWN),
});

/** Of an engine whose queue tries an event again: its webhooks tell what was given up. */
export const noDeadLetters: DeadLetters = { list: async () => [], redrive: async () => 0 };

export const deadLetterCalls = (deadLetters: DeadLetters): Call[] => [
  call({
    method: 'get',
    path: '/v1/events/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'Events that nothing took',
    description:
      `What waits to be published again, oldest first, ${MAX_DEAD_LETTERS} at most. It goes on ` +
      'waiting. On the embedded engine there are none.',
    scopes: ['admin'],
    takes: {},
    responses: { 200: json('Those that could be had now.', z.object({ items: z.array(schema) })) },
    async handle(_, c) {
      return c.json({ items: (await deadLetters.list()).map(view) });
    },
  }),

  call({
    method: 'post',
    path: '/v1/events/dead-letters:redrive',
    operationId: 'redriveDeadLetters',
    summary: 'Publish dead letters again',
    description:
      `With their attributes, oldest first, ${MAX_DEAD_LETTERS} at most; call again until it is 0. ` +
      'One may be published twice, with the same id; none is lost.',
    scopes: ['admin'],
    takes: {},
    responses: { 200: json('So many.', z.object({ redriven: z.int() })) },
    async handle(_, c) {
      return c.json({ redriven: await deadLetters.redrive() });
    },
  }),
];
