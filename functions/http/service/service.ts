/** The calls about the API itself: its root, its description, its health. */

import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { eventSchemas } from '../../model/schemas/events.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Call, call, tags } from '../core/call.ts';
import { json } from '../core/json.ts';
import { answerProblem, problemResponse } from '../core/problem.ts';
import { createHealth } from './health.ts';

const rootSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    links: z.object({ api: z.string(), health: z.string() }),
    next: z.string(),
  })
  .openapi('Root');

const DESCRIPTION = 'Push campaigns to millions of devices, through APNs and FCM.';

/** Served without a key, so it has nothing that is not public. */
const ROOT: z.output<typeof rootSchema> = {
  name: 'Volley',
  description: DESCRIPTION,
  links: { api: '/openapi.json', health: '/healthz' },
  next: 'Every call of the API is described at /openapi.json; docs/api.md has examples.',
};

export function serviceCalls(
  app: OpenAPIHono,
  { store, log }: Pick<Ports, 'store' | 'log'>,
): Call[] {
  const isServing = createHealth(store, log);
  let document: string | null = null;

  for (const { type, says, schema } of eventSchemas)
    app.openAPIRegistry.registerWebhook({
      method: 'post',
      path: type,
      summary: says,
      security: [],
      request: { body: { content: { 'application/cloudevents+json': { schema } } } },
      responses: {
        '2XX': { description: 'Taken. 410 ends the webhook; any other status is retried.' },
      },
    });

  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `volley_…`, with scopes: `campaigns`, `installations`, `read`, `admin`; or with ' +
      '`register` alone, which may put, change and delete an installation of its app. On Google ' +
      'Cloud also an ID token of Firebase Auth: its claim `volley` is `admin` (all scopes but ' +
      '`register`), `sender` (`campaigns`, `read`) or `viewer` (`read`).',
  });

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
      handle(_, c) {
        document ??= JSON.stringify(
          app.getOpenAPI31Document({
            openapi: '3.1.0',
            info: {
              title: 'Volley',
              version: '1',
              description: DESCRIPTION,
            },
            servers: [{ url: '/' }],
            tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
          }),
        );
        return c.body(document, 200, { 'Content-Type': 'application/json' });
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
