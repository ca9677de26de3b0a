/** Turns the issues that a zod schema finds into faults, in words for the author of a request. */

import type * as z from 'zod';
import { type Fault, MAX_FAULTS } from './errors.ts';

/** Faults found so far: the first `MAX_FAULTS` are kept, all are counted. */
export interface Found {
  faults: Fault[];
  count: number;
}

/** Counts a fault, and keeps it if there is room; `fault` is called only then. */
export function note(found: Found, fault: () => Fault) {
  found.count++;
  if (found.faults.length < MAX_FAULTS) found.faults.push(fault());
}

type Validated<T> = { value: T } | Found;

/** The value as the schema parses it, or all faults. `within` is put before each path. Never throws. */
export function validate<T>(
  schema: z.ZodType<T>,
  value: unknown,
  within: PropertyKey[] = [],
): Validated<T> {
  // the input shows which alternative of a union was meant
  const parsed = schema.safeParse(value, { reportInput: true, error: ofUnknownNames });
  if (parsed.success) return { value: parsed.data };
  const found: Found = { faults: [], count: 0 };
  for (const issue of parsed.error.issues) tell(found, issue, within);
  return found;
}

type Issue = z.core.$ZodIssue;

const UNKNOWN = 'is unknown';

/** A record may allow only some names; the issue itself does not list them. */
function ofUnknownNames({ code, inst }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'unrecognized_keys') return undefined;
  const { keyType } = (inst?._zod.def ?? {}) as Partial<z.core.$ZodRecordDef>;
  const names = keyType?._zod.values;
  return names ? `${UNKNOWN}: must be ${oneOf([...names]).join()}` : UNKNOWN;
}

function tell(found: Found, issue: Issue, within: PropertyKey[]) {
  const path = [...within, ...issue.path];
  const say = (message: () => string, at = path) =>
    note(found, () => ({ path: pathOf(at), message: message() }));
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys) say(() => issue.message, [...path, key]);
      return;
    case 'invalid_key':
      for (const inner of issue.issues) say(() => `name: ${inWords(inner)}`);
      return;
    case 'invalid_union': {
      const meant = branchMeant(issue.errors);
      // a fault that lists only the values of one alternative would hide the others
      if (!meant || meant.every(isOfValues)) say(() => alternatives(issue, meant));
      else for (const inner of meant) tell(found, inner, path);
      return;
    }
    default:
      say(() => inWords(issue));
  }
}

/** zod's own messages are for programmers, so they are replaced. A message of the schema is kept. */
function inWords(issue: Issue): string {
  const { message } = issue;
  if (hasOwnWords(issue)) return message;
  switch (issue.code) {
    case 'invalid_union':
      return alternatives(issue);
    case 'invalid_value':
      return needed(issue, oneOf(issue.values));
    case 'invalid_type':
      if (issue.input === undefined) return needed(issue, [issue.expected]);
      return message.replace(/^Invalid input: /, '');
    case 'too_small':
      return bound(issue.inclusive ? 'at least' : 'more than', issue.minimum, issue.origin);
    case 'too_big':
      return bound(issue.inclusive ? 'at most' : 'less than', issue.maximum, issue.origin);
    default:
      return message.replace(/^Invalid input: /, '');
  }
}

const hasOwnWords = ({ message }: Issue) =>
  !/^(?:Invalid (?:input|option)|Too (?:small|big))\b/.test(message);

/** The values as a list of alternatives: `one of a, b`. */
function oneOf(values: readonly unknown[]): string[] {
  const words = [...new Set(values.map(String))];
  return words.length > 1 ? [`one of ${words.join(', ')}`] : words;
}

/** JSON has no undefined, so an undefined value is a missing one. */
function needed(issue: Issue, allowed: string[]): string {
  const { input, discriminator } = issue as { input?: unknown; discriminator?: string };
  const given =
    discriminator === undefined ? input : (input as Record<string, unknown>)[discriminator];
  const all = allowed.join(' or ');
  return given === undefined ? `is missing: ${all} expected` : `must be ${all}`;
}

function bound(than: string, limit: number | bigint, origin: string): string {
  const thing = { string: 'character', array: 'item', object: 'entry', record: 'entry' }[origin];
  if (!thing) return `must be ${than} ${limit}`;
  const things = thing === 'entry' ? 'entries' : `${thing}s`;
  return `must have ${than} ${limit} ${Number(limit) === 1 ? thing : things}`;
}

/** All that a union allows. If one alternative is meant, the types of the others are left out. */
function alternatives(issue: Issue, meant?: Issue[]): string {
  const own = meant?.find(hasOwnWords);
  if (own) return own.message;
  const all = ends(issue);
  const values = all.flatMap((it) => (it.code === 'invalid_value' ? it.values : []));
  const types = all.flatMap((it) => (it.code === 'invalid_type' && !meant ? [it.expected] : []));
  const kinds = 'options' in issue ? (issue.options ?? []) : [];
  const allowed = [...oneOf([...kinds, ...values]), ...new Set(types)];
  if (allowed.length > 0) return needed(issue, allowed);
  return [...new Set(all.map(inWords))].join(', or ') || 'is not valid';
}

/** The issues of all alternatives that concern the value itself, not a part of it. */
function ends(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  return issue.errors
    .flat()
    .filter((it) => it.path.length === 0)
    .flatMap(ends);
}

/** The alternative of a union that the author seems to have meant: the one that fits best. */
function branchMeant(branches: Issue[][]): Issue[] | undefined {
  const ofType = branches.filter((issues) => !issues.some(isOfOtherType));
  const within = ofType.filter((issues) => issues.some(isWithin));
  if (within.length === 1) return within[0];
  return ofType.length === 1 ? ofType[0] : undefined;
}

const isOfValues = (issue: Issue) => issue.code === 'invalid_value' && issue.path.length === 0;

const isWithin = (issue: Issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys';

function isOfOtherType(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_type') return true;
  if (issue.code === 'invalid_value')
    return !issue.values.some((it) => typeof it === typeof issue.input);
  return issue.code === 'invalid_union' && issue.errors.every((it) => it.some(isOfOtherType));
}

/** `audience.tags.any[2]` */
const pathOf = (path: PropertyKey[]) =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text ? `${text}.${String(key)}` : String(key);
  }, '');
