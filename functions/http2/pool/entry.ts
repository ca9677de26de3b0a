/** A request of the pool, from when it is asked until it is answered. */

import { type Exchange, type Request, unsent } from '../client/exchange.ts';
import type { Link } from './links.ts';

export type Answer =
  /** `body` is empty for 200 and cut after 64 KiB. */
  | { kind: 'reply'; status: number; headers: { retryAfter: string | undefined }; body: string }
  /** Certainly never processed by the peer: safe to send again. */
  | { kind: 'refused'; reason: string }
  /** Written, and no answer came (reset, cut, deadline): it may have been processed. */
  | { kind: 'no-answer'; reason: string };

export interface Entry extends Exchange {
  answer: (answer: Answer, request: never) => void;
  /** when it was asked */
  since: number;
  refusals: number;
  /** refused it last; another is tried first */
  avoid: Link | null;
}

/** Entries that have been answered are used again: fresh ones would be most of the garbage. */
const MAX_SPARE = 4096;
const nothing: Request = { headers: {}, body: Buffer.alloc(0) };
const nobody = () => {};

export function createEntries() {
  const spare: Entry[] = [];
  return {
    make(request: Request, answer: Entry['answer'], since: number): Entry {
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
    giveBack(entry: Entry) {
      if (spare.length >= MAX_SPARE) return;
      entry.request = nothing;
      entry.answer = nobody;
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

export function replyOf(entry: Entry): Answer {
  if (entry.status === 200) return OK;
  return {
    kind: 'reply',
    status: entry.status,
    headers: { retryAfter: entry.retryAfter },
    body: entry.body === null ? '' : Buffer.concat(entry.body).toString(),
  };
}
