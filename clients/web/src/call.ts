/** A call of the API. */

import type { Me } from './kept.ts';

/** ms until a call without an answer has failed. */
const TIMEOUT_MS = 30_000;

/** Rejects where no answer comes. */
export const call = (
  { url, key }: Pick<Me, 'url' | 'key'>,
  method: string,
  path: string,
  body?: string,
): Promise<Response> =>
  fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body && { body }),
    credentials: 'omit',
    // a page that is left does not end it
    keepalive: true,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
