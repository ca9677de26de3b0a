/**
 * Templates over the JSON of an inbound webhook: `{{pull_request.user.login|someone}}` in a string. A value
 * only becomes part of a string and is never evaluated: the message made of it is literal. Where a grammar
 * reads the string (a condition, a range of versions), the value may only be one of its names.
 */

import type { Fault } from '../lib/errors.ts';
import { HALF } from '../lib/json-texts.ts';
import { BRACES, halvesOf } from './message/template.ts';
import { overrides } from './provider/registry.ts';
import type { Json } from './trigger.ts';

const ONLY_PLACE = /^\{\{([^{}]*)\}\}$/;
const SEGMENT = /^[^\s.[\]{}|]+(?:\s+[^\s.[\]{}|]+)*$/;
const MAX_SEGMENTS = 16;
/** Characters of one value, since it comes from outside. */
const MAX_VALUE = 4096;
/** Characters of all values in one template. A campaign has at most 512 KiB. */
const MAX_VALUES = 256 * 1024;
/** Values of a list: as many as an audience may name. */
const MAX_LIST = 100;
/** Places in one template. */
const MAX_PLACES = 100;

/**
 * Which values a string that is one single place may become: a text, a list of texts, a number, or any
 * JSON that is no list and no object.
 */
type Mode = 'text' | 'list' | 'number' | 'scalar';

/** Paths within an override, the part of a message that one provider gets. */
const OVERRIDES = new RegExp(`^message\\.(?:${overrides.join('|')})\\.`);

/** The mode of a string, by its path within a campaign. */
function modeOf(path: string): Mode {
  if (path.startsWith('audience.')) return 'list';
  if (path === 'message.badge' || path === 'message.ttlSeconds') return 'number';
  return OVERRIDES.test(path) ? 'scalar' : 'text';
}

/** Strings that a grammar reads, and the form of a value in them. Neither grammar has quotes. */
const grammars = [
  { at: /^audience\.condition$/, form: /^[\w.~%-]+$/, is: 'a topic name' },
  {
    at: /^audience(?:\.(?:and|or)\[\d+\]|\.not)*\.appVersion$/,
    form: /^\d{1,9}(?:\.\d{1,9}){0,2}(?:[-+][\w.-]{1,64})?$/,
    is: 'a version such as 4.2.1',
  },
];

/** Why a text may not be a value at a path; null if it may. */
function refusal(at: string, text: string): string | null {
  // a text that people read may lose half a character, or its end
  if (!at.startsWith('audience')) return null;
  if (!text.isWellFormed()) return HALF;
  if (text.length > MAX_VALUE) return `is longer than ${MAX_VALUE} characters`;
  const grammar = grammars.find((it) => it.at.test(at));
  return grammar && !grammar.form.test(text) ? `is not ${grammar.is}` : null;
}

/** The segments of a path such as `a.b[0].c` or `a.b.0.c`; null: it is no path. */
export function segmentsOf(path: string): string[] | null {
  const segments = path
    .trim()
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.');
  return segments.length <= MAX_SEGMENTS && segments.every((it) => SEGMENT.test(it))
    ? segments
    : null;
}

/**
 * The value at a path; undefined: there is none. Only own properties count, never those of a prototype. An
 * integer that no number can hold becomes a string of its digits, so that an id is not changed.
 */
export function lookUp(value: Json, path: string): Json | undefined {
  let it: Json | undefined = value;
  for (const segment of segmentsOf(path) ?? ['']) {
    if (typeof it !== 'object' || it === null || !Object.hasOwn(it, segment)) return undefined;
    it = (it as Record<string, Json>)[segment];
  }
  return JSON.isRawJSON(it) ? it.rawJSON : it;
}

