/** A request and what came of it: what the pool makes and a connection fills in. */

export interface Request {
  /**
   * Constant headers; give the same object with every request of a message, it is encoded once.
   * ':path' among them is what all paths begin with.
   */
  headers: Record<string, string | number>;
  /** The path, or the rest of it. */
  path?: string;
  /** The header that differs from request to request: name and value. */
  varying?: readonly [name: string, value: string];
  /** The body, or its beginning: `fill`, in ASCII, and `tail` follow. */
  body: Buffer;
  fill?: string;
  tail?: Buffer;
}

/** A request on its way: a stream of a connection, while it has an id. */
export interface Exchange {
  request: Request;
  /** 0 until an answer begins */
  status: number;
  retryAfter: string | undefined;
  /** of an answer other than 200; null without one */
  body: Buffer[] | null;
  /** when its stream was opened */
  openedAt: number;
  /** of its stream; 0: it has none */
  id: number;
  /** bytes of the answer's body so far */
  received: number;
  /** the answer's content-length; -1 without one */
  length: number;
  /** the part of the body that waits for a window */
  rest: Buffer | null;
  /** its window beyond the initial one */
  credit: number;
  previous: Exchange | null;
  next: Exchange | null;
}

/** 'refused': the peer says, or it is certain, that it was never processed. */
export type Ending = 'answered' | 'refused' | 'no-answer';

/** All that is known of a request which was not sent yet. */
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

/** Before its stream is opened, perhaps not for the first time. */
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
