/** What a client and its calls may be told. */

export interface Settings {
  /** of the API, such as `https://volley-api-abc.a.run.app` */
  url: string;
  /** an API key, `volley_…`; left out for the calls that need none */
  key?: string;
  /** ms for a call with all of its tries; 30,000 unless it is named */
  timeoutMs?: number;
  /** tries after the first one, where it is safe to try again; 3 unless it is named */
  retries?: number;
  fetch?: typeof globalThis.fetch;
  /** for the pauses between tries, from 0 to 1 */
  random?: () => number;
}

export interface CallOptions {
  /** ends the call, which then rejects with the signal's reason */
  signal?: AbortSignal;
  /** ms for this call with all of its tries */
  timeoutMs?: number;
}

/** A body that is no JSON. A stream is sent once: it cannot be read again. */
export type TextBody = string | Blob | ReadableStream<Uint8Array>;
