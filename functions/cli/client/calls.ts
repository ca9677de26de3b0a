/** Calls whose answers have one shape. */

import * as z from 'zod';
import { readLines } from '../../import/lines.ts';
import { checkJson, type Shape } from './answer.ts';
import { createEnds } from './ends.ts';
import { counted, Refused } from './errors.ts';
import { strangeProblem } from './foreign.ts';
import { TIMEOUT_MS, type Wire } from './wire.ts';

/** A list of the API's own resources has at most this many pages of 100. */
const MAX_PAGES = 10_000;
/** Deadline of an upload, the same as the server's, and of a download. */
export const TRANSFER_MS = 2 * 60 * 60 * 1000;
/** Deadline of an erasure, which reads all frozen recipients. */
const ERASE_TIMEOUT_MS = 10 * 60 * 1000;

/** A page of a list; `next` is null on the last one. */
interface Page<T> {
  items: T[];
  next: string | null;
}

/** Every call throws `Refused` or `Unreachable` where it fails. */
export interface Calls<T> {
  get(path: string): Promise<T>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  put(path: string, body: unknown): Promise<T>;
  patch(path: string, body: unknown): Promise<T>;
  /** A DELETE that takes minutes and has an answer. */
  erase(path: string): Promise<T>;
  /** A POST that takes minutes and has no body. */
  publish(path: string): Promise<T>;
  /** A POST whose body is a stream. */
  upload(path: string, type: string, body: AsyncIterable<Uint8Array>): Promise<T>;
  /** All pages of a list; the shape is that of an item. */
  all(path: string): Promise<T[]>;
  /** A GET whose answer is NDJSON of any length; the shape is that of a line. It ends within two hours. */
  records(path: string): AsyncGenerator<T>;
}

export function createCalls<T>(wire: Wire, shape: Shape<T>): Calls<T> {
  const withBody =
    (method: string) =>
    (path: string, body?: unknown, headers = {}) =>
      wire.json(shape, path, {
        method,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined
          ? { headers }
          : {
              headers: { ...headers, 'Content-Type': 'application/json' },
              body: JSON.stringify(body),
            }),
      });
  return {
    get: (path) => get(wire, shape, path),
    post: withBody('POST'),
    put: withBody('PUT'),
    patch: withBody('PATCH'),
    erase: (path) =>
      wire.json(shape, path, { method: 'DELETE', signal: AbortSignal.timeout(ERASE_TIMEOUT_MS) }),
    publish: (path) =>
      wire.json(shape, path, { method: 'POST', signal: AbortSignal.timeout(TRANSFER_MS) }),
    upload: (path, type, body) =>
      wire.json(shape, path, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: ReadableStream.from(body),
        duplex: 'half',
        signal: AbortSignal.timeout(TRANSFER_MS),
      }),
    all: (path) => all(wire, shape, path),
    records: (path) => records(wire, shape, path),
  };
}

const get = <T>(wire: Wire, shape: Shape<T>, path: string) =>
  wire.json(shape, path, { signal: AbortSignal.timeout(TIMEOUT_MS) });

async function all<T>(wire: Wire, item: Shape<T>, path: string): Promise<T[]> {
  const page: Shape<Page<T>> = z.looseObject({ items: z.array(item), next: z.string().nullable() });
  const ends = createEnds(MAX_PAGES);
  const found: T[] = [];
  for (let after: string | null = null; ; ) {
    const query = `limit=100${after === null ? '' : `&after=${encodeURIComponent(after)}`}`;
    const { items, next } = await get(
      wire,
      page,
      `${path}${path.includes('?') ? '&' : '?'}${query}`,
    );
    found.push(...items);
    after = ends(next);
    if (after === null) return found;
  }
}

async function* records<T>(wire: Wire, shape: Shape<T>, path: string): AsyncGenerator<T> {
  const { response, body } = await wire.open(path, 'application/x-ndjson', {}, TRANSFER_MS);
  for await (const lines of readLines(body ?? ReadableStream.from([])))
    for (const line of lines) {
      if ('fault' in line)
        throw new Refused(strangeProblem(response, `Line ${line.number} ${line.fault}.`));
      yield counted(checkJson(response, line.text, shape));
    }
}
