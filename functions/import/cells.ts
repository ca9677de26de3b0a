/**
 * Reads the cells of a row as other systems export them. The API and the command line both use it, so
 * that a file means the same to both. It takes more spellings than a registration does.
 */

import type * as z from 'zod';
import { INEXACT } from '../lib/exact-json.ts';
import { validate } from '../lib/faults.ts';
import { HALF } from '../lib/json-texts.ts';
import { remembered } from '../model/canonical/remembered.ts';
import { registrationSchema } from '../model/schemas/registration.ts';
import { saysAbsent } from './absent.ts';
import { readTime } from './time.ts';

/** Why a cell cannot be read. The message follows the name of its field. */
export class CellFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A text, or a number in the digits it was written with. A fault if those digits are lost. */
export function text(cell: unknown): string | CellFault {
  if (typeof cell === 'string') return cell.isWellFormed() ? cell : new CellFault(HALF);
  if (typeof cell === 'number')
    return Math.abs(cell) <= Number.MAX_SAFE_INTEGER ? String(cell) : new CellFault(INEXACT);
  if (JSON.isRawJSON(cell))
    return /^-?\d+$/.test(cell.rawJSON) ? cell.rawJSON : new CellFault(INEXACT);
  return new CellFault('must be text');
}

/** An id, a user id or a token: a text that is not one for a missing value. */
export function name(cell: unknown): string | CellFault {
  const it = text(cell);
  return typeof it === 'string' && saysAbsent(it)
    ? new CellFault(`is "${it}", which says that there is none`)
    : it;
}

/** The value as the schema transforms it, or all its faults in one. */
export function bySchema<T>(schema: z.ZodType<T>, value: unknown): T | CellFault {
  const found = validate(schema, value);
  return 'faults' in found
    ? new CellFault(found.faults.map(({ message }) => message).join('; '))
    : found.value;
}

/** The longest text that is cached, in characters. */
const MAX_KNOWN_LENGTH = 64;

/**
 * A reader for a field with few different values. It caches results, because a schema takes
 * microseconds and a row has ten such cells. Blanks around a text are removed; `words` are additional
 * spellings, in lower case.
 */
export function oneOfFew<T>(schema: z.ZodType<T>, words: Map<string, T> = new Map()) {
  const find = (it: string) => {
    const plain = it.trim();
    return words.get(plain.toLowerCase()) ?? bySchema(schema, plain);
  };
  const known = remembered(find);
  return (cell: unknown): T | CellFault => {
    const it = typeof cell === 'boolean' ? String(cell) : text(cell);
    if (it instanceof CellFault) return it;
    return it.length > MAX_KNOWN_LENGTH ? find(it) : known(it);
  };
}

/** Maps each spelling to its meaning. */
export const wordsFor = <T>(...all: [meaning: T, words: string[]][]) =>
  new Map(all.flatMap(([meaning, words]) => words.map((it): [string, T] => [it, meaning])));

const { shape } = registrationSchema;

export const environment = oneOfFew(
  shape.environment,
  wordsFor(['production', ['production', 'prod']], ['sandbox', ['sandbox', 'development', 'dev']]),
);

/** True or false, as databases and spreadsheets write it. */
export const truth = oneOfFew(
  shape.optedOut.unwrap(),
  wordsFor([true, ['true', 't', 'yes', 'y', '1']], [false, ['false', 'f', 'no', 'n', '0']]),
);

/**
 * As apps and browsers write it, by the names of iOS (`authorized`, `notDetermined`, `ephemeral`), of
 * browsers (`default`) and of a column such as `push_enabled`. Not by number: 1 is "denied" to iOS, and
 * "true" to a database.
 */
export const permission = oneOfFew(
  shape.permission.unwrap(),
  wordsFor(
    ['granted', ['granted', 'authorized', 'allowed', 'enabled', 'true', 't', 'yes', 'y']],
    ['provisional', ['provisional', 'ephemeral']],
    [
      'denied',
      [
        ...['denied', 'blocked', 'disabled', 'false', 'f', 'no', 'n'],
        ...['notdetermined', 'not_determined', 'default', 'prompt'],
      ],
    ],
  ),
);

export const language = oneOfFew(shape.language.unwrap());
export const timeZone = oneOfFew(shape.timeZone.unwrap());
export const country = oneOfFew(shape.country.unwrap());
export const appVersion = oneOfFew(shape.appVersion.unwrap());

const MAX_USER_ID = 128;

export function userId(cell: unknown): string | CellFault {
  const it = name(cell);
  return typeof it === 'string' && it.length > MAX_USER_ID
    ? new CellFault(`must have at most ${MAX_USER_ID} characters`)
    : it;
}

/** How far in the future a time may be, because clocks differ. */
const AHEAD_MS = 5 * 60 * 1000;

export const refreshedAt =
  (now: number) =>
  (cell: unknown): number | CellFault => {
    const at = readTime(cell);
    if (at === null) return new CellFault('is no time such as 2026-10-01T10:00:00Z');
    return at <= now + AHEAD_MS ? at : new CellFault('is in the future');
  };
