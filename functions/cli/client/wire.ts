/** Requests to one server, with its key, and their answers: whole ones and streams. */

import { readJson, readText, refusalOf, type Shape } from './answer.ts';
import { counted, Refused, Unreachable } from './errors.ts';
import { createSilence, type Silence } from './silence.ts';

/** Deadline of a call that is not a stream, and of the headers of a stream. */
export const TIMEOUT_MS = 30 * 1000;
/** How long a stream may be silent; the server sends a heartbeat to followers every 15 s. */
const SILENCE_MS = 45 * 1000;

type Init = RequestInit & { duplex?: 'half' };

/** An answer whose headers have come; null if it has no body. */
interface Opened {
  response: Response;
  body: AsyncIterable<Uint8Array> | null;
}

/** Every call throws `Unreachable` if no answer comes, and `Refused` for a problem. */
export interface Wire {
  /** The answer as it is, whatever its status. */
  call(path: string, init: Init): Promise<Response>;
  json<T>(shape: Shape<T>, path: string, init: Init): Promise<T>;
  text(path: string, type: string): Promise<string>;
  /**
   * Opens an answer of that media type and of any length. It breaks off when it is silent for 45 s, and
   * after `mostMs` in all.
   */
  open(path: string, type: string, init?: Init, mostMs?: number): Promise<Opened>;
}

export function createWire(
  origin: string,
  key: string | null,
  fetch: typeof globalThis.fetch,
): Wire {
  const unreachable = (cause: unknown): never => {
    throw new Unreachable(origin, cause);
  };

  const call = (path: string, init: Init) => {
    const headers = { ...init.headers, ...(key && { Authorization: `Bearer ${key}` }) };
    return fetch(origin + path, { ...init, headers, redirect: 'manual' }).catch(unreachable);
  };

  async function* parts({ body }: Response, silence: Silence) {
    try {
      silence.within(SILENCE_MS);
      for await (const part of body ?? []) {
        // a reader that is slow is no silence
        silence.pause();
        yield part;
        silence.within(SILENCE_MS);
      }
    } catch (cause) {
      unreachable(cause);
    } finally {
      silence.end();
    }
  }

  return {
    call,

    async json(shape, path, init) {
      const response = await call(path, init);
      return counted(await readJson(response, shape).catch(unreachable));
    },

    async text(path, type) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await call(path, { headers: { Accept: type }, signal });
      return counted(await readText(response, type).catch(unreachable));
    },

    async open(path, type, init = {}, mostMs) {
      const silence = createSilence(mostMs);
      silence.within(TIMEOUT_MS);
      const signals = init.signal ? [init.signal, silence.signal] : [silence.signal];
      let body: AsyncIterable<Uint8Array> | null = null;
      try {
        const response = await call(path, {
          ...init,
          headers: { ...init.headers, Accept: type },
          signal: AbortSignal.any(signals),
        });
        if (response.status !== 204) {
          const problem = await refusalOf(response, type);
          if (problem) throw new Refused(problem);
          body = parts(response, silence);
        }
        return { response, body };
      } finally {
        if (body) silence.pause();
        else silence.end();
      }
    },
  };
}
