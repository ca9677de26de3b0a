/**
 * The calls that pages of any origin may make, with a registration key that lies in them: a web app
 * registers its browser and reports what became of pushes. Browsers ask before (CORS), and hide answers
 * that do not allow it. https://fetch.spec.whatwg.org/#http-cors-protocol
 *
 * `*` is never valid for a request with cookies, and no answer allows credentials, so the console's
 * session cannot be used from another origin.
 */

import type { Context } from 'hono';

/** By paths: the methods. Reading is not among them: what a page has sent it knows. */
const calls: [path: RegExp, methods: string][] = [
  [/^\/v1\/installations\/[^/]+$/, 'PUT, PATCH, DELETE'],
  [/^\/v1\/installations\/[^/]+\/badge$/, 'PUT'],
  [/^\/v1\/receipts$/, 'POST'],
];

/** Seconds that a browser may keep the answer; Chromium keeps it for two hours at most. */
const MAX_AGE_SECONDS = 7200;

/** The answer to a browser that asks whether a page may call; null if it is another request. */
export function answerPreflight(c: Context): Response | null {
  if (c.req.method !== 'OPTIONS') return null;
  const methods = allowedFor(c, c.req.header('access-control-request-method'));
  if (methods === null) return null;
  return c.body(null, 204, {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Allow-Headers': 'Authorization, Content-Type',
    'Access-Control-Max-Age': String(MAX_AGE_SECONDS),
  });
}

/** The answer, which a page of another origin may read if it may make the call. */
export function allowOrigin(c: Context, answer: Response): Response {
  if (allowedFor(c, c.req.method) === null) return answer;
  answer.headers.set('Access-Control-Allow-Origin', '*');
  answer.headers.set('Access-Control-Expose-Headers', 'Retry-After');
  return answer;
}

/** Apps on devices send no Origin: their calls pay nothing for this. */
function allowedFor(c: Context, method: string | undefined): string | null {
  if (c.req.header('origin') === undefined || method === undefined) return null;
  const methods = calls.find(([path]) => path.test(c.req.path))?.[1];
  return methods?.split(', ').includes(method) ? methods : null;
}
