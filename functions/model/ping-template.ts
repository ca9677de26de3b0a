/**
 * Templates over a ping's JSON: `{{pull_request.user.login|someone}}` in a string. A value goes into
 * a string that is a string already, and is never read again: the message made of it is literal, and
 * where a grammar reads the text around a value (a condition, a range of versions) the value may only
 * be one of its names.
 */

import type { Fault } from '../lib/errors.ts';
import { HALF } from '../lib/json-texts.ts';
import { BRACES, halvesOf } from './message/template.ts';
import { overrides } from './provider/registry.ts';
import type { Json } from './trigger.ts';

const ONLY_PLACE = /^\{\{([^{}]*)\}\}$/;
const SEGMENT = /^[^\s.[\]{}|]+(?:\s+[^\s.[\]{}|]+)*$/;
const MAX_SEGMENTS = 16;
/** Characters of one value; what is taken from a ping was written by others. */
const MAX_VALUE = 4096;
/** Characters of all values in one template. A campaign has 512 KiB at most. */
const MAX_VALUES = 256 * 1024;
/** As many as an audience may name. */
const MAX_LIST = 100;
/** In one template. */
const MAX_PLACES = 100;

/**
 * What may stand where a place stands alone: text only, a list of texts, a number, or whatever of
 * JSON is no list and no object.
 */
type Mode = 'text' | 'list' | 'number' | 'scalar';

/** What only one provider is sent. */
const OVERRIDES = new RegExp(`^message\\.(?:${overrides.join('|')})\\.`);

/** By the path within a campaign. */
function modeOf(path: string): Mode {
  if (path.startsWith('audience.')) return 'list';
  if (path === 'message.badge' || path === 'message.ttlSeconds') return 'number';
  return OVERRIDES.test(path) ? 'scalar' : 'text';
}

/** Where a grammar reads the text: what a value may be in it. Neither grammar can quote. */
const grammars = [
  { at: /^audience\.condition$/, form: /^[\w.~%-]+$/, is: 'a topic name' },
  {
    at: /^audience(?:\.(?:and|or)\[\d+\]|\.not)*\.appVersion$/,
    form: /^\d{1,9}(?:\.\d{1,9}){0,2}(?:[-+][\w.-]{1,64})?$/,
    is: 'a version such as 4.2.1',
  },
];

/** Why a text of a ping may not stand there; null if it may. */
function refusal(at: string, text: string): string | null {
  // of a text that is only read, half a character or the end may get lost
  if (!at.startsWith('audience')) return null;
  if (!text.isWellFormed()) return HALF;
  if (text.length > MAX_VALUE) return `is longer than ${MAX_VALUE} characters`;
  const grammar = grammars.find((it) => it.at.test(at));
  return grammar && !grammar.form.test(text) ? `is not ${grammar.is}` : null;
}

/** `a.b[0].c`, `a.b.0.c`; null: that is no path. */
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
 * What is there; undefined: nothing. Only what the ping itself has, never a prototype's. An integer
 * that no number holds is its digits: an id stays the id that it is.
 */
export function lookUp(value: Json, path: string): Json | undefined {
  let it: Json | undefined = value;
  for (const segment of segmentsOf(path) ?? ['']) {
    if (typeof it !== 'object' || it === null || !Object.hasOwn(it, segment)) return undefined;
    it = (it as Record<string, Json>)[segment];
  }
  return JSON.isRawJSON(it) ? it.rawJSON : it;
}

/** Every place of a template that cannot be one, by its path. */
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

/** The paths of what is filled in. */
export function placesOf(template: Json, path: string): string[] {
  const places: string[] = [];
  walk(template, path, (text, at) => {
    if (text.includes('{{')) places.push(at);
    return text;
  });
  return places;
}

/**
 * Filled from a ping; what is missing and has no default is a fault, and so is what may not stand
 * where it would.
 */
export function fill(template: Json, path: string, ping: Json): { value: Json; faults: Fault[] } {
  const faults: Fault[] = [];
  let left = MAX_VALUES;
  const refuse = (at: string, place: string, why: string) => {
    faults.push({ path: at, message: `${place}: ${why}` });
    return '';
  };
  /** A default is the template's own text, and is taken as it is. */
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

/** Templates are what a schema has let through: their depth is bounded. */
function walk(value: Json, path: string, text: (text: string, path: string) => Json): Json {
  if (typeof value === 'string') return text(value, path);
  if (Array.isArray(value)) return value.map((it, i) => walk(it, `${path}[${i}]`, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [key, walk(it, `${path}.${key}`, text)]),
  );
}

/** One id stands for a list of one. */
export const asLists = (audience: Json): Json =>
  typeof audience !== 'object' || audience === null
    ? audience
    : Object.fromEntries(
        Object.entries(audience).map(([key, it]) => [
          key,
          typeof it === 'string' && /^(userIds|installationIds|tokens)$/.test(key) ? [it] : it,
        ]),
      );

/** Nothing of a ping is a variable. */
export const asLiteral = (message: Json): Json =>
  typeof message === 'object' ? { ...message, literal: true } : message;
