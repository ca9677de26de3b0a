/** A client of the HTTP API. */

import * as z from 'zod';
import { checkJson, problemOf, type Shape } from './answer.ts';
import { type Calls, createCalls, TRANSFER_MS } from './calls.ts';
import { counted, Refused } from './errors.ts';
import { readEvents, type ServerEvent } from './server-events.ts';
import { createWire, TIMEOUT_MS } from './wire.ts';

/** Every call throws `Refused` or `Unreachable` where it fails. */
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
  /** A GET whose answer is a stream of that media type. It ends within two hours. */
  download(path: string, type: string): Promise<AsyncIterable<Uint8Array>>;
  /** Server-Sent Events after an id, until the server ends the stream; null: there will be no more. */
  events(
    path: string,
    after: string | null,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ServerEvent> | null>;
}

export const campaignPath = (id: string) => `/v1/campaigns/${encodeURIComponent(id)}`;

/** The least that an answer has to be. */
const anObject = z.looseObject({}) as unknown as Shape<never>;

export function createClient(
  url: string,
  key: string | null,
  fetch: typeof globalThis.fetch = globalThis.fetch,
): Client {
  const wire = createWire(url.replace(/(?<!\/)\/+$/, ''), key, fetch);
  return {
    ...createCalls(wire, anObject),
    expecting: (shape) => createCalls(wire, shape),
    text: wire.text,
    async delete(path) {
      const response = await wire.call(path, {
        method: 'DELETE',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (response.status !== 204) throw new Refused(await problemOf(response));
    },
    async events(path, after, signal) {
      const headers = { ...(after !== null && { 'Last-Event-ID': after }) };
      const { body } = await wire.open(path, 'text/event-stream', { headers, signal });
      return body && readEvents(body);
    },
    async download(path, type) {
      const { response, body } = await wire.open(path, type, {}, TRANSFER_MS);
      if (!body) throw new Refused(await problemOf(response));
      return body;
    },
  };
}

/** The value of an event's data. Throws `Refused` if it has another form. */
export const readEvent = <T>(data: string, shape: Shape<T>): T =>
  counted(checkJson({ status: 200 }, data, shape));
