/**
 * One HTTP/2 connection (RFC 9113) to a provider, on `node:http2`.
 *
 * It opens streams, says how each of them ended, and what the peer asks for (SETTINGS, GOAWAY).
 * Which connection takes a request, deadlines and reconnecting are the pool's.
 *
 * In Node 20 and 24 a socket that is reset right after GOAWAY can go unnoticed by `node:http2`: its
 * session stays half closed and its streams never end. So the socket is watched here as well, and
 * the pool's deadlines end whatever is left.
 */

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Request {
  path: string;
  /** Constant headers; give the same object with every request of a message, it is encoded once. */
  headers: Record<string, string | number>;
  /** The header that differs from request to request: name and value. */
  varying?: readonly [name: string, value: string];
  body: Buffer;
}

/** A request on its way. The pool makes it, the connection fills it in. */
export interface Exchange {
  readonly request: Request;
  /** 0 until an answer begins */
  status: number;
  retryAfter: string | undefined;
  /** of an answer other than 200; null without one */
  body: Buffer[] | null;
  /** when its stream was opened */
  openedAt: number;
  stream: ClientHttp2Stream | null;
  previous: Exchange | null;
  next: Exchange | null;
}

/** 'refused': the peer says, or it is certain, that it was never processed. */
export type Ending = 'answered' | 'refused' | 'no-answer';

export interface Connection {
  /**
   * connecting  until the peer's first SETTINGS
   * open        takes streams
   * draining    takes none any more, the open ones may finish
   * closed      all streams have ended
   */
  readonly phase: 'connecting' | 'open' | 'draining' | 'closed';
  /** streams that may be opened now */
  readonly room: number;
  /** streams under way */
  readonly streams: number;
  /** Its end came by GOAWAY, after it had taken streams: the usual end, no failure. */
  readonly served: boolean;
  /** False: it was not written, and never will be. */
  open(exchange: Exchange, now: number): boolean;
  /** Ends what was opened at `before` or earlier as 'no-answer'; how many those were. */
  expire(before: number): number;
  /** Calls back once: whether the peer answered in time. */
  ping(deadlineMs: number, answered: (alive: boolean) => void): void;
  drain(): void;
  /** Every stream under way ends at once. */
  destroy(reason: string): void;
}

export interface ConnectionEvents {
  /** Streams may be opened, or more of them than before. */
  room(): void;
  /** Exactly once for each exchange that was opened. Must not throw. */
  ended(exchange: Exchange, ending: Ending, reason: string): void;
  /** It takes no more streams. At most once, and always before `closed`. */
  draining(reason: string): void;
  /** Once, after every exchange has ended. `reason` says why there never was, or is no longer, a connection. */
  closed(reason: string): void;
}

/** TCP, TLS and the first SETTINGS; a provider takes well under a second. */
const CONNECT_DEADLINE_MS = 10_000;
/** Providers announce 100 (FCM) to 1,500 (APNs, seen); one that sets no limit gets this one. */
const MAX_STREAMS = 2000;
/** Reasons and errors are some hundred bytes. What is longer is cut. */
const MAX_BODY_BYTES = 64 * 1024;
/** Stream ids end at 2^31 - 1 (RFC 9113, section 5.1.1); a connection retires before that. */
const LAST_STREAM_ID = 2 ** 31 - 10_000;
/** Megabytes `node:http2` may hold for one session: every stream with a body of 4 KiB is 8. */
const SESSION_MEMORY_MB = 64;

interface Carrier extends ClientHttp2Stream {
  exchange?: Exchange;
}

const ignore = () => {};

