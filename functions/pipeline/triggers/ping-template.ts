/**
 * Templates over a ping's JSON: `{{pull_request.user.login|somebody}}` in a string. A value goes into
 * a string that is a string already, so nothing in a ping can become more than text there.
 */

import type { Fault } from '../../errors.ts';
import type { Json } from './trigger.ts';

const PLACE = /\{\{([^{}|]*)(?:\|([^{}]*))?\}\}/g;
const ONLY_PLACE = /^\{\{([^{}|]*)(?:\|([^{}]*))?\}\}$/;
const SEGMENT = /^[^\s.[\]{}|]+(?:\s+[^\s.[\]{}|]+)*$/;
const MAX_SEGMENTS = 16;
/** Of one value in a text; what is taken from a ping is somebody else's. */
const MAX_VALUE = 4096;
/** As many as an audience may name. */
const MAX_LIST = 100;

/**
 * What may stand where a place stands alone: text only, a list of texts, a number, or whatever of
 * JSON is no list and no object.
 */
type Mode = 'text' | 'list' | 'number' | 'scalar';

/** By the path within a campaign. */
function modeOf(path: string): Mode {
  if (path.startsWith('audience.')) return 'list';
  if (path === 'message.badge' || path === 'message.ttlSeconds') return 'number';
  return /^message\.(apns|fcm)\./.test(path) ? 'scalar' : 'text';
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

/** What is there; undefined: nothing. Only what the ping itself has, never a prototype's. */
export function lookUp(value: Json, path: string): Json | undefined {
  let it: Json | undefined = value;
  for (const segment of segmentsOf(path) ?? ['']) {
    if (typeof it !== 'object' || it === null || !Object.hasOwn(it, segment)) return undefined;
    it = (it as Record<string, Json>)[segment];
  }
  return it;
}

/** Every place of a template that cannot be one, by its path. */
export function templateFaults(template: Json, path: string): Fault[] {
  const faults: Fault[] = [];
  walk(template, path, (text, at) => {
    for (const [place, inner = ''] of text.matchAll(PLACE))
      if (!segmentsOf(inner))
        faults.push({ path: at, message: `${place} is not {{path}} or {{path|default}}` });
    if (/\{\{|\}\}/.test(text.replaceAll(PLACE, '')))
      faults.push({ path: at, message: 'has a {{ or a }} that belongs to nothing' });
    return text;
  });
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

/** Filled from a ping; what is missing and has no default is a fault. */
export function fill(template: Json, path: string, ping: Json): { value: Json; faults: Fault[] } {
  const faults: Fault[] = [];
  const find = (at: string, place: string, inner: string, otherwise: string | undefined) => {
    const found = lookUp(ping, inner);
    if (found !== undefined && found !== null) return found;
    if (otherwise === undefined)
      faults.push({ path: at, message: `${place}: the ping has no such field` });
    return otherwise ?? '';
  };
  const scalar = (at: string, place: string, value: Json): string => {
    if (typeof value === 'object')
      faults.push({ path: at, message: `${place} is a list or an object` });
    return String(value).slice(0, MAX_VALUE).toWellFormed();
  };
  const value = walk(template, path, (text, at) => {
    const mode = modeOf(at);
    const only = mode === 'text' ? null : text.match(ONLY_PLACE);
    if (only) {
      const [place, inner = '', otherwise] = only;
      const found = find(at, place, inner, otherwise);
      if (mode === 'list' && Array.isArray(found))
        return found.slice(0, MAX_LIST + 1).map((it) => scalar(at, place, it));
      if (mode === 'scalar' && /number|boolean/.test(typeof found)) return found;
      const text = scalar(at, place, found);
      return mode === 'number' && /^-?\d+$/.test(text) ? Number(text) : text;
    }
    return text.replaceAll(PLACE, (place, inner: string, otherwise: string | undefined) =>
      scalar(at, place, find(at, place, inner, otherwise)),
    );
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
