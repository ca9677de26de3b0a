/**
 * The client's types and its table of calls, made from the OpenAPI document.
 *
 * openapi-typescript was not taken: it builds its output with the compiler API of TypeScript 5, which
 * TypeScript 7 does not have, so it would bring a second compiler.
 */

import { comment, type Schema, typeName, typeOf } from './schema-type.ts';

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: { requestBody: Required<Content> } }>;
  components: { schemas: Record<string, Schema> };
}

/** By the names of headers: the client's names for them. */
const HEADERS: Record<string, string> = {
  'idempotency-key': 'idempotencyKey',
  'last-event-id': 'lastEventId',
};

/** POST calls that may be repeated without a key: they read, or a repeat changes nothing. */
const REPEATABLE = [
  'checkCampaign',
  'checkSchedule',
  'estimateAudience',
  'lookUpInstallations',
  'renderMessage',
  'sendReceipts',
];

const HEAD = '// Made from the OpenAPI document by `npm run build:clients`. Do not edit.\n\n';
const IMPORTS = "import type { CallOptions, TextBody } from './options.ts';\n";
const JSON_TYPE = 'application/json';

/** The files of the client that are made from the document, by their names. */
export function generate(document: Document): Record<string, string> {
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => ({ path, method: method.toUpperCase(), ...it })),
  );
  return {
    'api.ts': [`${HEAD}${IMPORTS}`, callsOf(calls), ...typesOf(document)].join('\n'),
    'table.ts': HEAD + tableOf(document.info.version, calls),
  };
}

function typesOf({ components, webhooks }: Document): string[] {
  const types = Object.entries(components.schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, it]) => `${comment(it.description)}export type ${typeName(name)} = ${typeOf(it)};\n`,
    );
  const events = Object.values(webhooks)
    .flatMap(({ post }) => Object.values(post.requestBody.content))
    .map(({ schema }) => typeOf(schema ?? {}));
  const any = `/** What webhooks are sent. */\nexport type WebhookEvent =\n  | ${events.join('\n  | ')};\n`;
  return [...types, any];
}

interface Called extends Operation {
  path: string;
  method: string;
}

const callsOf = (calls: Called[]) =>
  `/** Every call of the API, by its name there. */\nexport interface Calls {\n${calls.map(methodOf).join('')}}\n`;

function methodOf(it: Called): string {
  const input = inputOf(it);
  const said = [`${it.summary}. \`${it.method} ${it.path}\``, it.description].filter(Boolean);
  const optional = input.every(({ required }) => !required) ? '?' : '';
  const fields = input.map(({ name, required, type }) => `${name}${required ? '' : '?'}: ${type}`);
  const type = fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`;
  return `${comment(said.join('\n\n'), '  ')}  ${it.operationId}(input${optional}: ${type}, options?: CallOptions): Promise<${answerOf(it)}>;\n`;
}

/** What a call is given: its parameters and its body in one object. */
function inputOf({ operationId, parameters = [], requestBody }: Called) {
  const input = parameters.map((it) => {
    const name = it.in === 'header' ? HEADERS[it.name] : it.name;
    if (name === undefined) throw new Error(`${operationId}: no name for the header ${it.name}`);
    return { name, required: it.required ?? false, type: typeOf(it.schema, '  ') };
  });
  const json = requestBody?.content?.[JSON_TYPE];
  if (json) input.push({ name: 'body', required: true, type: typeOf(json.schema ?? {}, '  ') });
  else if (requestBody) {
    const types = Object.keys(requestBody.content ?? {}).map((it) => `'${it}'`);
    input.push({ name: 'body', required: true, type: 'TextBody' });
    input.push({ name: 'contentType', required: true, type: types.join(' | ') });
  }
  const names = new Set(input.map(({ name }) => name));
  if (names.size < input.length) throw new Error(`${operationId}: two inputs have one name`);
  return input;
}

/** The JSON of its good answers; undefined where one has no body. */
function answerOf({ responses }: Called): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const types = good.map(([, { content }]) =>
    content ? typeOf(content[JSON_TYPE]?.schema ?? {}, '  ') : 'undefined',
  );
  return [...new Set(types)].join(' | ');
}

function tableOf(version: string, calls: Called[]): string {
  const lost = REPEATABLE.filter((it) => !calls.some(({ operationId }) => operationId === it));
  if (lost.length > 0) throw new Error(`there is no call ${lost.join(', ')}`);
  const rows = calls.map((it) => {
    const takesKey = it.parameters?.some(({ name }) => name === 'idempotency-key');
    const mark = takesKey ? ' keyed' : REPEATABLE.includes(it.operationId) ? ' repeatable' : '';
    return `  ${it.operationId}: '${it.method} ${it.path}${mark}',\n`;
  });
  return [
    '/** The version of the API that this client speaks: `info.version` of its document. */',
    `export const API_VERSION = '${version}';`,
    '',
    '/** Method and path of each call; `keyed`: it takes an Idempotency-Key; `repeatable`: without one. */',
    `export const table = {\n${rows.join('')}} as const;\n`,
  ].join('\n');
}
