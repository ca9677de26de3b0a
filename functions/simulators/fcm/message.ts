/**
 * Checks the shape of a request to FCM HTTP v1 as Google's JSON parser does: an unknown field is a
 * fault, names may be in snake_case or lowerCamelCase, and null means absent.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 * https://protobuf.dev/programming-guides/json/
 */

import { type Kind, request, type Sent, type SentMessage } from './schema.ts';

export interface Violation {
  field: string;
  description: string;
}

const TARGETS = ['token', 'topic', 'condition'];

/** Returns the request with snake_case names and without nulls, and all faults of its shape. */
export function readRequest(value: unknown): { request: Sent; violations: Violation[] } {
  const violations: Violation[] = [];
  const sent = read(value, request, '', violations) as Sent;
  const targets = TARGETS.filter((it) => sent?.message?.[it as keyof SentMessage] !== undefined);
  for (const name of targets.slice(1))
    violations.push({
      field: 'message',
      description: `Invalid value at 'message' (oneof), oneof field 'target' is already set. Cannot set '${name}'`,
    });
  return { request: sent ?? {}, violations };
}

function read(value: unknown, kind: Kind, at: string, found: Violation[]): unknown {
  const refuse = (type: string, more = JSON.stringify(value)) => {
    found.push({ field: at, description: `Invalid value at '${at}' (${type}), ${more}` });
  };
  if (typeof kind === 'object' && 'fields' in kind) {
    if (!isObject(value)) return refuse(kind.named);
    return readFields(value, kind.fields, at, found);
  }
  if (typeof kind === 'object' && 'all' in kind) {
    const items = Array.isArray(value) ? value : [value];
    return items.map((it, i) => read(it, kind.all, `${at}[${i}]`, found));
  }
  if (kind === 'Texts') {
    if (!isObject(value)) return refuse('TYPE_MESSAGE');
    // the parser numbers the entries of a map
    Object.values(value).forEach((it, i) => {
      read(it, 'STRING', `${at}[${i}].value`, found);
    });
    return value;
  }
  if (Array.isArray(value)) {
    const [outer, name] = at.split(/\.(?=[^.]+$)/);
    const description = `Invalid JSON payload received. Unknown name "${name}" at '${outer}': Proto field is not repeating, cannot start list.`;
    found.push({ field: outer!, description });
    return undefined;
  }
  if (typeof kind === 'object') {
    if (!kind.words.includes(value as string)) refuse(kind.named);
    return value;
  }
  const fault = faultOf(value, kind, at);
  if (fault !== null) refuse(...fault);
  return value;
}

function readFields(
  value: Record<string, unknown>,
  fields: Record<string, Kind>,
  at: string,
  found: Violation[],
): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const snake = Object.hasOwn(fields, name)
      ? name
      : name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`);
    const unknownName = (why: string) =>
      found.push({
        field: at,
        description: `Invalid JSON payload received. Unknown name "${name}"${at ? ` at '${at}'` : ''}: ${why}`,
      });
    if (!Object.hasOwn(fields, snake) || name.startsWith('_')) unknownName('Cannot find field.');
    else if (Object.hasOwn(known, snake))
      unknownName('Proto field is not repeating, cannot set it again.');
    else if (inner !== null)
      known[snake] = read(inner, fields[snake]!, at ? `${at}.${snake}` : snake, found);
  }
  return known;
}

const MAX_INT32 = 2 ** 31 - 1;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** The type in the parser's words, and its additional text; null if the value has the type. */
function faultOf(
  value: unknown,
  kind: Exclude<Kind, object | 'Texts'>,
  at: string,
): [type: string, more?: string] | null {
  const protobuf = `type.googleapis.com/google.protobuf.${kind}`;
  switch (kind) {
    case 'STRING':
      return typeof value === 'string' ? null : ['TYPE_STRING'];
    case 'BOOL':
      return typeof value === 'boolean' ? null : ['TYPE_BOOL'];
    case 'INT32': {
      const number = numberIn(value);
      return Number.isInteger(number) && Math.abs(number) <= MAX_INT32 ? null : ['TYPE_INT32'];
    }
    case 'FLOAT':
      return Number.isFinite(numberIn(value)) ? null : ['TYPE_FLOAT'];
    case 'Duration': {
      if (typeof value !== 'string') return [protobuf];
      const field = `Field '${at.split('.').at(-1)}'`;
      if (!value.endsWith('s'))
        return [protobuf, `${field}, Illegal duration format; duration must end with 's'`];
      return /^-?\d{1,12}(?:\.\d{1,9})?s$/.test(value)
        ? null
        : [protobuf, `${field}, Invalid duration format, failed to parse seconds`];
    }
    case 'Timestamp':
      return typeof value === 'string' && timestamp.test(value) && !Number.isNaN(Date.parse(value))
        ? null
        : [protobuf];
    case 'Struct':
      return isObject(value) ? null : [protobuf];
  }
}

/** A number may come as a string. */
const numberIn = (value: unknown): number =>
  typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
    ? Number(value)
    : Number.NaN;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
