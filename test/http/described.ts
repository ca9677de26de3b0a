/**
 * Holds every answer of an API against the API's own description, with a validator that shares no
 * code with what made it: an answer that is not described is the test's failure.
 */

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { createApi } from '../../functions/http/api.ts';

type Api = ReturnType<typeof createApi>;

export interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags: string[];
  security: unknown[];
  parameters?: { name: string; in: string; schema: object }[];
  requestBody?: { content: Record<string, { schema: object; example?: unknown }> };
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

export interface Document {
  openapi: string;
  info: { version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required?: string[]; properties?: object }> };
}

interface Described {
  document: Document;
  /** throws where the answer is not as described */
  check(method: string, path: string, response: Response): Promise<void>;
}

/** By the text of the document: compiled once for all fixtures of a process. */
const known = new Map<string, Described>();

export function describedBy(text: string): Described {
  const earlier = known.get(text);
  if (earlier) return earlier;
  const document: Document = JSON.parse(text);
  // OpenAPI's own words, which say nothing about a value
  const ajv = new Ajv2020({ strict: true, allErrors: true, strictTypes: false });
  ajv.addVocabulary(['components', 'paths', 'webhooks', 'info', 'servers', 'tags', 'openapi']);
  ajv.addVocabulary(['example', 'discriminator']);
  (formats as unknown as (it: Ajv2020) => void)(ajv);
  ajv.addSchema(closed(document) as object, 'volley');
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (pointer: string) => {
    const found = compiled.get(pointer) ?? ajv.compile({ $ref: `volley#${pointer}` });
    compiled.set(pointer, found);
    return found;
  };
  const routes = Object.keys(document.paths)
    // a verb belongs to the longer path
    .sort((a, b) => b.length - a.length)
    .map((path) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll(/{\w+}/g, '[^/]+')}$`),
    }));

  async function check(method: string, path: string, response: Response) {
    const route = routes.find((it) => it.pattern.test(path))?.path;
    const operation = route === undefined ? undefined : document.paths[route]![method];
    const { status } = response;
    const called = `${method} ${route ?? path} ${status}`;
    if (!route || !operation) {
      const isProblem = response.headers.get('content-type') === 'application/problem+json';
      if (isProblem && [404, 405].includes(status)) return;
      throw new Error(`${called}: no such call is described`);
    }
    const answer = operation.responses[status];
    if (!answer) throw new Error(`${called} is not described: ${await response.clone().text()}`);
    seen.add(`${operation.operationId} ${status}`);
    const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
    if (!answer.content) {
      if (response.body !== null) throw new Error(`${called} has a body, which is not described`);
      return;
    }
    if (!answer.content[type]) throw new Error(`${called} has the type ${type}, not described`);
    if (!/^application\/(problem\+)?json$/.test(type) || !answer.content[type].schema) return;
    const value = await response.clone().json();
    const at = ['paths', route, method, 'responses', `${status}`, 'content', type, 'schema'];
    const validate = validatorOf(at.map((it) => `/${escaped(it)}`).join(''));
    if (validate(value)) return;
    throw new Error(
      `${called} is not as described: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`,
    );
  }
  const made = { document, check };
  known.set(text, made);
  return made;
}

/** `operationId status` of every answer so far, of all APIs of the process. */
export const seen = new Set<string>();

/** The same API, every answer of which is checked. */
export function checked(api: Api): Api {
  let described: Promise<Described> | null = null;
  const bare = api.fetch.bind(api);
  api.fetch = async (request, ...rest) => {
    described ??= (async () =>
      describedBy(await (await bare(new Request('http://localhost/openapi.json'))).text()))();
    const response = await bare(request, ...rest);
    // a browser's question whether a page may call is none of the calls
    if (request.method === 'OPTIONS') return response;
    const { check } = await described;
    await check(request.method.toLowerCase(), new URL(request.url).pathname, response);
    return response;
  };
  return api;
}

const escaped = (token: string) =>
  encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * An object may have no fields but those described: the document leaves that open for clients, so
 * that an answer may grow.
 */
function closed(it: unknown, within: string | null = null): unknown {
  if (Array.isArray(it)) return it.map((one) => closed(one, within));
  if (typeof it !== 'object' || it === null) return it;
  const inner = Object.fromEntries(
    Object.entries(it).map(([name, value]) => [
      name,
      name === 'example' || name === 'default' || name === 'enum' || name === 'const'
        ? value
        : closed(value, name),
    ]),
  );
  const isSchema = 'properties' in it && within !== 'allOf' && within !== 'properties';
  const isOpen = isSchema && !('additionalProperties' in it) && !('allOf' in it);
  return isOpen ? { ...inner, unevaluatedProperties: false } : inner;
}
