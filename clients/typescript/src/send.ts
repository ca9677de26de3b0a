/** Sends requests: with a deadline, and again where that is safe. */

import { errorOf, VolleyError, VolleyUnreachable } from './errors.ts';
import type { CallOptions, Settings } from './options.ts';
import type { VolleyRequest } from './request.ts';

/** ms for a call with all of its tries. */
const TIMEOUT_MS = 30_000;
const RETRIES = 3;
/** ms of the pause before the second try; each further one is twice as long, up to the last. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 4_000];

type Send = <T>(
  request: VolleyRequest,
  read: (response: Response) => Promise<T>,
  options?: CallOptions,
) => Promise<T>;

/** `read` reads a good answer; where it fails, the answer has not come. */
export function createSend(settings: Settings, now = () => performance.now()): Send {
  const { key, random = Math.random, retries = RETRIES, fetch = globalThis.fetch } = settings;
  const root = settings.url.replace(/\/$/, '');
  if (!/^https?:$/.test(new URL(root).protocol)) throw new TypeError(`${root} is no URL of an API`);
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) throw new TypeError('the key is none');

  return async (request, read, { signal, timeoutMs = settings.timeoutMs ?? TIMEOUT_MS } = {}) => {
    const late = AbortSignal.timeout(timeoutMs);
    const end = signal ? AbortSignal.any([signal, late]) : late;
    const deadline = now() + timeoutMs;
    for (let tries = 1; ; tries++) {
      const error = await attempt().then(
        (answer) => (answer instanceof VolleyError ? answer : { answer }),
        (cause: unknown) => new VolleyUnreachable(`${request.method} ${request.path}`, cause),
      );
      if ('answer' in error) return error.answer;
      signal?.throwIfAborted();
      const pauseMs = pauseAfter(error, tries);
      const isLast = tries > retries || !mayRepeat(request, error);
      if (isLast || now() + pauseMs >= deadline) throw error;
      await pause(pauseMs, end);
      signal?.throwIfAborted();
    }

    async function attempt() {
      const response = await fetch(root + request.path, {
        method: request.method,
        headers: { ...request.headers, ...(key && { Authorization: `Bearer ${key}` }) },
        body: request.body,
        ...(request.body instanceof ReadableStream && { duplex: 'half' }),
        // the key goes to the API alone
        redirect: 'error',
        credentials: 'omit',
        signal: end,
      } as RequestInit);
      return response.ok ? read(response) : errorOf(response);
    }
  };

  function pauseAfter(error: VolleyError | VolleyUnreachable, tries: number): number {
    const asked = error instanceof VolleyError ? error.retryAfterMs : null;
    const most = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
    // spread, so that clients that failed together do not come back together
    return (asked ?? 0) + most * (0.5 + random() / 2);
  }
}

/** 429 is answered before a call is read, so nothing has happened. */
function mayRepeat({ isRepeatable }: VolleyRequest, error: VolleyError | VolleyUnreachable) {
  if (error instanceof VolleyUnreachable) return isRepeatable;
  return error.status === 429 || (isRepeatable && error.status >= 500);
}

const pause = (ms: number, end: AbortSignal) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      end.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    end.addEventListener('abort', done);
  });
