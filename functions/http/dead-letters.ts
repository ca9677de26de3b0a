/** The calls of dead letters, events that no subscriber took: list them, publish them again. */

import * as z from 'zod';
import { rfc3339 } from '../lib/rfc3339.ts';
import { type DeadLetter, type DeadLetters, MAX_DEAD_LETTERS } from '../ports/ports.ts';
import { type Call, call } from './core/call.ts';
import { json } from './core/json.ts';

/** Characters of an event that are shown. An event with a campaign's counts has a few thousand. */
const MAX_SHOWN = 10_000;

const schema = z
  .object({
    id: z.string(),
    deadAt: z.iso.datetime(),
    attempts: z.int().nullable(),
    attributes: z.record(z.string(), z.string()),
    data: z.string().meta({ description: `Its first ${MAX_SHOWN} characters.` }),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.output<typeof schema>;

const redrivenSchema = z.object({
  redriven: z.int(),
  refused: z.array(z.object({ id: z.string(), reason: z.string() })),
});
export type RedrivenView = z.output<typeof redrivenSchema>;

const view = ({ id, deadAt, attempts, attributes, data }: DeadLetter): DeadLetterView => ({
  id,
  deadAt: rfc3339(deadAt),
  attempts,
  attributes,
  data: data.slice(0, MAX_SHOWN),
});

/** For an engine without dead letters: its queue retries events, and webhooks list the failed ones. */
export const noDeadLetters: DeadLetters = {
  list: async () => [],
  redrive: async () => ({ redriven: 0, refused: [] }),
};

export const deadLetterCalls = (deadLetters: DeadLetters): Call[] => [
  call({
    method: 'get',
    path: '/v1/events/dead-letters',
    operationId: 'listDeadLetters',
    summary: 'List events that no subscriber took',
    description:
      `The oldest first, ${MAX_DEAD_LETTERS} at most. They stay until they are published again. ` +
      'On the embedded engine there are none.',
    scopes: ['admin'],
    takes: {},
    responses: {
      200: json('The dead letters that can be read now.', z.object({ items: z.array(schema) })),
    },
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
      'One may be published twice, with the same id; none is lost. What the topic refuses, such as an ' +
      'empty message, is named and goes on waiting.',
    scopes: ['admin'],
    takes: {},
    responses: { 200: json('How many were published, and which were refused.', redrivenSchema) },
    async handle(_, c) {
      return c.json(await deadLetters.redrive());
    },
  }),
];