/** Every malformed place of a template, with its path in a request. */
export function templateFaults(template: Json, path: string): Fault[] {
  const faults: Fault[] = [];
  let places = 0;
  walk(template, path, (text, at) => {
    for (const [place, inner = ''] of text.matchAll(BRACES)) {
      places += 1;
      if (!segmentsOf(halvesOf(inner).name))
        faults.push({ path: at, message: `${place} is not {{path}} or {{path|default}}` });
    }
    if (/\{\{|\}\}/.test(text.replaceAll(BRACES, ' ')))
      faults.push({ path: at, message: 'has a {{ or a }} that belongs to nothing' });
    if (at.includes('{{')) faults.push({ path: at, message: 'names take no places' });
    return text;
  });
  if (places > MAX_PLACES)
    faults.push({ path, message: `may have ${MAX_PLACES} places at most, not ${places}` });
  return faults;
}

/** The paths of the strings that have places. */
export function placesOf(template: Json, path: string): string[] {
  const places: string[] = [];
  walk(template, path, (text, at) => {
    if (text.includes('{{')) places.push(at);
    return text;
  });
  return places;
}

/**
 * Fills a template with values of the JSON `ping`. A missing value without a default is a fault, and so
 * is a value that may not stand in its place. Never throws.
 */
export function fill(template: Json, path: string, ping: Json): { value: Json; faults: Fault[] } {
  const faults: Fault[] = [];
  let left = MAX_VALUES;
  const refuse = (at: string, place: string, why: string) => {
    faults.push({ path: at, message: `${place}: ${why}` });
    return '';
  };
  /**
   * The value for a place; `own`: it is the default, which is the template's own text and needs no
   * check.
   */
  const find = (at: string, place: string, inner: string): { found: Json; own: boolean } => {
    const { name, fallback } = halvesOf(inner);
    const found = lookUp(ping, name);
    if (found !== undefined && found !== null) return { found, own: false };
    if (fallback === null) refuse(at, place, 'the ping has no such field');
    return { found: fallback ?? '', own: true };
  };
  const scalar = (at: string, place: string, value: Json): string => {
    if (typeof value === 'object') return refuse(at, place, 'is a list or an object');
    const text = String(value);
    const why = refusal(at, text);
    if (why !== null) return refuse(at, place, `the ping's value ${why}`);
    const taken = text.slice(0, MAX_VALUE).toWellFormed();
    left -= taken.length;
    return left >= 0 ? taken : refuse(at, place, `values have ${MAX_VALUES} characters at most`);
  };
  const alone = (at: string, mode: Mode, place: string, inner: string): Json => {
    const { found, own } = find(at, place, inner);
    if (mode === 'list' && Array.isArray(found))
      return found.slice(0, MAX_LIST + 1).map((it) => scalar(at, place, it));
    if (mode === 'scalar' && /number|boolean/.test(typeof found)) return found;
    const text = own ? String(found) : scalar(at, place, found);
    return mode === 'number' && /^-?\d+$/.test(text) ? Number(text) : text;
  };
  const value = walk(template, path, (text, at) => {
    const mode = modeOf(at);
    const only = mode === 'text' ? null : text.match(ONLY_PLACE);
    if (only) return alone(at, mode, only[0], only[1]!);
    return text.replaceAll(BRACES, (place, inner: string) => {
      const { found, own } = find(at, place, inner);
      return own ? String(found) : scalar(at, place, found);
    });
  });
  return { value, faults };
}

/** Replaces each string of a template. Recursive: a schema has bounded the depth. */
function walk(value: Json, path: string, text: (text: string, path: string) => Json): Json {
  if (typeof value === 'string') return text(value, path);
  if (Array.isArray(value)) return value.map((it, i) => walk(it, `${path}[${i}]`, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [key, walk(it, `${path}.${key}`, text)]),
  );
}

/** The audience with lists of ids: one id becomes a list of one. */
export const asLists = (audience: Json): Json =>
  typeof audience !== 'object' || audience === null
    ? audience
    : Object.fromEntries(
        Object.entries(audience).map(([key, it]) => [
          key,
          typeof it === 'string' && /^(userIds|installationIds|tokens)$/.test(key) ? [it] : it,
        ]),
      );

/** Marks the message as literal: values of an inbound webhook are no variables. */
export const asLiteral = (message: Json): Json =>
  typeof message === 'object' ? { ...message, literal: true } : message;
