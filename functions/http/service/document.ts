/** The OpenAPI document, made from the calls. Only who asks for it loads this. */

import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { eventSchemas } from '../../model/schemas/events.ts';
import type { Call } from '../core/call.ts';
import { exampleOf } from '../core/examples.ts';
import { problemResponse } from '../core/problem-response.ts';

/** The document as JSON. `description` and `version`: of the API. */
export function documentOf(calls: readonly Call[], description: string, version: string): string {
  const registry = new OpenAPIRegistry();
  for (const { type, says, schema } of eventSchemas)
    registry.registerWebhook({
      method: 'post',
      path: type,
      summary: says,
      security: [],
      request: { body: { content: { 'application/cloudevents+json': { schema } } } },
      responses: {
        '2XX': { description: 'Taken. 410 ends the webhook; any other status is retried.' },
      },
    });
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `volley_…`, with scopes: `campaigns`, `installations`, `read`, `admin`; or with ' +
      '`register` alone, which may put, change and delete an installation of its app. On Google ' +
      'Cloud also an ID token of Firebase Auth: its claim `volley` is `admin` (all scopes but ' +
      '`register`), `sender` (`campaigns`, `read`) or `viewer` (`read`).',
  });
  for (const it of calls) registry.registerPath(documented(it));
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: 'Volley', version, description },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
  });
  return JSON.stringify(document);
}

/** The groups of calls in the OpenAPI document: the resource in their path, and what it is. */
const tags: Record<string, string> = {
  campaigns: 'Send to an audience, control the campaign, read its results.',
  messages: 'Push to a few named recipients immediately.',
  audiences: 'Estimates, and audiences that are uploaded as a file.',
  segments: 'Audiences that are saved under a name.',
  schedules: 'Campaigns that are sent repeatedly.',
  installations: 'Apps on devices.',
  receipts: 'What devices report about their pushes.',
  users: 'Export and erasure of the data about a user.',
  triggers: 'Inbound webhooks: outside services that start pushes.',
  webhooks: 'Outgoing webhooks: outside services that get events.',
  events: 'Events that no subscriber took.',
  apps: 'Which there are; the policy of one; pause, resume or cancel all of its campaigns.',
  keys: 'API keys.',
  me: 'Who calls.',
  costs: 'About what campaigns cost.',
  doctor: 'Checks of the deployment.',
  service: 'The API itself: its description and its health.',
};

const tagOf = (path: string) => path.match(/^\/v1\/(\w+)/)?.[1] ?? 'service';

function documented({ method, path, operationId, summary, description, ...it }: Call): RouteConfig {
  const { body, query, ...rest } = it.takes;
  const problems = [
    ...(query !== 'any' || it.takes.params || body ? [400] : []),
    ...(it.scopes ? [401, 429, 503] : []),
    ...(it.scopes?.length ? [403] : []),
    ...(body ? [413, 415] : []),
    500,
  ];
  const scopes = it.scopes?.map((scope) => `\`${scope}\``).join(' or ') || null;
  return {
    method,
    path,
    operationId,
    tags: [tagOf(path)],
    summary,
    description: [description, scopes && `Needs the scope ${scopes}.`].filter(Boolean).join('\n\n'),
    security: it.scopes ? [{ apiKey: [] }] : [],
    request: {
      ...rest,
      ...(query && query !== 'any' && { query }),
      ...(body && {
        body: {
          required: true,
          content: { 'application/json': { schema: body, ...exampleOf(method, path) } },
        },
      }),
    },
    ...(it.requestBody && { requestBody: it.requestBody }),
    responses: {
      ...Object.fromEntries(problems.map((status) => [status, problemResponse(status)])),
      ...it.responses,
    },
  } as RouteConfig;
}
