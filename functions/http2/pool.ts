/**
 * A pool of HTTP/2 connections to one origin, for many small POST requests.
 *
 * Every request gets exactly one answer. What a peer certainly did not process (GOAWAY, RFC 9113
 * section 6.8; REFUSED_STREAM, section 8.7) goes to another connection by itself; what may have
 * been processed is never sent twice.
 */

import { type Connection, type Exchange, openConnection, type Request } from './connection.ts';
import type { ClientCertificate } from './socket.ts';

export type { Request } from './connection.ts';

export type Answer =
  /** `body` is empty for 200 and cut after 64 KiB. */
  | { kind: 'reply'; status: number; headers: { retryAfter: string | undefined }; body: string }
  /** Certainly never processed by the peer: safe to send again. */
  | { kind: 'refused'; reason: string }
  /** Written, and no answer came (reset, cut, deadline): it may have been processed. */
  | { kind: 'no-answer'; reason: string };

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

interface Entry extends Exchange {
  answer: (answer: Answer, request: never) => void;
  since: number;
  refusals: number;
  avoid: Link | null;
}

interface Link {
  connection: Connection;
  heardAt: number;
  opened: number;
  answers: number;
  /** ended by the deadline since the last answer */
  silent: number;
  probing: boolean;
  failed: boolean;
}

/** Delays of new attempts to connect: full jitter under 200 ms, 400 ms, … (quick reconnecting is denial of service to APNs). */
const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5000;
const MAX_CONNECT_TRIES = 5;
/** After that many in vain, connections that work are not joined by another for a while. */
const NO_GROWTH_MS = 30_000;
const MAX_REFUSALS = 5;
/** That many deadlines with no answer in between: a connection takes no more streams. */
const MAX_SILENT = 3;
const MAX_SPARE = 4096;
const OK: Answer = Object.freeze({
  kind: 'reply',
  status: 200,
  headers: Object.freeze({ retryAfter: undefined }),
  body: '',
});

