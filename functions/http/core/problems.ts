/** The problems that the API answers with, as documents. */

import { type Fault, MAX_FAULTS } from '../../lib/errors.ts';
import { quoted } from '../../lib/redact.ts';

/** A problem document (RFC 9457), as `application/problem+json`. */
export interface Problem {
  /** a relative reference, as RFC 9457 (section 3.1.1) allows: `/problems/NAME` */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** advice: what the caller should do */
  next: string;
  /** every fault found, not just the first */
  faults?: Fault[];
}

/** Every kind of problem the API answers with. `next` is the advice unless the caller gives another. */
export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    next: 'Correct every fault listed and send it again. Nothing was stored.',
  },
  unauthorized: {
    status: 401,
    title: 'An API key is needed',
    next: 'Send the header "Authorization: Bearer volley_…" with a key of this deployment.',
  },
  forbidden: {
    status: 403,
    title: 'This API key may not do that',
    next: 'Use a key that has the scope named.',
  },
  'not-found': {
    status: 404,
    title: 'Not found',
    next: 'Check the address; GET /openapi.json lists every call.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    next: 'Use one of the methods in the header Allow.',
  },
  conflict: {
    status: 409,
    title: 'Conflict with the stored state',
    next: 'Look at the stored state before you send anything else.',
  },
  'too-large': {
    status: 413,
    title: 'The body is too large',
    next: 'Send less; a large audience is better imported and addressed by a tag.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is of a type this call does not take',
    next: 'Set the header Content-Type to a type named and send the body in it.',
  },
  refused: {
    status: 422,
    title: 'This cannot be sent',
    next: 'Correct every fault listed and send it again. Nothing was stored.',
  },
  'too-many': {
    status: 429,
    title: 'Too many requests',
    next: 'Wait as long as the header Retry-After says, then try again.',
  },
  unexpected: {
    status: 500,
    title: 'Internal error',
    next: 'Try again with the same Idempotency-Key. If it persists, look for this time in the logs.',
  },
  unavailable: {
    status: 503,
    title: 'Storage unavailable',
    next: 'Try again in a moment with the same Idempotency-Key. The log has the cause.',
  },
} as const satisfies Record<string, { status: number; title: string; next: string }>;

export type ProblemKind = keyof typeof problems;

/** Longest sentence and longest path, in characters. Both may quote what was sent. */
const [MAX_SENTENCE, MAX_PATH] = [1_000, 200];
/** The faults shortened, without secrets in what they quote. */
function listed(faults: Fault[], count: number): Fault[] {
  const all = faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({
    path: quoted(path, MAX_PATH),
    message: quoted(message, MAX_SENTENCE),
  }));
  const more = count - all.length;
  return more > 0 ? [...all, { path: '', message: `and ${more} more` }] : all;
}

/**
 * A problem document. `detail` is shortened, and its secrets are removed. `count` is the number of all
 * faults if `faults` has only some of them.
 */
export function problem(
  kind: ProblemKind,
  detail: string,
  more: { faults?: Fault[]; count?: number; next?: string } = {},
): Problem {
  const { status, title, next } = problems[kind];
  return {
    type: `/problems/${kind}`,
    title,
    status,
    detail: quoted(detail, MAX_SENTENCE),
    next: more.next ?? next,
    ...(more.faults && { faults: listed(more.faults, more.count ?? more.faults.length) }),
  };
}
