/** Reads tags and attributes of a row. A bad one is left out with a warning; the others are kept. */

import { exactNumber, INEXACT, parseExact } from '../lib/exact-json.ts';
import { HALF } from '../lib/json-texts.ts';
import { MAX_ATTRIBUTES, registrationSchema } from '../model/schemas/registration.ts';
import { bySchema, CellFault, text } from './cells.ts';

type Tell = (path: string, message: string) => void;
type Attribute = string | number | boolean;
export type Attributes = Record<string, Attribute>;

const MAX_TAGS = 100;
const MAX_TAG = 128;
const [MAX_NAME, MAX_VALUE] = [64, 256];

const isObject = (it: unknown): it is Record<string, unknown> =>
  typeof it === 'object' && it !== null && !Array.isArray(it) && !JSON.isRawJSON(it);

/** The value of a text that is JSON; any other cell as it is. */
function said(cell: unknown): unknown {
  if (typeof cell !== 'string' || !/^\s*[{[]/.test(cell)) return cell;
  try {
    return parseExact(cell);
  } catch {
    return cell;
  }
}

/**
 * Tags from a list, from JSON, or from text with `|` between them. An object has no tags: it is given
 * back as attributes.
 */
export function readTags(cell: unknown, tell: Tell): { tags: string[] } | { attributes: object } {
  const all = said(cell);
  if (isObject(all)) return { attributes: all };
  if (typeof all === 'string' && /^\s*[{[]/.test(all))
    tell('tags', 'begin like JSON and are none; write a|b or ["a","b"]');
  else if (Array.isArray(all)) return { tags: areTags(all) ? all : goodTags(all, tell) };
  else if (typeof all === 'string') {
    const tags = all.split('|').filter(Boolean);
    return { tags: areTags(tags) ? tags : goodTags(tags, tell) };
  } else tell('tags', 'must be a list');
  return { tags: [] };
}

const isTag = (it: unknown) =>
  typeof it === 'string' && it.length > 0 && it.length <= MAX_TAG && it.isWellFormed();

const areTags = (all: unknown[]): all is string[] => all.length <= MAX_TAGS && all.every(isTag);

function goodTags(all: unknown[], tell: Tell): string[] {
  const tags: string[] = [];
  for (const [index, it] of all.entries()) {
    if (it === null || it === '') continue;
    if (tags.length === MAX_TAGS) {
      tell('tags', `must be ${MAX_TAGS} at most; the others are left out`);
      break;
    }
    const tag = text(it);
    if (tag instanceof CellFault) tell(`tags[${index}]`, tag.message);
    else if (tag.length <= MAX_TAG) tags.push(tag);
    else tell(`tags[${index}]`, `must have at most ${MAX_TAG} characters`);
  }
  return tags;
}

/**
 * Categories, written as tags are and in any case. A fault if one of them cannot be read: to know some of an
 * opt-out is to lose the others.
 */
export function readCategories(cell: unknown): string[] | CellFault {
  const all = said(cell);
  const list = typeof all === 'string' ? all.split('|') : all;
  return Array.isArray(list)
    ? bySchema(registrationSchema.shape.optedOutOf.unwrap(), list.map(plain).filter(Boolean))
    : new CellFault('must be a list');
}

const plain = (it: unknown) => (typeof it === 'string' ? it.trim().toLowerCase() : it);

/** Attributes from an object, or from JSON. */
export function readAttributes(cell: unknown, tell: Tell): Attributes {
  const all = said(cell);
  if (isObject(all)) return areAttributes(all) ? all : withAttributes({}, all, tell);
  tell('attributes', 'must be a JSON object');
  return {};
}

/** Adds attributes to earlier ones; of one name the later counts. Null is no value. */
export function withAttributes(before: Attributes, more: object, tell: Tell): Attributes {
  const all = new Map<string, Attribute>(Object.entries(before));
  for (const [name, cell] of Object.entries(more)) {
    if (cell === null || cell === undefined) continue;
    const value = attribute(name, cell);
    if (value instanceof CellFault) tell(`attributes.${name}`, value.message);
    else if (all.size < MAX_ATTRIBUTES || all.has(name)) all.set(name, value);
    else {
      tell('attributes', `must be ${MAX_ATTRIBUTES} at most; the others are left out`);
      break;
    }
  }
  return Object.fromEntries(all);
}

function attribute(name: string, cell: unknown): Attribute | CellFault {
  if (!isName(name)) return new CellFault(`name: must be 1 to ${MAX_NAME} characters`);
  if (typeof cell === 'boolean') return cell;
  if (typeof cell === 'string') {
    if (!cell.isWellFormed()) return new CellFault(HALF);
    return cell.length <= MAX_VALUE
      ? cell
      : new CellFault(`must have at most ${MAX_VALUE} characters`);
  }
  if (typeof cell !== 'number' && !JSON.isRawJSON(cell))
    return new CellFault('must be text, a number, true or false');
  const number = typeof cell === 'number' ? cell : exactNumber(cell);
  return number !== null && Number.isFinite(number) ? number : new CellFault(INEXACT);
}

const isName = (name: string) =>
  name.length > 0 && name.length <= MAX_NAME && name !== '__proto__' && name.isWellFormed();

/** True if all attributes are valid, as in most rows: then they need no copy. */
function areAttributes(all: Record<string, unknown>): all is Attributes {
  let left = MAX_ATTRIBUTES;
  for (const name in all)
    if (left-- === 0 || !isName(name) || !isAttribute(all[name])) return false;
  return true;
}

const isAttribute = (it: unknown) =>
  typeof it === 'string'
    ? it.length <= MAX_VALUE && it.isWellFormed()
    : typeof it === 'boolean' || Number.isFinite(it);
