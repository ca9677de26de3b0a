/** JSON bodies, bounded in bytes and in depth. */

import type { Context } from 'hono';
import type { Fault } from '../lib/errors.ts';
import { HALF } from '../lib/json-texts.ts';
import { answerProblem } from './problem.ts';

/** A campaign with 100 tokens of the longest kind and both overrides stays below it. */
const MAX_BYTES = 512 * 1024;
/** Far more than a payload needs; what walks a value later may recurse. */
const MAX_DEPTH = 32;

/** The media type of the body in lower case, '' without one. */
export const mediaType = (c: Context) =>
  (c.req.header('content-type') ?? '').replace(/;.*/, '').trim().toLowerCase();

/** The value, the faults of its text, or the answer that ends the call. */
export async function readJson(
  c: Context,
): Promise<{ value: unknown } | { faults: Fault[] } | Response> {
  const type = mediaType(c);
  if (type !== 'application/json')
    return answerProblem(
      c,
      'unsupported-media-type',
      `application/json is needed${type ? `, not ${type}` : ''}.`,
    );
  const bytes = await readBytes(c);
  if (bytes === 'too large')
    return answerProblem(c, 'too-large', `At most ${MAX_BYTES} bytes of JSON are taken.`);
  if (bytes === 'cut off') return { faults: [{ path: '', message: 'the body was cut off' }] };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const message = error instanceof SyntaxError ? 'is not valid JSON' : 'is not UTF-8';
    return { faults: [{ path: '', message: `the body ${message}` }] };
  }
  const faults: Fault[] = [];
  walk(value, '', 0, faults);
  return faults.length > 0 ? { faults } : { value };
}

export async function readBytes(
  c: Context,
  maxBytes = MAX_BYTES,
): Promise<Uint8Array | 'too large' | 'cut off'> {
  const length = c.req.header('content-length');
  if (Number(length) > maxBytes) return 'too large';
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    // no longer than it says: Node cuts it there. A stream takes the adapter ten times as long
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

/** `__proto__` is refused because overrides are merged into objects later. */
function walk(value: unknown, path: string, depth: number, faults: Fault[]) {
  const refuse = (path: string, message: string) => faults.push({ path, message });
  if (typeof value === 'string' && !value.isWellFormed()) refuse(path, HALF);
  if (typeof value !== 'object' || value === null) return;
  if (depth === MAX_DEPTH) return refuse(path, `is nested more than ${MAX_DEPTH} deep`);
  for (const [key, inner] of Object.entries(value)) {
    const name = path === '' ? key : `.${key}`;
    const at = path + (Array.isArray(value) ? `[${key}]` : name.toWellFormed());
    if (key === '__proto__') refuse(at, 'is unknown');
    if (!key.isWellFormed()) refuse(at, `name: ${HALF}`);
    walk(inner, at, depth + 1, faults);
  }
}
