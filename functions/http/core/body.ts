/** Reads JSON bodies, bounded in bytes, depth and values. No number loses digits unnoticed. */

import type { Context } from 'hono';
import { exactNumber, INEXACT, parseExact } from '../../lib/exact-json.ts';
import { type Found, note } from '../../lib/faults.ts';
import { findRepeatedNames } from '../../lib/json-names.ts';
import { HALF } from '../../lib/json-texts.ts';
import { answerProblem } from './problem.ts';

/** The largest JSON body. A campaign with 100 of the longest tokens and both overrides is smaller. */
const MAX_BYTES = 512 * 1024;
/** The deepest nesting, far more than a payload needs. Code that walks a value may recurse. */
const MAX_DEPTH = 32;
/**
 * The most values in a body. Each may be a fault, which costs a hundred times its bytes. A message in
 * 100 languages with 200 data fields in each has fewer.
 */
const MAX_VALUES = 25_000;

/** The media type of the body in lower case, '' without one. */
export const mediaType = (c: Context) =>
  (c.req.header('content-type') ?? '').replace(/;.*/, '').trim().toLowerCase();

/** The JSON of the body, the faults of its text, or a problem to answer with. */
export async function readJson(
  c: Context,
  maxBytes = MAX_BYTES,
): Promise<{ value: unknown } | Found | Response> {
  const type = mediaType(c);
  if (type !== 'application/json')
    return answerProblem(
      c,
      'unsupported-media-type',
      `application/json is needed${type ? `, not ${type}` : ''}.`,
    );
  const bytes = await readBytes(c, maxBytes);
  if (bytes === 'too large')
    return answerProblem(c, 'too-large', `At most ${maxBytes} bytes of JSON are taken.`);
  if (bytes === 'cut off') return whole('the body was cut off');
  let text = '';
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = parseExact(text);
  } catch (error) {
    if (error instanceof RangeError) return whole(`the body ${TOO_DEEP}`);
    return whole(`the body is not ${error instanceof SyntaxError ? 'valid JSON' : 'UTF-8'}`);
  }
  const found: Found = { faults: [], count: 0 };
  const numbered = plain(value, found);
  if (numbered === 'too many') return whole(`the body has more than ${MAX_VALUES} values`);
  findRepeatedNames(text, (path) =>
    note(found, () => ({ path: path().toWellFormed(), message: 'is given more than once' })),
  );
  return found.count > 0 ? found : numbered;
}

const whole = (message: string): Found => ({ faults: [{ path: '', message }], count: 1 });

const TOO_DEEP = `is nested more than ${MAX_DEPTH} deep`;

/** The whole body as bytes, or why there is none. */
export async function readBytes(
  c: Context,
  maxBytes = MAX_BYTES,
): Promise<Uint8Array | 'too large' | 'cut off'> {
  const length = c.req.header('content-length');
  if (Number(length) > maxBytes) return 'too large';
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // Node cuts the body at its declared length. A stream takes the adapter ten times as long
    if (length !== undefined) return new Uint8Array(await c.req.raw.arrayBuffer());
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) return 'too large';
      chunks.push(chunk);
    }
  } catch {
    return 'cut off';
  }
  return Buffer.concat(chunks);
}

/**
 * The value with plain numbers, unless it has too many values. Notes a fault for each text or number that
 * could not be stored as it is. `__proto__` is refused because overrides are merged into objects later.
 */
function plain(value: unknown, found: Found): { value: unknown } | 'too many' {
  const refuse = (path: string, message: string) => note(found, () => ({ path, message }));
  let values = 0;
  const walk = (it: unknown, path: string, depth: number): unknown => {
    values++;
    if (typeof it === 'string' && !it.isWellFormed()) refuse(path, HALF);
    const isNumber = typeof it === 'number' || JSON.isRawJSON(it);
    const number = JSON.isRawJSON(it) ? exactNumber(it) : it;
    if (isNumber && !Number.isFinite(number)) refuse(path, INEXACT);
    if (isNumber || typeof it !== 'object' || it === null) return number;
    if (depth === MAX_DEPTH) refuse(path, TOO_DEEP);
    else walkInside(it as Record<string, unknown>, path, depth + 1);
    return it;
  };
  const walkInside = (it: Record<string, unknown>, path: string, depth: number) => {
    for (const [key, inner] of Object.entries(it)) {
      if (values > MAX_VALUES) return;
      const name = path === '' ? key : `.${key}`;
      const at = path + (Array.isArray(it) ? `[${key}]` : name.toWellFormed());
      if (!key.isWellFormed()) refuse(at, `name: ${HALF}`);
      if (key === '__proto__') refuse(at, 'is unknown');
      else it[key] = walk(inner, at, depth);
    }
  };
  const numbered = walk(value, '', 0);
  return values > MAX_VALUES ? 'too many' : { value: numbered };
}
