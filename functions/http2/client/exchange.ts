/** A request and its answer: the pool makes exchanges, a connection fills them in. */

export interface Request {
  /**
   * Constant headers, encoded once: give the same object with every request of a message. ':path'
   * among them is the beginning of all paths.
   */
  headers: Record<string, string | number>;
  /** The path, or what follows ':path' of the constant headers. */
  path?: string;
  /** The one other header that differs from request to request. */
  varying?: readonly [name: string, value: string];
  /** The body, or its beginning, followed by `fill`, which is ASCII, and `tail`. */
  body: Buffer;
  fill?: string;
  tail?: Buffer;
  /** The body of a 200 is kept too. Left out, of a 200 only the status is used. */
  keepsBody?: true;
}

/** A request on its way. It is a stream of a connection while it has an id. */
export interface Exchange {
  request: Request;
  /** of the answer; 0 until an answer begins */
  status: number;
  retryAfter: string | undefined;
  /** of an answer other than 200, or to a request that keeps it; null without one */
  body: Buffer[] | null;
  /** when its stream was opened, in milliseconds of the pool's clock */
  openedAt: number;
  /** of its stream; 0 without one */
  id: number;
  /** bytes of the answer's body so far */
  received: number;
  /** the answer's content-length; -1 without one, -2 if it is malformed */
  length: number;
  /** the part of the request's body that waits for a window */
  rest: Buffer | null;
  /** bytes of its window beyond the initial one */
  credit: number;
  /** neighbours in the list that it is in: a stream table or a waiting list */
  previous: Exchange | null;
  next: Exchange | null;
}

/**
 * 'answered'   an answer came, with any status
 * 'refused'    the request was certainly not processed, so it may be sent again
 * 'no-answer'  the request was written and no answer came, so it may have been processed
 */
export type Ending = 'answered' | 'refused' | 'no-answer';

/** Returns all fields but the request of an exchange that has not been sent yet. */
export const unsent = () => ({
  status: 0,
  retryAfter: undefined,
  body: null,
  openedAt: 0,
  id: 0,
  received: 0,
  length: -1,
  rest: null,
  credit: 0,
  previous: null,
  next: null,
});

/** Prepares an exchange for stream `id`, which may not be its first one. `now`: in milliseconds. */
export function begin(exchange: Exchange, id: number, now: number) {
  exchange.id = id;
  exchange.openedAt = now;
  exchange.status = 0;
  exchange.retryAfter = undefined;
  exchange.body = null;
  exchange.received = 0;
  exchange.length = -1;
  exchange.rest = null;
  exchange.credit = 0;
}
