/** What is wrong with a request, in words for its author, and the document that carries it. */

import { quoted } from './redact.ts';

export interface Fault {
  /** where: a field such as `message.title`, a header, a line; '' is the whole */
  path: string;
  message: string;
}

/** The same fault of a part, as one of the whole that has the part under that name. */
export const faultIn = (name: string, { path, message }: Fault): Fault => ({
  path: path === '' ? name : `${name}.${path}`,
  message,
});

/** A problem document (RFC 9457), as `application/problem+json`. */
export interface Problem {
  /** a relative reference, as RFC 9457 (section 3.1.1) allows: `/problems/NAME` */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** what to do about it */
  next: string;
  /** every fault found, not just the first */
  faults?: Fault[];
}

/** Every kind of problem the API answers with. `next` is the advice unless a caller knows better. */
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
    title: 'There is nothing here',
    next: 'Check the address; GET /openapi.json lists every call.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    next: 'Use one of the methods in the header Allow.',
  },
  conflict: {
    status: 409,
    title: 'This contradicts what is there already',
    next: 'Look at what is there before sending anything else.',
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
    title: 'Too many calls',
    next: 'Wait as long as the header Retry-After says, then try again.',
  },
  unexpected: {
    status: 500,
    title: 'Something went wrong on our side',
    next: 'Try again with the same Idempotency-Key; if it persists, look for this time in the logs.',
  },
  unavailable: {
    status: 503,
    title: 'What keeps the data does not answer',
    next: 'Try again in a moment with the same Idempotency-Key; the log says what is at fault.',
  },
} as const satisfies Record<string, { status: number; title: string; next: string }>;

export type ProblemKind = keyof typeof problems;

/** Characters of a sentence, or of a path: both may quote what was sent. */
const [MAX_SENTENCE, MAX_PATH] = [1_000, 200];
/** Faults that a problem lists; of the others it says how many. */
export const MAX_FAULTS = 200;

/** Shortened, and without secrets, whatever it quotes. */
function told(faults: Fault[], count: number): Fault[] {
  const all = faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({
    path: quoted(path, MAX_PATH),
    message: quoted(message, MAX_SENTENCE),
  }));
  const more = count - all.length;
  return more > 0 ? [...all, { path: '', message: `and ${more} more` }] : all;
}

/** `count` is of all faults, where not all of them were kept. */
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
    ...(more.faults && { faults: told(more.faults, more.count ?? more.faults.length) }),
  };
}

/** Something outside that we stand on does not serve us now: a full disk, a locked database. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** A cursor that no page of that list has given. */
export class BadCursor extends Error {
  override name = 'BadCursor';
}
