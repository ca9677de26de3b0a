/**
 * A call of the API, described once: who may make it, what it takes (schemas), what it answers,
 * and its handler. The server checks by this description and the OpenAPI document is made of it.
 */

import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { Fault } from '../../lib/errors.ts';
import { type Found, validate } from '../../lib/faults.ts';
import type { Scope } from '../../model/key.ts';
import type { Authorize } from '../auth/authorize.ts';
import type { Admit } from '../auth/registration-key.ts';
import { readJson } from './body.ts';
import { exampleOf } from './examples.ts';
import { answerProblem, problemResponse } from './problem.ts';

/** What a call takes, where it takes anything. Bodies are JSON. */
interface Schemas {
  params?: z.ZodObject;
  /** strict: what it does not name is a fault, as any is without it; 'any': others choose them */
  query?: z.ZodObject | 'any';
  /** by their names in lower case */
  headers?: z.ZodObject;
  body?: z.ZodType;
}

type Input<S extends Schemas> = {
  [K in keyof S]: S[K] extends z.ZodType ? z.output<S[K]> : never;
};

interface Description<S extends Schemas> {
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** with `{name}` for a parameter; the last one may have a verb behind it: `{name}:test` */
  path: string;
  /** what generated clients call it: it is kept, as a path is */
  operationId: string;
  summary: string;
  description?: string;
  /** any of these; null: open to everybody */
  scopes: Scope[] | null;
  takes: S;
  /** with 404, 409 and 422 where it answers them; what any call may answer is added */
  responses: RouteConfig['responses'];
  /** for a body that is not JSON: the handler reads it */
  requestBody?: RouteConfig['requestBody'];
  /** asked before anything is read of the call: null if it may go on, the answer if not */
  admit?: Admit;
  handle(input: Input<S>, c: Context): Response | Promise<Response>;
}

/** With its schemas' types forgotten: calls of every kind in one list. */
export type Call = Omit<Description<Schemas>, 'handle'> & {
  handle(input: never, c: Context): Response | Promise<Response>;
};

export const call = <const S extends Schemas>(it: Description<S>): Call => it;

export interface Access {
  authorize: Authorize;
  /** asked of every call once it is authorized */
  admit: Admit;
}

/** Adds the calls to an app and its document; other methods of their paths answer 405. */
export function serve(app: OpenAPIHono, calls: Call[], { authorize, admit }: Access) {
  for (const it of calls) {
    app.openAPIRegistry.registerPath(documented(it));
    app.on(it.method.toUpperCase(), pattern(it.path), async (c) => {
      const refusal = (it.scopes && (await authorize(c, it.scopes))) || admit(c) || it.admit?.(c);
      if (refusal) return refusal;
      const input = await read(c, it.takes, it.path);
      return input instanceof Response ? input : it.handle(input as never, c);
    });
  }
  for (const path of new Set(calls.map((it) => it.path))) {
    const allowed = calls.filter((it) => it.path === path).map((it) => it.method.toUpperCase());
    app.all(pattern(path), (c) => {
      c.header('Allow', allowed.join(', '));
      return answerProblem(c, 'method-not-allowed', `${c.req.method} is not one of its methods.`);
    });
  }
}

/** A parameter is all between two slashes; with its verb, where it has one. */
const pattern = (path: string) =>
  path.replaceAll(/{(\w+)}(:\w+)?/g, (_, name, verb) => `:${name}${verb ? `{[^/]+${verb}}` : ''}`);

function paramsOf(c: Context, path: string): Record<string, string> {
  const params: Record<string, string> = c.req.param();
  const [, name, verb] = path.match(/{(\w+)}(:\w+)$/) ?? [];
  return name && verb ? { ...params, [name]: params[name]!.slice(0, -verb.length) } : params;
}

const NO_QUERY = z.strictObject({});

/** The first of each name; of Hono's own object `?constructor=x` would be no part. */
const queryOf = (c: Context) => Object.fromEntries([...new URL(c.req.url).searchParams].reverse());

/** All that the call takes, or a problem that names every fault of every part. */
async function read(
  c: Context,
  takes: Schemas,
  path: string,
): Promise<Record<string, unknown> | Response> {
  const faults: Fault[] = [];
  let count = 0;
  const refuse = (found: Found) => {
    faults.push(...found.faults);
    count += found.count;
  };
  const input: Record<string, unknown> = {};
  const check = (part: keyof Schemas, schema: z.ZodType | undefined, value: () => unknown) => {
    if (!schema) return;
    const it = validate(schema, value(), part === 'body' ? [] : [labels[part]]);
    if ('faults' in it) refuse(it);
    else input[part] = it.value;
  };
  check('params', takes.params, () => paramsOf(c, path));
  if (takes.query !== 'any') check('query', takes.query ?? NO_QUERY, () => queryOf(c));
  const names = Object.keys(takes.headers?.shape ?? {});
  check('headers', takes.headers, () =>
    Object.fromEntries(names.map((name) => [name, c.req.header(name)])),
  );
  if (takes.body) {
    const json = await readJson(c);
    if (json instanceof Response) return json;
    if ('faults' in json) refuse(json);
    else check('body', takes.body, () => json.value);
  }
  if (count === 0) return input;
  const many = count === 1 ? 'a fault' : `${count} faults`;
  return answerProblem(c, 'invalid-request', `The request has ${many}.`, { faults, count });
}

const labels = { params: 'path', query: 'query', headers: 'header', body: '' };

/** Of calls, as the document groups them: the resource in their path. */
export const tags: Record<string, string> = {
  campaigns: 'Send to an audience, and see what became of it.',
  messages: 'Push to a few, at once.',
  audiences: 'Who would be reached, and audiences that come as a file.',
  segments: 'Audiences that are saved under a name.',
  schedules: 'Campaigns that are sent again and again.',
  installations: 'Apps on devices.',
  users: 'What is known of a person, and its end.',
  triggers: 'Outside services that push.',
  webhooks: 'Outside services that are told of events.',
  events: 'Events that nothing took.',
  apps: 'The switch of a whole app.',
  keys: 'Who may call.',
  doctor: 'What is wrong with the deployment.',
  service: 'What the API says of itself.',
};

const tagOf = (path: string) => path.match(/^\/v1\/(\w+)/)?.[1] ?? 'service';

function documented({ method, path, operationId, summary, description, ...it }: Call): RouteConfig {
  const { body, query, ...rest } = it.takes;
  const problems = [
    ...(query !== 'any' || it.takes.params || body ? [400] : []),
    ...(it.scopes ? [401, 403, 429, 503] : []),
    ...(body ? [413, 415] : []),
    500,
  ];
  const scopes = it.scopes?.map((scope) => `\`${scope}\``).join(' or ');
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
