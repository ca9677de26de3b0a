/** A call as an HTTP request. */

import type { TextBody } from './options.ts';
import { table } from './table.ts';

export type CallName = keyof typeof table;

export type Input = Record<string, unknown>;

export interface VolleyRequest {
  method: string;
  /** from the root, with its query */
  path: string;
  headers: Record<string, string>;
  body: TextBody | null;
  /** true if the same request may be sent again, without knowing what became of the first */
  isRepeatable: boolean;
}

const JSON_TYPE = 'application/json';

/** Throws `TypeError` for a part of the path that is none. */
export function requestOf(
  name: CallName,
  { body, contentType, idempotencyKey, lastEventId, ...input }: Input,
  accept = JSON_TYPE,
): VolleyRequest {
  const [method = '', template = '', mark] = table[name].split(' ');
  const path = template.replaceAll(/{(\w+)}/g, (_, part: string) => partOf(part, input[part]));
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input))
    if (value !== undefined && !template.includes(`{${key}}`)) query.set(key, String(value));
  const isStream = body instanceof ReadableStream;
  return {
    method,
    path: query.size > 0 ? `${path}?${query}` : path,
    headers: {
      Accept: accept,
      ...(body !== undefined && { 'Content-Type': String(contentType ?? JSON_TYPE) }),
      // with a key a repeat is the same call to the API, so a call without one gets its own
      ...(mark === 'keyed' && { 'Idempotency-Key': String(idempotencyKey ?? crypto.randomUUID()) }),
      ...(lastEventId !== undefined && { 'Last-Event-ID': String(lastEventId) }),
    },
    body: body === undefined ? null : contentType ? (body as TextBody) : JSON.stringify(body),
    isRepeatable: (method !== 'POST' || mark !== undefined) && !isStream,
  };
}

/** URLs take `.` and `..` away, also escaped, and the call would be another one. */
function partOf(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${name}: ${JSON.stringify(value)} is no id`);
  return encodeURIComponent(text);
}
