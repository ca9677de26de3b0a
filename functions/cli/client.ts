/** A client of the HTTP API. */

import type { Problem } from '../lib/errors.ts';
import { foreignProblem } from './foreign.ts';
import { readEvents, type ServerEvent } from './server-events.ts';

/** Deadline of a call that is not a stream. */
const TIMEOUT_MS = 30 * 1000;
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

export interface Client {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  put<T>(path: string, body: unknown): Promise<T>;
  delete(path: string): Promise<void>;
  /** A DELETE that takes minutes and has an answer. */
  erase<T>(path: string): Promise<T>;
  /** All pages of a list. */
  all<T>(path: string): Promise<T[]>;
  /** A POST whose body is a stream. */
  upload<T>(path: string, type: string, body: AsyncIterable<Uint8Array>): Promise<T>;
  /** A GET whose answer is a stream of that media type. */
  download(path: string, type: string): Promise<AsyncIterable<Uint8Array>>;
  patch<T>(path: string, body: unknown): Promise<T>;
  /** Server-Sent Events after an id, until the server ends the stream; null: there will be no more. */
  events(
    path: string,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ServerEvent> | null>;
}

export const campaignPath = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;

/** Every call throws `Refused` or `Unreachable` where it fails. */
export function createClient(
  url: string,
  key: string | null,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Client {
  const origin = url.replace(/(?<!\/)\/+$/, '');

  const call = async (path: string, init: RequestInit & { duplex?: 'half' }) => {
    const headers = { ...init.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    const response = await fetch(origin + path, { ...init, headers }).catch((cause) => {
      throw new Unreachable(origin, cause);
    });
    if (response.ok) return response;
    throw new Refused(await problemOf(response));
  };

  const json = async <T>(path: string, init: RequestInit & { duplex?: 'half' }): Promise<T> => {
    const response = await call(path, init);
    if (!isJson(response)) throw new Refused(await problemOf(response));
    return (await response.json().catch((cause) => {
      throw new Unreachable(origin, cause);
    })) as T;
  };

  async function* whole(body: AsyncIterable<Uint8Array>) {
    try {
      yield* body;
    } catch (cause) {
      throw new Unreachable(origin, cause);
    }
  }

  const get = <T>(path: string) => json<T>(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });

  return {
    get,
    post: (path, body, headers = {}) =>
      json(path, {
        method: 'POST',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined
          ? { headers }
          : {
              headers: { ...headers, 'Content-Type': 'application/json' },
              body: JSON.stringify(body),
            }),
      }),
    put: (path, body) =>
      json(path, {
        method: 'PUT',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async delete(path) {
      await call(path, { method: 'DELETE', signal: AbortSignal.timeout(TIMEOUT_MS) });
    },
    erase: (path) =>
      json(path, { method: 'DELETE', signal: AbortSignal.timeout(ERASE_TIMEOUT_MS) }),
    async all<T>(path: string) {
      const items: T[] = [];
      for (let after: string | null = null; ; ) {
        const query = `limit=100${after === null ? '' : `&after=${encodeURIComponent(after)}`}`;
        const page: Page<T> = await get(`${path}${path.includes('?') ? '&' : '?'}${query}`);
        items.push(...page.items);
        if (page.next === null) return items;
        after = page.next;
      }
    },
    upload: (path, type, body) =>
      json(path, {
        method: 'POST',
        headers: { 'Content-Type': type },
        body: ReadableStream.from(body),
        duplex: 'half',
        signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
      }),
    patch: (path, body) =>
      json(path, {
        method: 'PATCH',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async events(path, after, signal) {
      const headers = {
        Accept: 'text/event-stream',
        ...(after !== null && { 'Last-Event-ID': after }),
      };
      const { status, body } = await call(path, { headers, signal });
      return status === 204 || !body ? null : readEvents(whole(body));
    },
    async download(path, type) {
      const { body } = await call(path, { headers: { Accept: type } });
      return whole(body ?? ReadableStream.from([]));
    },
  };
}

const isJson = ({ headers }: Response) =>
  /^application\/([\w.-]+\+)?json\b/i.test(headers.get('content-type') ?? '');

/** Something between us and the API may answer in another form. */
async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => '');
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    try {
      return JSON.parse(text) as Problem;
    } catch {
      // cut off: the status has to do
    }
  }
  return foreignProblem(response, text);
}
