/**
 * Cells as teams have them, made into what the API takes. What makes no sense is left as it is, so
 * that the API names the fault.
 */

export type Convert = (cell: unknown) => unknown;

const text: Convert = (it) => (typeof it === 'number' || typeof it === 'bigint' ? String(it) : it);

const platforms = new Map([
  ...['ios', 'iphone', 'ipad', 'ipados', 'apple', 'apns', 'i'].map((it) => [it, 'ios'] as const),
  ...['android', 'fcm', 'gcm', 'google', 'a'].map((it) => [it, 'android'] as const),
  ...['web', 'browser', 'chrome', 'firefox'].map((it) => [it, 'web'] as const),
]);

const environments = new Map([
  ...['production', 'prod'].map((it) => [it, 'production'] as const),
  ...['sandbox', 'development', 'dev'].map((it) => [it, 'sandbox'] as const),
]);

const truths = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((it) => [it, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((it) => [it, false] as const),
]);

const oneOf =
  (words: Map<string, unknown>): Convert =>
  (it) =>
    words.get(it as string) ?? words.get(String(it).trim().toLowerCase()) ?? it;

/** `pt_BR.UTF-8` and `pt_BR` as BCP 47 has them. */
const language: Convert = (it) =>
  typeof it === 'string'
    ? it
        .trim()
        .replace(/[.@].*$/, '')
        .replaceAll('_', '-')
    : it;

const list: Convert = (it) => {
  if (typeof it !== 'string') return it;
  if (it.startsWith('[')) return json(it);
  return it.split('|').filter(Boolean);
};

const json: Convert = (it) => {
  if (typeof it !== 'string') return it;
  try {
    return JSON.parse(it);
  } catch {
    return it;
  }
};

/** `2026-11-21 13:00:00.5+00`, a date, seconds or milliseconds since the epoch. */
const time: Convert = (it) => {
  // as PostgreSQL has it in UTC, which is how it is asked; the API looks at the rest
  if (typeof it === 'string' && it.length > 21 && it[10] === ' ' && it.endsWith('+00'))
    return `${it.slice(0, 10)}T${it.slice(11, -3)}Z`;
  const number = typeof it === 'number' ? it : /^\d{9,13}$/.test(String(it)) ? Number(it) : null;
  if (number !== null) return iso(number < 1e11 ? number * 1000 : number) ?? it;
  if (typeof it !== 'string') return it;
  const [, day, clock = '00:00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(
      it.trim(),
    ) ?? [];
  if (!day) return it;
  const offset = /^[+-]\d\d$/.test(zone)
    ? `${zone}:00`
    : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  return iso(Date.parse(`${day}T${clock}${offset}`)) ?? it;
};

const iso = (ms: number) =>
  Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : null;

const byField: Record<string, Convert> = {
  platform: oneOf(platforms),
  environment: oneOf(environments),
  optedOut: oneOf(truths),
  language,
  tags: list,
  attributes: json,
  refreshedAt: time,
};

export const converters = (field: string): Convert =>
  field.startsWith('attributes.') ? (it) => it : (byField[field] ?? text);

const WORDS = 'text|varchar|bpchar|name|citext|uuid|char|enum|unknown';
const NUMBERS = 'int2|int4|int8|numeric|float4|float8';

/** Which types of PostgreSQL's a field can be made of. */
export function kinds(field: string): { types: RegExp; needed: string } {
  const of = (types: string, needed: string) => ({ types: new RegExp(`^(?:${types})$`), needed });
  if (field.startsWith('attributes.'))
    return of(`${WORDS}|${NUMBERS}|bool|date|timestamp|timestamptz`, 'text, a number or a bool');
  switch (field) {
    case 'id':
    case 'userId':
    case 'appVersion':
      return of(`${WORDS}|${NUMBERS}`, 'text or a number');
    case 'optedOut':
      return of(`bool|${WORDS}|int2|int4|int8`, 'bool');
    case 'tags':
      return of(
        `_(?:${WORDS})|json|jsonb|${WORDS}`,
        'text[], json, or text with | between the tags',
      );
    case 'attributes':
      return of('json|jsonb|text|varchar', 'json or jsonb');
    case 'refreshedAt':
      return of(`timestamp|timestamptz|date|${NUMBERS}|${WORDS}`, 'a timestamp');
    default:
      return of(WORDS, 'text');
  }
}
