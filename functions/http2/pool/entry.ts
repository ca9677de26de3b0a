/** A request of the pool, from when it is asked until it is answered. */

import { type Exchange, type Request, unsent } from '../client/exchange.ts';
import type { Link } from './link.ts';

/**
 * reply      the peer answered; `body` is cut after 64 KiB. That of a 200 is empty, unless the request
 *            keeps it: then it may be cut anywhere
 * refused    the peer certainly did not process it, so it is safe to send again
 * no-answer  it was written and no answer came (reset, cut, deadline): it may have been processed
 */
export type Answer =
  | { kind: 'reply'; status: number; headers: { retryAfter: string | undefined }; body: string }
  | { kind: 'refused'; reason: string }
  | { kind: 'no-answer'; reason: string };

export interface Entry extends Exchange {
  /** `never`: a caller's function takes the type of request that it gave, which is not known here */
  answer: (answer: Answer, request: never) => void;
  /** when it was asked, in milliseconds of the pool's clock */
  since: number;
  /** how often it was refused without a GOAWAY after served streams */
  refusals: number;
  /** the connection that refused it last: another one is tried first */
  avoid: Link | null;
}

interface Entries {
  make(request: Request, answer: Entry['answer'], since: number): Entry;
  /** Takes an answered entry back; the caller must not use it afterwards. */
  giveBack(entry: Entry): void;
}

/** Answered entries are used again: fresh ones would be most of the garbage. */
const MAX_SPARE = 4096;
const noRequest: Request = { headers: {}, body: Buffer.alloc(0) };
const ignore = () => {};

export function createEntries(): Entries {
  const spare: Entry[] = [];
  return {
    make(request, answer, since) {
      const entry = spare.pop();
      if (entry === undefined)
        return { request, answer, since, refusals: 0, avoid: null, ...unsent() };
      entry.request = request;
      entry.answer = answer;
      entry.since = since;
      entry.refusals = 0;
      entry.avoid = null;
      return entry;
    },
    giveBack(entry) {
      if (spare.length >= MAX_SPARE) return;
      entry.request = noRequest;
      entry.answer = ignore;
      entry.body = null;
      spare.push(entry);
    },
  };
}

const OK: Answer = Object.freeze({
  kind: 'reply',
  status: 200,
  headers: Object.freeze({ retryAfter: undefined }),
  body: '',
});

/** Returns the answer of an exchange that ended as 'answered'. */
export function replyOf({ status, retryAfter, body }: Entry): Answer {
  if (status === 200 && body === null) return OK;
  return {
    kind: 'reply',
    status,
    headers: { retryAfter },
    body: body === null ? '' : Buffer.concat(body).toString(),
  };
}
