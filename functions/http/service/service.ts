/** The calls about the API itself: its root, its description, its health. */

import * as z from 'zod';
import type { Ports } from '../../ports/ports.ts';
import { type Call, call } from '../core/call.ts';
import { json } from '../core/json.ts';
import { answerProblem } from '../core/problem.ts';
import { problemResponse } from '../core/problem-response.ts';
import { createHealth } from './health.ts';

const rootSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    version: z.string().meta({ description: 'Of the API: `info.version` of its description.' }),
    links: z.object({ api: z.string(), health: z.string() }),
    next: z.string(),
  })
  .meta({ id: 'Root' });

/**
 * It grows with a change that breaks a client: a field or a call that is gone, or means another thing.
 * What is only added leaves it. It is the first part of every path.
 */
const API_VERSION = '1';

const DESCRIPTION = 'Push campaigns to millions of devices, through APNs and FCM.';

/** Served without a key, so it has nothing that is not public. */
const ROOT: z.output<typeof rootSchema> = {
  name: 'Volley',
  description: DESCRIPTION,
  version: API_VERSION,
  links: { api: '/openapi.json', health: '/healthz' },
  next: 'Every call of the API is described at /openapi.json; docs/api.md has examples.',
};

/** `calls`: all that the document describes. */
export function serviceCalls(
  { store, log }: Pick<Ports, 'store' | 'log'>,
  calls: () => Promise<readonly Call[]>,
): Call[] {
  const isServing = createHealth(store, log);
  let document: Promise<string> | null = null;

  return [
    call({
      method: 'get',
      path: '/',
      operationId: 'getRoot',
      summary: 'Links to the description and the health check',
      description: 'For a client that knows only the address.',
      scopes: null,
      takes: { query: 'any' },
      responses: { 200: json('Links, relative to this address.', rootSchema) },
      handle: (_, c) => c.json(ROOT),
    }),

    call({
      method: 'get',
      path: '/openapi.json',
      operationId: 'getDescription',
      summary: 'Get this description',
      description: 'Generated from the schemas that requests are checked with.',
      scopes: null,
      takes: {},
      responses: { 200: { description: 'OpenAPI 3.1.', content: { 'application/json': {} } } },
      async handle(_, c) {
        document ??= describe(calls());
        return c.body(await document, 200, { 'Content-Type': 'application/json' });
      },
    }),

    call({
      method: 'get',
      path: '/healthz',
      operationId: 'getHealth',
      summary: 'Check that the API serves',
      description: 'For load balancers. It reads from the store, at most once in 5 seconds.',
      scopes: null,
      takes: { query: 'any' },
      responses: {
        200: {
          description: 'It serves.',
          content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
        },
        503: problemResponse(503),
      },
      handle: async (_, c) =>
        (await isServing())
          ? c.json({ status: 'ok' })
          : answerProblem(c, 'unavailable', 'The store does not answer.'),
    }),
  ];
}

async function describe(calls: Promise<readonly Call[]>): Promise<string> {
  const { documentOf } = await import('./document.ts');
  return documentOf(await calls, DESCRIPTION, API_VERSION);
}