export function openConnection(
  origin: URL,
  ca: string | Buffer | undefined,
  events: ConnectionEvents,
): Connection {
  let phase: Connection['phase'] = 'connecting';
  let streams = 0;
  let limit = 0;
  let goaway: { code: number; lastStreamId: number } | null = null;
  let session: ClientHttp2Session | null = null;
  let reasonOfEnd: string | null = null;
  // exchanges in the order they were opened, so that the oldest is always first
  let first: Exchange | null = null;
  let last: Exchange | null = null;
  // the header list of the last message: one campaign at a time is the usual case
  let encoded: Request['headers'] | null = null;
  let constant: string[] = [];

  const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = connectTls({
    host,
    port: Number(origin.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['h2'],
    ...(ca !== undefined && { ca }),
  });
  // whoever waits for an answer holds the process, a connection never does
  const connecting = setTimeout(() => destroy('connect timed out'), CONNECT_DEADLINE_MS).unref();
  socket.unref();
  socket.on('error', (error) => lost(`connection failed: ${error.message}`));
  socket.on('close', () => lost('connection closed by the peer'));
  socket.once('secureConnect', () => {
    if (phase === 'closed') return;
    if (socket.alpnProtocol !== 'h2') return destroy('the peer does not speak HTTP/2');
    start();
  });

  function start() {
    session = connect(origin, {
      createConnection: () => socket,
      settings: { enablePush: false },
      maxSessionMemory: SESSION_MEMORY_MB,
    });
    session.unref();
    session.on('remoteSettings', (settings) => {
      limit = Math.min(settings.maxConcurrentStreams ?? MAX_STREAMS, MAX_STREAMS);
      if (phase === 'connecting') {
        phase = 'open';
        clearTimeout(connecting);
      }
      if (phase === 'open') events.room();
    });
    session.on('goaway', (code, lastStreamId) => {
      goaway = { code: code ?? 0, lastStreamId: lastStreamId ?? 0 };
      reasonOfEnd ??= `GOAWAY (code ${goaway.code})`;
      stopOpening();
      endWhenDrained();
    });
    session.on('error', (error) => lost(`connection failed: ${error.message}`));
    session.on('close', () => lost('connection closed by the peer'));
  }

  /** It is gone, but answers that came before may still be on their way through `node:http2`. */
  function lost(reason: string) {
    reasonOfEnd ??= reason;
    stopOpening();
    setImmediate(() => finish(reason));
  }

  /** Not left to `node:http2`, which waits for the peer to close its side, without a deadline. */
  function endWhenDrained() {
    if (phase === 'draining' && streams === 0) setImmediate(() => destroy('drained'));
  }

  function stopOpening() {
    if (phase !== 'open' && phase !== 'connecting') return;
    clearTimeout(connecting);
    phase = 'draining';
    events.draining(reasonOfEnd ?? 'drained');
  }

  function unlink(exchange: Exchange) {
    if (exchange.previous === null) first = exchange.next;
    else exchange.previous.next = exchange.next;
    if (exchange.next === null) last = exchange.previous;
    else exchange.next.previous = exchange.previous;
    exchange.previous = null;
    exchange.next = null;
    exchange.stream = null;
  }

  function onResponse(this: Carrier, headers: Record<string, unknown>) {
    const exchange = this.exchange;
    if (exchange !== undefined && exchange.stream === this) {
      exchange.status = headers[':status'] as number;
      if (exchange.status !== 200) {
        exchange.retryAfter = headers['retry-after'] as string | undefined;
        exchange.body = [];
        let length = 0;
        this.on('data', (part: Buffer) => {
          if (length < MAX_BODY_BYTES)
            exchange.body?.push(part.subarray(0, MAX_BODY_BYTES - length));
          length += part.length;
        });
        return;
      }
    }
    this.resume();
  }

  function onClose(this: Carrier) {
    if (phase !== 'closed') streams -= 1;
    const exchange = this.exchange as Exchange;
    this.exchange = undefined;
    if (exchange.stream !== this) return;
    unlink(exchange);
    const code = this.rstCode;
    // an answer other than 200 counts only when all of it came: half a reason misleads
    if (exchange.status === 200 || (exchange.status !== 0 && code === constants.NGHTTP2_NO_ERROR))
      events.ended(exchange, 'answered', '');
    // node:http2 gives streams the code of GOAWAY, so only its own REFUSED_STREAM is believed
    else if (
      beyondGoaway(this.id) ||
      (code === constants.NGHTTP2_REFUSED_STREAM && goaway?.code !== code)
    )
      events.ended(exchange, 'refused', goaway ? 'GOAWAY' : 'REFUSED_STREAM');
    else events.ended(exchange, 'no-answer', goaway ? 'cut after GOAWAY' : `reset (code ${code})`);
    endWhenDrained();
  }

  // without an id it was never written
  const beyondGoaway = (id: number | undefined) =>
    id === undefined || (goaway !== null && id > goaway.lastStreamId);

  function headerList(request: Request): string[] {
    if (request.headers !== encoded) {
      encoded = request.headers;
      constant = [':method', 'POST', ':scheme', 'https', ':authority', origin.host];
      for (const name in encoded) constant.push(name, String(encoded[name]));
    }
    const list = constant.slice();
    list.push(':path', request.path);
    if (request.varying !== undefined) list.push(request.varying[0], request.varying[1]);
    return list;
  }

  function open(exchange: Exchange, now: number): boolean {
    if (phase !== 'open' || session === null || session.closed) return false;
    const stream: Carrier = session.request(headerList(exchange.request));
    stream.on('error', ignore); // its 'close' says the same and always follows
    if (stream.destroyed) return false;
    streams += 1;
    stream.exchange = exchange;
    exchange.status = 0;
    exchange.retryAfter = undefined;
    exchange.body = null;
    exchange.openedAt = now;
    exchange.stream = stream;
    exchange.previous = last;
    if (last === null) first = exchange;
    else last.next = exchange;
    last = exchange;
    stream.on('response', onResponse);
    stream.on('close', onClose);
    stream.end(exchange.request.body);
    if ((stream.id ?? 0) > LAST_STREAM_ID) drain();
    return true;
  }

  function expire(before: number): number {
    let expired = 0;
    while (first !== null && first.openedAt <= before) {
      const exchange = first;
      const stream = exchange.stream;
      unlink(exchange);
      stream?.close(constants.NGHTTP2_CANCEL);
      expired += 1;
      events.ended(exchange, 'no-answer', 'no answer within the deadline');
    }
    return expired;
  }

  function ping(deadlineMs: number, answered: (alive: boolean) => void) {
    let open = true;
    const once = (alive: boolean) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      answered(alive);
    };
    // after a freeze of the process the answer may lie unread: it is read before an immediate runs
    const timer = setTimeout(() => setImmediate(once, false), deadlineMs).unref();
    if (session === null || session.destroyed) return once(false);
    // false: too many are under way already, so the deadline decides
    session.ping((error) => once(error === null));
  }

  function drain() {
    stopOpening();
    endWhenDrained();
  }

  function destroy(reason: string) {
    if (phase === 'closed') return;
    reasonOfEnd ??= reason;
    session?.destroy();
    finish(reason);
  }

  function finish(fallback: string) {
    if (phase === 'closed') return;
    const reason = reasonOfEnd ?? fallback;
    stopOpening();
    phase = 'closed';
    streams = 0;
    socket.destroy();
    while (first !== null) {
      const exchange = first;
      const id = exchange.stream?.id;
      const answered = exchange.status === 200;
      unlink(exchange);
      if (answered) events.ended(exchange, 'answered', '');
      else events.ended(exchange, beyondGoaway(id) ? 'refused' : 'no-answer', reason);
    }
    events.closed(reason);
  }

  return {
    get phase() {
      return phase;
    },
    get room() {
      return phase === 'open' ? limit - streams : 0;
    },
    get streams() {
      return streams;
    },
    get served() {
      return goaway !== null && goaway.lastStreamId > 0;
    },
    open,
    expire,
    ping,
    drain,
    destroy,
  };
}
