/**
 * A call of the API is described once: the scopes it needs, what it takes (schemas), what it answers,
 * and its handler. The server checks requests by this description, and the OpenAPI document is made
 * from it.
 */

import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { Context, Hono } from 'hono';
import * as z from 'zod';
import type { Fault } from '../../lib/errors.ts';
import { type Found, validate } from '../../lib/faults.ts';
import type { Scope } from '../../model/key.ts';
import type { Authorize } from '../auth/authorize.ts';
import type { Admit } from '../auth/registration-key.ts';
import { readJson } from './body.ts';
import { answerProblem } from './problem.ts';

/** The schemas of a call's input. Bodies are JSON. */
interface Schemas {
  params?: z.ZodObject;
  /** an unknown parameter is a fault; absent: there are none; 'any': the caller chooses them */
  query?: z.ZodObject | 'any';
  /** by header names in lower case */
  headers?: z.ZodObject;
  body?: z.ZodType;
}

type Input<S extends Schemas> = {
  [K in keyof S]: S[K] extends z.ZodType ? z.output<S[K]> : never;
};

interface Description<S extends Schemas> {
  method: 'get' | 'put' | 'post' | 'patch' | 'delete';
  /** `{name}` is a parameter; the last one may have a verb behind it: `{name}:test` */
  path: string;
  /** the name of the call in generated clients, so it never changes */
  operationId: string;
  summary: string;
  description?: string;
  /** any of these is enough; empty: every known caller may; null: public */
  scopes: Scope[] | null;
  takes: S;
  /** with 404, 409 and 422 if it answers them; problems that any call may answer are added */
  responses: RouteConfig['responses'];
  /** the largest body of JSON, where the usual bound is more than it ever needs */
  maxBytes?: number;
  /** for a body that is not JSON, which the handler reads */
  requestBody?: RouteConfig['requestBody'];
  /** runs before the call is read: null if it may go on, otherwise the answer */
  admit?: Admit;
  handle(input: Input<S>, c: Context): Response | Promise<Response>;
}

/** A call without the types of its schemas, so that all calls fit into one list. */
export type Call = Omit<Description<Schemas>, 'handle'> & {
  handle(input: never, c: Context): Response | Promise<Response>;
};

export const call = <const S extends Schemas>(it: Description<S>): Call => it;

export interface Access {
  authorize: Authorize;
  /** runs for every call once it is authorized */
  admit: Admit;
}

/** Adds the calls to an app. Other methods of their paths answer 405. */
export function serve(app: Hono, calls: Call[], { authorize, admit }: Access) {
  for (const it of calls) {
    app.on(it.method.toUpperCase(), pattern(it.path), async (c) => {
      const refusal = (it.scopes && (await authorize(c, it.scopes))) || admit(c) || it.admit?.(c);
      if (refusal) return refusal;
      const input = await read(c, it);
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

/** A path in Hono's syntax. A parameter is the text between two slashes, with its verb if any. */
const pattern = (path: string) =>
  path.replaceAll(/{(\w+)}(:\w+)?/g, (_, name, verb) => `:${name}${verb ? `{[^/]+${verb}}` : ''}`);

function paramsOf(c: Context, path: string): Record<string, string> {
  const params: Record<string, string> = c.req.param();
  const [, name, verb] = path.match(/{(\w+)}(:\w+)$/) ?? [];
  return name && verb ? { ...params, [name]: params[name]!.slice(0, -verb.length) } : params;
}

const NO_QUERY = z.strictObject({});

/** The query's values by name, and names with several: we do not choose which of those counts. */
function queryOf(c: Context) {
  // Hono's own object would miss `?constructor=x`
  const values = new Map<string, string>();
  const twice = new Set<string>();
  for (const [name, value] of new URL(c.req.url).searchParams)
    if (values.has(name)) twice.add(name);
    else values.set(name, value);
  return { values: Object.fromEntries(values), twice };
}

/** The validated input of a call, or a problem that names every fault of every part. */
async function read(
  c: Context,
  { takes, path, maxBytes }: Call,
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
  if (takes.query !== 'any') {
    const { values, twice } = queryOf(c);
    for (const name of twice)
      refuse({ faults: [{ path: `query.${name}`, message: 'is given more than once' }], count: 1 });
    check('query', takes.query ?? NO_QUERY, () => values);
  }
  const names = Object.keys(takes.headers?.shape ?? {});
  check('headers', takes.headers, () =>
    Object.fromEntries(names.map((name) => [name, c.req.header(name)])),
  );
  if (takes.body) {
    const json = await readJson(c, maxBytes);
    if (json instanceof Response) return json;
    if ('faults' in json) refuse(json);
    else check('body', takes.body, () => json.value);
  }
  if (count === 0) return input;
  const many = count === 1 ? 'a fault' : `${count} faults`;
  return answerProblem(c, 'invalid-request', `The request has ${many}.`, { faults, count });
}

const labels = { params: 'path', query: 'query', headers: 'header', body: '' };
