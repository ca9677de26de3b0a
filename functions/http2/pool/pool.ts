/**
 * A pool of HTTP/2 connections to one origin, for many small POST requests.
 *
 * Every request gets exactly one answer. What a peer certainly did not process (GOAWAY, RFC 9113
 * section 6.8; REFUSED_STREAM, section 8.7) is sent again on another connection; what may have been
 * processed is never sent twice.
 */

import { setFlagsFromString } from 'node:v8';
import type { Request } from '../client/exchange.ts';
import type { ClientCertificate } from '../client/socket.ts';
import { createDeadlines } from './deadlines.ts';
import { createDispatcher } from './dispatcher.ts';
import { type Answer, createEntries, type Entry, replyOf } from './entry.ts';
import type { Link } from './link.ts';
import { createLinks } from './links.ts';
import { createWaitingList } from './waiting-list.ts';

export type { Request } from '../client/exchange.ts';
export type { Answer } from './entry.ts';

export interface Pool {
  /**
   * Sends a request. `answer` is called exactly once, possibly before this returns. It gets the request
   * too, so that one function serves many requests. It must not throw.
   */
  request<R extends Request>(request: R, answer: (answer: Answer, request: R) => void): void;
  /**
   * Opens a connection if there is none, and asks one that was idle for long whether it is there. Resolves
   * when one takes requests, or has failed; never rejects.
   */
  ready(): Promise<void>;
  /** Refuses what was not written yet, and waits up to `drainMs` for answers to what was. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** `https://host[:port]` */
  origin: string;
  /** PEM: trusted instead of the usual authorities */
  ca?: string | Buffer;
  /** our identity, for a peer that asks for it in the TLS handshake */
  certificate?: ClientCertificate;
  maxConnections: number;
  /**
   * For the wait for a connection and then, anew, for the answer. Default 30 s: providers answer
   * within a second, under load within a few. A later answer leaves the outcome in doubt, and a Cloud
   * Tasks handler has minutes for a chunk.
   */
  deadlineMs?: number;
  /**
   * A connection that was idle for longer is sent a PING before it is used. Default 60 s: idle
   * connections are cut after 10 minutes at the earliest (Cloud Run through a VPC).
   */
  idleMs?: number;
  /**
   * A connection that owes answers and was silent for longer is sent a PING. Default 5 s: without it
   * a connection that was cut shows only by the deadline.
   */
  silenceMs?: number;
  /** For the answer to a PING. Default 2 s. */
  pingMs?: number;
  /** For open requests when the pool closes. Default 5 s. */
  drainMs?: number;
  /** milliseconds, monotonic */
  now?: () => number;
  random?: () => number;
}

/**
 * V8 counts for each literal in the code how many of its objects outlive a collection; once most of
 * them do, it puts all later ones among the old objects. The first requests of a process wait for
 * their answers during the first collections. So in some processes every later request would become
 * garbage that only a full collection finds: 200 bytes a push, and up to a third more CPU time. This
 * flag switches that off, and nothing else.
 */
setFlagsFromString('--no-allocation-site-pretenuring');

/** Times that one request is sent again after a refusal; a peer may refuse everything. */
const MAX_REFUSALS = 5;

/** @throws TypeError if `origin` is not of the form `https://host[:port]` */
export function createPool(options: PoolOptions): Pool {
  const { url, tls, maxConnections, deadlineMs, idleMs, now, ...times } = complete(options);
  const entries = createEntries();
  const waiting = createWaitingList();
  let unanswered = 0;
  let stopped = false;
  /** callers of `ready` */
  let awaited: (() => void)[] = [];

  const links = createLinks({
    ...times,
    url,
    tls,
    maxConnections,
    deadlineMs,
    now,
    ended(entry, link, ending, reason) {
      if (ending === 'answered') settle(entry, replyOf(entry));
      else if (ending === 'no-answer') settle(entry, { kind: 'no-answer', reason });
      else sendAgain(entry, link, reason);
      if (waiting.oldest !== null) flush(link);
    },
    room() {
      wake();
      if (waiting.oldest !== null) flush();
    },
    unreachable: refuseWaiting,
    backlog: () => waiting.oldest !== null,
  });
  const { dispatch, flush, isReady } = createDispatcher({ links, waiting, idleMs, now });
  const deadlines = createDeadlines({
    everyMs: Math.max(5, Math.min(1000, deadlineMs / 20)),
    now,
    due: () => unanswered > 0 || links.live.length > 1,
    check(at) {
      links.expire(at);
      while (waiting.oldest !== null && waiting.oldest.since <= at - deadlineMs)
        refuse(waiting.take(), 'no connection took it within the deadline');
    },
  });

  function settle(entry: Entry, answer: Answer) {
    unanswered -= 1;
    if (unanswered === 0) deadlines.release();
    const { request, answer: answered } = entry;
    entries.giveBack(entry);
    answered(answer, request as never);
  }

  function wake() {
    const resolves = awaited;
    awaited = [];
    for (const resolve of resolves) resolve();
  }

  const refuse = (entry: Entry, reason: string) => settle(entry, { kind: 'refused', reason });

  function refuseWaiting(reason: string) {
    waiting.takeAll((entry) => refuse(entry, reason));
  }

  /** Sends a request that was not processed again: on another connection, before later requests. */
  function sendAgain(entry: Entry, link: Link, reason: string) {
    // a GOAWAY after served streams is the usual end of a connection and does not count
    if (link.connection.served === 0) entry.refusals += 1;
    if (stopped || entry.refusals >= MAX_REFUSALS) return refuse(entry, reason);
    entry.avoid = link;
    waiting.requeue(entry);
  }

  return {
    request(request, answer) {
      if (stopped) return answer({ kind: 'refused', reason: 'the pool is closed' }, request);
      const entry = entries.make(request, answer, now());
      unanswered += 1;
      if (unanswered === 1) deadlines.hold();
      if (waiting.oldest === null && dispatch(entry, entry.since)) return;
      waiting.append(entry);
      links.grow();
    },
    async ready() {
      if (stopped || isReady()) return;
      links.grow();
      await new Promise<void>((resolve) => awaited.push(resolve));
    },
    async close() {
      stopped = true;
      wake();
      refuseWaiting('the pool is closed');
      await links.close();
      deadlines.stop();
    },
  };
}

/** Checks the options and fills in the defaults. */
function complete({
  origin,
  ca,
  certificate,
  maxConnections,
  deadlineMs = 30_000,
  idleMs = 60_000,
  silenceMs = 5000,
  pingMs = 2000,
  drainMs = 5000,
  now = () => performance.now(),
  random = Math.random,
}: PoolOptions) {
  const url = new URL(origin);
  if (url.protocol !== 'https:' || url.pathname !== '/')
    throw new TypeError('an origin is https://host[:port]');
  const tls = { ...(ca !== undefined && { ca }), ...certificate };
  return { url, tls, maxConnections, deadlineMs, idleMs, silenceMs, pingMs, drainMs, now, random };
}