const nothing: Request = { headers: {}, body: Buffer.alloc(0) };
const nobody = () => {};

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
  const tls = { ...(ca !== undefined && { ca }), ...certificate };

  /** Those that may take streams, and the one being connected; then those that only finish. */
  const links: Link[] = [];
  const draining = new Set<Link>();
  let connecting: Link | null = null;
  let backoff: NodeJS.Timeout | null = null;
  let failures = 0;
  let noGrowthBefore = 0;

  let first: Entry | null = null; // waiting, oldest first
  let last: Entry | null = null;
  let lastRequeued: Entry | null = null;
  let unanswered = 0;
  let stopped = false;
  const closed = Promise.withResolvers<void>();
  let drainDeadline: NodeJS.Timeout | null = null;

  // One timer for all deadlines; it alone holds the process, and only while an answer is due.
  const tickMs = Math.max(5, Math.min(1000, deadlineMs / 20));
  let timer: NodeJS.Timeout | null = null;
  let lastTick = 0;
  let skipped = false;

  /** Entries that have been answered, to be used again: fresh ones would be most of the garbage. */
  const spare: Entry[] = [];

  function newEntry(request: Request, answer: Entry['answer']): Entry {
    const entry = spare.pop();
    if (entry === undefined)
      return {
        request,
        answer,
        since: now(),
        refusals: 0,
        avoid: null,
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
      };
    entry.request = request;
    entry.answer = answer;
    entry.since = now();
    entry.refusals = 0;
    entry.avoid = null;
    return entry;
  }

  function request<R extends Request>(it: R, answer: (answer: Answer, request: R) => void) {
    if (stopped) return answer({ kind: 'refused', reason: 'the pool is closed' }, it);
    const entry = newEntry(it, answer);
    unanswered += 1;
    if (unanswered === 1) hold();
    if (first === null && dispatch(entry, entry.since)) return;
    append(entry);
    if (connecting === null && backoff === null) grow();
  }

  function settle(entry: Entry, answer: Answer) {
    unanswered -= 1;
    if (unanswered === 0) release();
    const { request } = entry;
    const answered = entry.answer;
    if (spare.length < MAX_SPARE) {
      entry.request = nothing;
      entry.answer = nobody;
      entry.body = null;
      spare.push(entry);
    }
    answered(answer, request as never);
  }

  // ------------------------------------------------------------------------------- waiting ones

  function append(entry: Entry) {
    entry.previous = last;
    if (last === null) first = entry;
    else last.next = entry;
    last = entry;
  }

  function prepend(entry: Entry) {
    entry.next = first;
    if (first === null) last = entry;
    else first.previous = entry;
    first = entry;
  }

  /** Before those that came later; those that return together keep their order. */
  function requeue(entry: Entry) {
    const after = lastRequeued;
    lastRequeued = entry;
    if (after === null) return prepend(entry);
    entry.previous = after;
    entry.next = after.next;
    if (after.next === null) last = entry;
    else after.next.previous = entry;
    after.next = entry;
  }

  function takeFirst(): Entry {
    const entry = first as Entry;
    if (entry === lastRequeued) lastRequeued = null;
    first = entry.next as Entry | null;
    if (first === null) last = null;
    else first.previous = null;
    entry.next = null;
    return entry;
  }

  /** The first connection with room, so that few are busy and each write carries much. */
  function dispatch(entry: Entry, at: number): boolean {
    for (let i = 0; i < links.length; i++) if (give(entry, links[i]!, at)) return true;
    return false;
  }

  function give(entry: Entry, link: Link, at: number): boolean {
    const { connection } = link;
    if (connection.room <= 0 || link.probing) return false;
    if (entry.avoid === link && links.length > 1) return false;
    const idle = connection.streams === 0;
    if (idle && at - link.heardAt > idleMs) {
      probe(link);
      return false;
    }
    if (!connection.open(entry, at)) return false;
    link.opened += 1;
    // silence is counted from here; for idling it makes no difference
    if (idle) link.heardAt = at;
    return true;
  }

  /** `freed`: the connection that has room, as a rule; while there is a backlog, no other has. */
  function flush(freed: Link | null = null) {
    const at = now();
    while (first !== null) {
      const requeued = lastRequeued;
      const entry = takeFirst();
      if ((freed !== null && give(entry, freed, at)) || dispatch(entry, at)) continue;
      prepend(entry);
      lastRequeued = requeued;
      break;
    }
    if (first !== null) grow();
  }

  function refuseWaiting(reason: string) {
    // those that come while they are answered are not among them
    const end = last;
    while (first !== null) {
      const entry = takeFirst();
      settle(entry, { kind: 'refused', reason });
      if (entry === end) break;
    }
  }

  // -------------------------------------------------------------------------------- connections

  /** One more connection, if those there are proved to work and are not enough. */
  function grow() {
    if (connecting !== null || backoff !== null || stopped) return;
    if (links.length >= maxConnections || draining.size >= 4 * maxConnections) return;
    // until the first answer a peer may allow a single stream (APNs does); more comes with it
    if (links.some((link) => link.answers === 0 || link.probing)) return;
    if (links.length > 0 && now() < noGrowthBefore) return;
    if (failures === 0) return join();
    const delay = random() * Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
    backoff = setTimeout(() => {
      backoff = null;
      if (first !== null) join();
    }, delay).unref();
  }

  function join() {
    const connection = openConnection(url, tls, {
      room() {
        if (connecting === link) connecting = null;
        link.heardAt = now();
        flush();
      },
      ended(exchange, ending, reason) {
        const entry = exchange as Entry;
        if (ending === 'answered') {
          link.heardAt = now();
          link.answers += 1;
          link.silent = 0;
          failures = 0;
          settle(entry, reply(entry));
        } else if (ending === 'no-answer') settle(entry, { kind: 'no-answer', reason });
        else again(entry, link, reason);
        if (first !== null) flush(link);
      },
      draining(reason) {
        const inVain = connecting === link || (link.opened > 0 && !connection.served);
        if (connecting === link) connecting = null;
        links.splice(links.indexOf(link), 1);
        draining.add(link);
        if (inVain && link.answers === 0) failed(link, reason);
        if (first !== null) flush();
      },
      closed(reason) {
        draining.delete(link);
        if (link.opened > 0 && link.answers === 0) failed(link, reason);
        if (first !== null) flush();
        if (stopped) endIfDrained();
      },
    });
    const link: Link = {
      connection,
      heardAt: now(),
      opened: 0,
      answers: 0,
      silent: 0,
      probing: false,
      failed: false,
    };
    connecting = link;
    links.push(link);
  }

  /** A connection takes no more streams and has not brought one answer. */
  function failed(link: Link, reason: string) {
    if (link.failed) return;
    link.failed = true;
    failures += 1;
    if (failures < MAX_CONNECT_TRIES) return;
    failures = 0;
    noGrowthBefore = now() + NO_GROWTH_MS;
    if (links.length === 0) refuseWaiting(reason);
  }

  /** Not processed: to another connection, before those that came later. */
  function again(entry: Entry, link: Link, reason: string) {
    // a peer that refuses everything must not be asked for ever; the usual GOAWAY does not count
    if (!link.connection.served) entry.refusals += 1;
    if (stopped || entry.refusals >= MAX_REFUSALS)
      return settle(entry, { kind: 'refused', reason });
    entry.avoid = link;
    requeue(entry);
  }

  function probe(link: Link) {
    if (link.probing) return;
    link.probing = true;
    link.connection.ping(pingMs, (alive) => {
      link.probing = false;
      if (!alive) {
        // flows are dropped together (a frozen instance, a NAT that forgot them), and a request that
        // was in doubt on this one must not meet the next
        for (const other of links) if (other !== link) probe(other);
        return link.connection.destroy('no answer to PING');
      }
      link.heardAt = now();
      if (first !== null) flush();
    });
  }

  // ---------------------------------------------------------------------------------- deadlines

  function hold() {
    if (timer !== null) return void timer.ref();
    lastTick = now();
    timer = setInterval(tick, tickMs);
  }

  function release() {
    timer?.unref();
  }

  function tick() {
    const at = now();
    const late = at - lastTick > 3 * tickMs;
    lastTick = at;
    if (unanswered === 0) {
      clearInterval(timer as NodeJS.Timeout);
      timer = null;
      return;
    }
    // The process was busy, or frozen (Cloud Run between requests): answers may lie unread, and
    // they are read before the next tick.
    skipped = late && !skipped;
    if (skipped) return;
    for (const link of links.slice()) expire(link, at);
    for (const link of Array.from(draining)) expire(link, at);
    while (first !== null && first.since <= at - deadlineMs)
      settle(takeFirst(), { kind: 'refused', reason: 'no connection took it within the deadline' });
  }

  function expire(link: Link, at: number) {
    // a flow that was dropped shows by PING, and its streams need not wait for their deadline
    if (link.connection.streams > 0 && at - link.heardAt > silenceMs) probe(link);
    const expired = link.connection.expire(at - deadlineMs);
    if (expired === 0) return;
    link.silent += expired;
    probe(link);
    if (link.silent >= MAX_SILENT) link.connection.drain();
  }

  function close(): Promise<void> {
    if (stopped) return closed.promise;
    stopped = true;
    drainDeadline = setTimeout(() => {
      for (const link of [...links, ...draining]) link.connection.destroy('the pool is closed');
    }, drainMs);
    refuseWaiting('the pool is closed');
    for (const link of links.slice()) link.connection.drain();
    endIfDrained();
    return closed.promise;
  }

  function endIfDrained() {
    if (links.length > 0 || draining.size > 0) return;
    if (drainDeadline !== null) clearTimeout(drainDeadline);
    if (timer !== null) clearInterval(timer);
    if (backoff !== null) clearTimeout(backoff);
    closed.resolve();
  }

  return { request, close };
}

function reply(entry: Entry): Answer {
  if (entry.status === 200) return OK;
  return {
    kind: 'reply',
    status: entry.status,
    headers: { retryAfter: entry.retryAfter },
    body: entry.body === null ? '' : Buffer.concat(entry.body).toString(),
  };
}
