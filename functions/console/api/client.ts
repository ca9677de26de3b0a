/**
 * Calls of the public API. What goes wrong is a value: the API's own problem document, or one of ours
 * for a connection that is lost.
 */

import type { Problem } from '../../http/core/problems.ts';
import { texts } from '../texts/texts.ts';

export type { Problem } from '../../http/core/problems.ts';

/** `retryMs`: how long the API asks to wait; null if it does not say. */
type Failed = { ok: false; problem: Problem; retryMs: number | null };
export type Answer<T> = { ok: true; value: T } | Failed;

/** No answer is no state of the server: the connection is lost. */
const LOST = '/problems/no-connection';

/** ms until a call without an answer counts as lost. */
const TIMEOUT_MS = 30_000;

interface Door {
  /** headers that say who calls; none where a cookie does */
  headers(): Promise<Record<string, string>>;
  /** the API does not know the caller any more */
  ended(): void;
}

let door: Door = { headers: async () => ({}), ended() {} };
export const useDoor = (it: Door) => {
  door = it;
};

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The response of a call that the API takes; its body is not read yet. */
export async function open(
  method: Method,
  path: string,
  { body, headers = {}, signal, timeoutMs = TIMEOUT_MS }: Options = {},
): Promise<{ ok: true; response: Response } | Failed> {
  const isRaw = body instanceof Blob || typeof body === 'string';
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(path, {
      method,
      headers: {
        ...(body !== undefined && !isRaw && { 'Content-Type': 'application/json' }),
        ...(await door.headers()),
        ...headers,
      },
      body: body === undefined ? null : isRaw ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    setClock(response);
    if (response.ok) return { ok: true, response };
    if (response.status === 401) door.ended();
    return {
      ok: false,
      problem: await problemOf(response),
      retryMs: secondsIn(response.headers.get('Retry-After')),
    };
  } catch {
    return { ok: false, problem: lost(), retryMs: null };
  }
}

async function call<T>(method: Method, path: string, options?: Options): Promise<Answer<T>> {
  const opened = await open(method, path, options);
  if (!opened.ok) return opened;
  const { response } = opened;
  try {
    const value = response.status === 204 ? null : await response.json();
    return { ok: true, value: value as T };
  } catch {
    return { ok: false, problem: lost(), retryMs: null };
  }
}

export const api = {
  get: <T>(path: string, options?: Options) => call<T>('GET', path, options),
  post: <T>(path: string, body?: unknown, options: Options = {}) =>
    call<T>('POST', path, { ...options, body }),
  put: <T>(path: string, body: unknown) => call<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, { body }),
  delete: <T>(path: string) => call<T>('DELETE', path),
};

/** `/v1/campaigns?state=…`, without the parameters that are empty. */
export function pathWith(path: string, query: Record<string, string | number | undefined>): string {
  const used = Object.entries(query).filter(([, it]) => it !== undefined && it !== '');
  const text = new URLSearchParams(used.map(([name, it]) => [name, String(it)])).toString();
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
}

export const lost = (): Problem => ({
  type: LOST,
  title: texts.problems.lostTitle,
  status: 0,
  detail: texts.problems.lost,
  next: texts.problems.lostNext,
});

async function problemOf(response: Response): Promise<Problem> {
  try {
    const it = (await response.json()) as Problem;
    if (typeof it.detail === 'string' && typeof it.title === 'string') return it;
  } catch {
    // a proxy in between answers in a form of its own
  }
  return {
    type: 'about:blank',
    title: texts.problems.unknownTitle,
    status: response.status,
    detail: texts.problems.unknown(response.status),
    next: texts.problems.lostNext,
  };
}

const secondsIn = (header: string | null) =>
  header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : null;

/** The server's clock less ours, in ms: a laptop's clock may be wrong by hours. */
let ahead = 0;

function setClock(response: Response, now = Date.now()) {
  const said = Date.parse(response.headers.get('Date') ?? '');
  if (!Number.isNaN(said) && Math.abs(said - now - ahead) > 2_000) ahead = said - now;
}

/** ms since the epoch, by the server's clock. */
export const serverNow = (now = Date.now()) => now + ahead;
