/** A client of the HTTP API. */

import { z } from 'zod';
import { readLines } from '../../import/lines.ts';
import type { Problem } from '../../lib/errors.ts';
import {
  type Checked,
  checkJson,
  problemOf,
  readJson,
  readText,
  refusalOf,
  type Shape,
} from './answer.ts';
import { createEnds } from './ends.ts';
import { strangeProblem } from './foreign.ts';
import { readEvents, type ServerEvent } from './server-events.ts';
import { createSilence, type Silence } from './silence.ts';

/** Deadline of a call that is not a stream, and of the headers of a stream. */
const TIMEOUT_MS = 30 * 1000;
/** A list of the API's own resources has at most this many pages of 100. */
const MAX_PAGES = 10_000;
/** How long a stream may be silent; the server sends a heartbeat to followers every 15 s. */
const SILENCE_MS = 45 * 1000;
/** Deadline of an upload, the same as the server's. */
const UPLOAD_TIMEOUT_MS = 2 * 60 * 60 * 1000;
/** Deadline of an erasure, which reads all frozen recipients. */
const ERASE_TIMEOUT_MS = 10 * 60 * 1000;

/** The API answered with a problem. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** No answer came, or it broke off. */
export class Unreachable extends Error {
  readonly url: string;
  constructor(url: string, cause: unknown) {
    super(`${url} does not answer`, { cause });
    this.url = url;
  }
}

/** A page of a list; `next` is null on the last one. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Calls whose answers have one shape. */
export interface Calls<T> {
  get(path: string): Promise<T>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  put(path: string, body: unknown): Promise<T>;
  patch(path: string, body: unknown): Promise<T>;
  /** A DELETE that takes minutes and has an answer. */
  erase(path: string): Promise<T>;
  /** A POST whose body is a stream. */
  upload(path: string, type: string, body: AsyncIterable<Uint8Array>): Promise<T>;
  /** All pages of a list; the shape is that of an item. */
  all(path: string): Promise<T[]>;
  /** A GET whose answer is NDJSON of any length; the shape is that of a line. */
  records(path: string): AsyncGenerator<T>;
}

export interface Client {
  /** Calls whose answers count only if they have that shape. */
  expecting<T>(shape: Shape<T>): Calls<T>;
  // without a shape, an answer has to be an object; these are for callers that check it themselves
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  erase<T>(path: string): Promise<T>;
  upload<T>(path: string, type: string, body: AsyncIterable<Uint8Array>): Promise<T>;
  all<T>(path: string): Promise<T[]>;
  delete(path: string): Promise<void>;
  /** A GET whose answer is a text of that media type. */
  text(path: string, type: string): Promise<string>;
  /** A GET whose answer is a stream of that media type. */
  download(path: string, type: string): Promise<AsyncIterable<Uint8Array>>;
  /** Server-Sent Events after an id, until the server ends the stream; null: there will be no more. */
  events(
    path: string,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ServerEvent> | null>;
}

type Init = RequestInit & { duplex?: 'half' };

export const campaignPath = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;

/** The least that an answer has to be. */
const anObject = z.looseObject({}) as unknown as Shape<never>;

/** Every call throws `Refused` or `Unreachable` where it fails. */
export function createClient(
  url: string,
  key: string | null,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Client {
  const origin = url.replace(/(?<!\/)\/+$/, '');

  const unreachable = (cause: unknown): never => {
    throw new Unreachable(origin, cause);
  };

  const call = (path: string, init: Init) => {
    const headers = { ...init.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    return fetch(origin + path, { ...init, headers, redirect: 'manual' }).catch(unreachable);
  };

  const json = async <T>(shape: Shape<T>, path: string, init: Init): Promise<T> => {
    const response = await call(path, init);
    return counted(await readJson(response, shape).catch(unreachable));
  };

  /** Opens an answer of any length. The deadline is for its headers, then for each part of it. */
  const open = async (path: string, type: string, init: Init & { signal: AbortSignal }) => {
    const silence = createSilence();
    silence.within(TIMEOUT_MS);
    const signal = AbortSignal.any([init.signal, silence.signal]);
    try {
      const response = await call(path, {
        ...init,
        headers: { ...init.headers, Accept: type },
        signal,
      });
      if (response.status === 204) return { response, body: null };
      const problem = await refusalOf(response, type);
      if (problem) throw new Refused(problem);
      return { response, body: parts(response, silence) };
    } finally {
      silence.end();
    }
  };

  async function* parts({ body }: Response, silence: Silence) {
    try {
      silence.within(SILENCE_MS);
      for await (const part of body ?? []) {
        // a reader that is slow is no silence
        silence.end();
        yield part;
        silence.within(SILENCE_MS);
      }
    } catch (cause) {
      unreachable(cause);
    } finally {
      silence.end();
    }
  }

  const calls = <T>(shape: Shape<T>): Calls<T> => {
    const withBody =
      (method: string) =>
      (path: string, body?: unknown, headers = {}) =>
        json(shape, path, {
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
      get: (path) => json(shape, path, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      post: withBody('POST'),
      put: withBody('PUT'),
      patch: withBody('PATCH'),
      erase: (path) =>
        json(shape, path, { method: 'DELETE', signal: AbortSignal.timeout(ERASE_TIMEOUT_MS) }),
      upload: (path, type, body) =>
        json(shape, path, {
          method: 'POST',
          headers: { 'Content-Type': type },
          body: ReadableStream.from(body),
          duplex: 'half',
          signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
        }),
      async all(path) {
        const pages = calls(pageOf(shape));
        const ends = createEnds(MAX_PAGES);
        const items: T[] = [];
        for (let after: string | null = null; ; ) {
          const query = `limit=100${after === null ? '' : `&after=${encodeURIComponent(after)}`}`;
          const page = await pages.get(`${path}${path.includes('?') ? '&' : '?'}${query}`);
          items.push(...page.items);
          after = ends(page.next);
          if (after === null) return items;
        }
      },
      async *records(path) {
        const { response, body } = await open(path, 'application/x-ndjson', noSignal());
        for await (const lines of readLines(body ?? ReadableStream.from([])))
          for (const line of lines) {
            if ('fault' in line)
              throw new Refused(strangeProblem(response, `Line ${line.number} ${line.fault}.`));
            yield counted(checkJson(response, line.text, shape));
          }
      },
    };
  };

  return {
    ...calls(anObject),
    expecting: calls,
    async delete(path) {
      const response = await call(path, {
        method: 'DELETE',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status !== 204) throw new Refused(await problemOf(response));
    },
    async text(path, type) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await call(path, { headers: { Accept: type }, signal });
      return counted(await readText(response, type).catch(unreachable));
    },
    async events(path, after, signal) {
      const headers = { ...(after !== null && { 'Last-Event-ID': after }) };
      const { body } = await open(path, 'text/event-stream', { headers, signal });
      return body && readEvents(body);
    },
    async download(path, type) {
      const { response, body } = await open(path, type, noSignal());
      if (!body) throw new Refused(await problemOf(response));
      return body;
    },
  };
}

const noSignal = () => ({ signal: new AbortController().signal });

const pageOf = <T>(item: Shape<T>): Shape<Page<T>> =>
  z.looseObject({ items: z.array(item), next: z.string().nullable() });

/** The value of an event's data. Throws `Refused` if it has another form. */
export const readEvent = <T>(data: string, shape: Shape<T>): T =>
  counted(checkJson({ status: 200 }, data, shape));

function counted<T>(it: Checked<T>): T {
  if ('problem' in it) throw new Refused(it.problem);
  return it.answer;
}
