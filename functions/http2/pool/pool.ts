/**
 * A pool of HTTP/2 connections to one origin, for many small POST requests.
 *
 * Every request gets exactly one answer. What a peer certainly did not process (GOAWAY, RFC 9113
 * section 6.8; REFUSED_STREAM, section 8.7) goes to another connection by itself; what may have
 * been processed is never sent twice.
 */

import type { Request } from '../client/exchange.ts';
import type { ClientCertificate } from '../client/socket.ts';
import { createDeadlines } from './deadlines.ts';
import { type Answer, createEntries, type Entry, replyOf } from './entry.ts';
import { createLinks, type Link } from './links.ts';
import { createWaitingList } from './waiting-list.ts';

export type { Request } from '../client/exchange.ts';
export type { Answer } from './entry.ts';

export interface Pool {
  /**
   * `answer` is called once, possibly before this returns, with what was asked, so that one function
   * serves many requests; it must not throw.
   */
  request<R extends Request>(request: R, answer: (answer: Answer, request: R) => void): void;
  /** Refuses what was not written yet, waits for the answers to what was, a few seconds at most. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** `https://host[:port]` */
  origin: string;
  /** trusted beside nothing else; the usual authorities without it */
  ca?: string | Buffer;
  /** who we are, for a peer that asks for it in the TLS handshake */
  certificate?: ClientCertificate;
  maxConnections: number;
  deadlineMs?: number;
  /** a connection that heard nothing for that long is asked before it is used */
  idleMs?: number;
  /** a connection that owes answers and heard nothing for that long is asked whether it is alive */
  silenceMs?: number;
  pingMs?: number;
  drainMs?: number;
  /** milliseconds, monotonic */
  now?: () => number;
  random?: () => number;
}

const MAX_REFUSALS = 5;

/**
 * `deadlineMs` is 30 s by default: providers answer within a second, under load within a few; what
 * took longer has an unknown outcome, and a Cloud Tasks handler has minutes for a chunk. It bounds
 * the wait for a connection and, anew, the wait for the answer.
 */
export function createPool({
  origin,
  ca,
  certificate,
  maxConnections,
  deadlineMs = 30_000,
  // idle flows are cut after 10 minutes at the earliest (Cloud Run through a VPC)
  idleMs = 60_000,
  // node:http2 does not notice a reset that comes while it writes: the streams hang
  silenceMs = 5000,
  pingMs = 2000,
  drainMs = 5000,
  now = () => performance.now(),
  random = Math.random,
}: PoolOptions): Pool {
  const url = new URL(origin);
  if (url.protocol !== 'https:' || url.pathname !== '/')
    throw new TypeError('an origin is https://host[:port]');
  const entries = createEntries();
  const waiting = createWaitingList();
  let unanswered = 0;
  let stopped = false;

  const links = createLinks({
    url,
    tls: { ...(ca !== undefined && { ca }), ...certificate },
    ...{ maxConnections, deadlineMs, silenceMs, pingMs, drainMs, now, random },
    ended(entry, link, ending, reason) {
      if (ending === 'answered') settle(entry, replyOf(entry));
      else if (ending === 'no-answer') settle(entry, { kind: 'no-answer', reason });
      else again(entry, link, reason);
      if (waiting.oldest !== null) flush(link);
    },
    room() {
      if (waiting.oldest !== null) flush();
    },
    unreachable: refuseWaiting,
    backlog: () => waiting.oldest !== null,
  });
  const { taking } = links;

  const deadlines = createDeadlines({
    everyMs: Math.max(5, Math.min(1000, deadlineMs / 20)),
    now,
    due: () => unanswered > 0 || taking.length > 1,
    check(at) {
      links.expire(at);
      while (waiting.oldest !== null && waiting.oldest.since <= at - deadlineMs)
        settle(waiting.take(), {
          kind: 'refused',
          reason: 'no connection took it within the deadline',
        });
    },
  });

  function request<R extends Request>(it: R, answer: (answer: Answer, request: R) => void) {
    if (stopped) return answer({ kind: 'refused', reason: 'the pool is closed' }, it);
    const entry = entries.make(it, answer, now());
    unanswered += 1;
    if (unanswered === 1) deadlines.hold();
    if (waiting.oldest === null && dispatch(entry, entry.since)) return;
    waiting.append(entry);
    links.grow();
  }

  function settle(entry: Entry, answer: Answer) {
    unanswered -= 1;
    if (unanswered === 0) deadlines.release();
    const { request, answer: answered } = entry;
    entries.giveBack(entry);
    answered(answer, request as never);
  }

  /** The first connection with room, so that few are busy and each write carries much. */
  function dispatch(entry: Entry, at: number): boolean {
    for (let i = 0; i < taking.length; i++) if (give(entry, taking[i]!, at)) return true;
    return false;
  }

  function give(entry: Entry, link: Link, at: number): boolean {
    const { connection } = link;
    if (connection.room() <= 0 || link.probing) return false;
    if (entry.avoid === link && taking.length > 1) return false;
    const idle = connection.streams() === 0;
    if (idle && at - link.heardAt > idleMs) {
      links.probe(link);
      return false;
    }
    if (!connection.open(entry, at)) return false;
    links.gave(link, at);
    // silence is counted from here; for idling it makes no difference
    if (idle) link.heardAt = at;
    return true;
  }

  /** `freed`: the only connection that can have room, since there was a backlog. */
  function flush(freed: Link | null = null) {
    const at = now();
    while (waiting.oldest !== null) {
      const entry = waiting.take();
      if (freed === null || entry.avoid === freed ? dispatch(entry, at) : give(entry, freed, at))
        continue;
      waiting.putBack(entry);
      break;
    }
    if (waiting.oldest !== null) links.grow();
  }

  function refuseWaiting(reason: string) {
    // those that come while they are answered are not among them
    const end = waiting.newest;
    while (waiting.oldest !== null) {
      const entry = waiting.take();
      settle(entry, { kind: 'refused', reason });
      if (entry === end) break;
    }
  }

  /** Not processed: to another connection, before those that came later. */
  function again(entry: Entry, link: Link, reason: string) {
    // a peer that refuses everything must not be asked for ever; the usual GOAWAY does not count
    if (link.connection.served === 0) entry.refusals += 1;
    if (stopped || entry.refusals >= MAX_REFUSALS)
      return settle(entry, { kind: 'refused', reason });
    entry.avoid = link;
    waiting.requeue(entry);
  }

  async function close() {
    stopped = true;
    refuseWaiting('the pool is closed');
    await links.close();
    deadlines.stop();
  }

  return { request, close };
}
