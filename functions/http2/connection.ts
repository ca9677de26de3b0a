/**
 * One HTTP/2 connection (RFC 9113) to a provider: the client half.
 *
 * It opens streams, says how each of them ended, and what the peer asks for (SETTINGS, GOAWAY).
 * Which connection takes a request, deadlines and reconnecting are the pool's.
 *
 * A stream is an exchange in a table and nothing else: no object, event or timer of its own. A
 * request is two frames in a buffer that leaves once a turn, an answer is read where it lies.
 */

import { addPart } from './body-parts.ts';
import * as F from './frames.ts';
import type { Template, TemplateField } from './hpack-encoder.ts';
import { createSession, type Half, type Session } from './session.ts';
import { connectSocket, type TlsOptions } from './socket.ts';

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

/** A request on its way. The pool makes it, the connection fills it in. */
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
/** After GOAWAY with an error a peer closes; answers on their way have this long. */
const GOAWAY_GRACE_MS = 1000;
/** Providers announce 100 (FCM) to 1,500 (APNs, seen); one that sets no limit gets this one. */
const MAX_STREAMS = 2000;
/** Reasons and errors are some hundred bytes. What is longer is cut, and its stream with it. */
const MAX_BODY_BYTES = 64 * 1024;
/** More than a body may have, so that no stream ever needs a WINDOW_UPDATE. */
const STREAM_WINDOW = MAX_BODY_BYTES + F.DEFAULT_FRAME_SIZE;
/** Answers of every stream at once, up to a reason each. */
const RECEIVE_WINDOW = 1024 * 1024;
/** Names and values of an answer; 8 KiB is what most servers allow themselves. */
const MAX_LIST_BYTES = 16 * 1024;
/** Streams are found by their id in a ring of so many; those that take longer than the next 4096 in a map. */
const SLOTS = 4096;
/** Frames that a request entitles the peer to: WINDOW_UPDATEs, mostly. */
const FRAMES_PER_REQUEST = 4;
/** A window of a byte takes two WINDOW_UPDATEs for each: slow, and nobody's fault. */
const FRAMES_PER_DATA = 2;

export function openConnection(origin: URL, tls: TlsOptions, events: ConnectionEvents): Connection {
  let phase: Connection['phase'] = 'connecting';
  let streams = 0;
  let limit = 0;
  let lastServed = Number.POSITIVE_INFINITY; // by GOAWAY
  let session: Session | null = null;
  let reasonOfEnd: string | null = null;
  let grace: NodeJS.Timeout | null = null;
  let nextId = 1;
  let writtenUpTo = 0;
  /** `room` was said to be 0 although streams were left */
  let held = false;
  // exchanges in the order they were opened, so that the oldest is always first
  let first: Exchange | null = null;
  let last: Exchange | null = null;
  const slots: (Exchange | null)[] = new Array(SLOTS).fill(null);
  const stragglers = new Map<number, Exchange>();
  /** exchanges with a `rest`, in the order they were opened */
  const blocked = new Set<Exchange>();
  // one campaign at a time is the usual case
  const templates = new WeakMap<Request['headers'], Template>();
  let encoded: Request['headers'] | null = null;
  let template: Template | null = null;
  const oneValue = [''];
  const twoValues = ['', ''];
  const noValues: string[] = [];

  const socket = connectSocket(origin, tls, (chunk, bytes) => session?.receive(chunk, 0, bytes));
  // whoever waits for an answer holds the process, a connection never does
  const connecting = setTimeout(() => destroy('connect timed out'), CONNECT_DEADLINE_MS).unref();
  socket.unref();
  socket.on('error', (error) => lost(`connection failed: ${error.message}`));
  socket.on('end', () => lost('connection closed by the peer'));
  socket.on('close', () => lost('connection closed by the peer'));
  socket.once('secureConnect', () => {
    if (phase === 'closed') return;
    if (socket.alpnProtocol !== 'h2') return destroy('the peer does not speak HTTP/2');
    session = createSession({
      socket,
      half,
      isServer: false,
      settings: [
        [F.ENABLE_PUSH, 0],
        [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
        [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
      ],
      receiveWindow: RECEIVE_WINDOW,
      maxListBytes: MAX_LIST_BYTES,
    });
  });

  // ------------------------------------------------------------------------------------ answers

  // of the header block that is being read
  let status = 0;
  let retryAfter: string | undefined;
  let length = -1;
  let malformed = '';

  const half: Half = {
    wants: (name) =>
      name === ':status' ||
      name === 'retry-after' ||
      name === 'content-length' ||
      forbidden.test(name),

    field(name, value) {
      if (name === ':status') {
        if (status !== 0 || !/^[1-5]\d\d$/.test(value)) malformed = 'a status that is none';
        else status = Number(value);
      } else if (name === 'retry-after') retryAfter = value;
      else if (name === 'content-length') length = /^\d{1,15}$/.test(value) ? Number(value) : -2;
      else malformed = `a header that HTTP/2 forbids: ${name.slice(0, 40)}`;
    },

    headers(id, endStream, fits) {
      const block = { status, retryAfter, length, malformed };
      status = 0;
      retryAfter = undefined;
      length = -1;
      malformed = '';
      const exchange = find(id);
      if (exchange === null) return late(id);
      if (!fits) return abort(exchange, F.CANCEL, 'its headers are too long');
      if (block.malformed !== '') return abort(exchange, F.PROTOCOL_ERROR, block.malformed);
      if (exchange.status !== 0) {
        // trailers
        if (!endStream || block.status !== 0)
          return abort(exchange, F.PROTOCOL_ERROR, 'two answers to one request');
      } else if (block.status < 200) {
        if (block.status === 0 || block.status === 101 || endStream)
          return abort(exchange, F.PROTOCOL_ERROR, 'an answer without a status');
        return session!.spend(); // 100 to 199 say nothing that matters here
      } else {
        exchange.status = block.status;
        exchange.length = block.length;
        if (block.status !== 200) {
          exchange.retryAfter = block.retryAfter;
          exchange.body = [];
        }
      }
      if (endStream) complete(exchange);
    },

    data(id, buffer, from, to, _, endStream) {
      const exchange = find(id);
      if (exchange === null) return late(id);
      if (exchange.status === 0)
        return abort(exchange, F.PROTOCOL_ERROR, 'a body before its headers');
      const room = MAX_BODY_BYTES - exchange.received;
      exchange.received += to - from;
      if (exchange.body !== null && to > from)
        addPart(exchange.body, buffer, from, Math.min(to, from + room));
      if (endStream) return complete(exchange);
      if (to - from <= room) return;
      reset(exchange, F.CANCEL);
      end(exchange, 'answered', '');
    },

    reset(id, code) {
      const exchange = find(id);
      if (exchange === null) return late(id);
      if (exchange.status === 200) end(exchange, 'answered', '');
      else if (code === F.REFUSED_STREAM && exchange.status === 0)
        end(exchange, 'refused', 'REFUSED_STREAM');
      else end(exchange, 'no-answer', `reset (code ${code})`);
    },

    credit(id, increment) {
      const exchange = find(id);
      if (exchange === null) return late(id);
      if (increment === 0) return abort(exchange, F.PROTOCOL_ERROR, 'WINDOW_UPDATE of nothing');
      exchange.credit += increment;
      if (windowOf(exchange) > F.MAX_WINDOW)
        return abort(exchange, F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
      if (exchange.rest !== null) writeRest(exchange);
    },

    writable() {
      for (const exchange of blocked) {
        if (session!.sendWindow <= 0) return;
        writeRest(exchange);
      }
      if (!held || room() <= 0) return;
      held = false;
      if (phase === 'open') events.room();
    },

    settings(grown) {
      if (grown > 0)
        for (let it = first; it !== null; it = it.next)
          if (windowOf(it) > F.MAX_WINDOW)
            throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
      limit = Math.min(session!.peer.maxConcurrentStreams, MAX_STREAMS);
      if (grown > 0) for (const exchange of blocked) writeRest(exchange);
      if (phase === 'connecting') {
        phase = 'open';
        clearTimeout(connecting);
      }
      if (phase === 'open') events.room();
    },

    acknowledged() {},

    goaway(lastStreamId, code) {
      lastServed = Math.min(lastServed, lastStreamId);
      reasonOfEnd ??= `GOAWAY (code ${code})`;
      stopOpening();
      refuseAbove(lastServed);
      endWhenDrained();
      if (code !== F.NO_ERROR && phase !== 'closed')
        grace ??= setTimeout(() => destroy('cut after GOAWAY'), GOAWAY_GRACE_MS).unref();
    },

    flushing() {
      writtenUpTo = nextId - 2;
    },

    failed: lost,
  };

  /** A frame for a stream that has ended here, or one that never was. */
  function late(id: number) {
    if (id >= nextId || id % 2 === 0)
      throw new F.ConnectionError(F.PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
    session!.spend();
  }

  function complete(exchange: Exchange) {
    // half a reason misleads; of a 200 nothing but the status is used
    if (exchange.status !== 200 && exchange.length !== -1 && exchange.length !== exchange.received)
      return abort(exchange, F.PROTOCOL_ERROR, 'a body that is not as long as it says');
    if (exchange.rest !== null) reset(exchange, F.CANCEL);
    end(exchange, 'answered', '');
  }

  function abort(exchange: Exchange, code: number, reason: string) {
    reset(exchange, code);
    end(exchange, 'no-answer', reason);
  }

  function reset(exchange: Exchange, code: number) {
    session!.writeNumber(F.RST_STREAM, exchange.id, code);
  }

  function end(exchange: Exchange, ending: Ending, reason: string) {
    unlink(exchange);
    events.ended(exchange, ending, reason);
    endWhenDrained();
  }

  function refuseAbove(id: number) {
    let it = last;
    let above: Exchange | null = null;
    while (it !== null && it.id > id) {
      above = it;
      it = it.previous;
    }
    // oldest first; what a callback ended meanwhile has no id, and ended all that follow it
    while (above !== null && above.id !== 0) {
      const next: Exchange | null = above.next;
      end(above, 'refused', 'GOAWAY');
      above = next;
    }
  }

  // ------------------------------------------------------------------------------ table of streams

  function find(id: number): Exchange | null {
    const exchange = slots[(id >>> 1) & (SLOTS - 1)]!;
    if (exchange !== null && exchange.id === id) return exchange;
    return stragglers.size === 0 ? null : (stragglers.get(id) ?? null);
  }

  function link(exchange: Exchange) {
    const slot = (exchange.id >>> 1) & (SLOTS - 1);
    const straggler = slots[slot]!;
    if (straggler !== null) stragglers.set(straggler.id, straggler);
    slots[slot] = exchange;
    exchange.previous = last;
    if (last === null) first = exchange;
    else last.next = exchange;
    last = exchange;
    streams += 1;
  }

  function unlink(exchange: Exchange) {
    const slot = (exchange.id >>> 1) & (SLOTS - 1);
    if (slots[slot] === exchange) slots[slot] = null;
    else stragglers.delete(exchange.id);
    if (exchange.rest !== null) {
      exchange.rest = null;
      blocked.delete(exchange);
    }
    if (exchange.previous === null) first = exchange.next;
    else exchange.previous.next = exchange.next;
    if (exchange.next === null) last = exchange.previous;
    else exchange.next.previous = exchange.previous;
    exchange.previous = null;
    exchange.next = null;
    exchange.id = 0;
    streams -= 1;
  }

  // ----------------------------------------------------------------------------------- requests

  function room(): number {
    if (phase !== 'open') return 0;
    if (session!.sendWindow > 0 && !session!.output.full) return limit - streams;
    held = true;
    return 0;
  }

  function templateOf({ headers, path, varying }: Request): Template {
    if (headers === encoded) return template!;
    let it = templates.get(headers);
    if (it === undefined) {
      const fields: TemplateField[] = [
        { name: ':method', value: 'POST' },
        { name: ':scheme', value: 'https' },
        { name: ':authority', value: origin.host },
      ];
      const prefix = headers[':path'] === undefined ? '' : String(headers[':path']);
      if (path === undefined) fields.push({ name: ':path', value: prefix });
      else fields.push({ name: ':path', prefix });
      // `authorization` is indexed like the rest: what never-indexed protects from is a third party
      // that adds headers to ours and sees the size (RFC 7541, section 7.1), and there is none. It
      // would be half a kilobyte to a kilobyte of every push.
      for (const name in headers)
        if (name !== ':path') fields.push({ name, value: String(headers[name]) });
      if (varying !== undefined) fields.push({ name: varying[0] });
      it = session!.encoder.prepare(fields);
      templates.set(headers, it);
    }
    encoded = headers;
    template = it;
    return it;
  }

  function valuesOf({ path, varying }: Request): readonly string[] {
    if (path === undefined && varying === undefined) return noValues;
    if (path !== undefined && varying !== undefined) {
      twoValues[0] = path;
      twoValues[1] = varying[1];
      return twoValues;
    }
    oneValue[0] = path ?? varying![1];
    return oneValue;
  }

  function open(exchange: Exchange, now: number): boolean {
    if (phase !== 'open') return false;
    const { output, peer } = session!;
    const { request } = exchange;
    const { body, fill, tail } = request;
    const size =
      body.length + (fill === undefined ? 0 : fill.length) + (tail === undefined ? 0 : tail.length);
    const id = nextId;
    session!.writeHeaders(
      id,
      templateOf(request),
      valuesOf(request),
      size === 0 ? F.END_STREAM : 0,
      F.FRAME_HEADER + size,
    );
    nextId += 2;
    session!.earn(FRAMES_PER_REQUEST);
    exchange.id = id;
    exchange.status = 0;
    exchange.retryAfter = undefined;
    exchange.body = null;
    exchange.received = 0;
    exchange.length = -1;
    exchange.rest = null;
    exchange.credit = 0;
    exchange.openedAt = now;
    link(exchange);
    if (size === 0) {
      // it is whole
    } else if (
      size <= session!.sendWindow &&
      size <= peer.initialWindowSize &&
      size <= peer.maxFrameSize
    ) {
      const { bytes } = output;
      let at = F.writeFrameHeader(bytes, output.end, size, F.DATA, F.END_STREAM, id);
      bytes.set(body, at);
      at += body.length;
      if (fill !== undefined) at += bytes.write(fill, at, 'latin1');
      if (tail !== undefined) {
        bytes.set(tail, at);
        at += tail.length;
      }
      output.end = at;
      session!.sendWindow -= size;
      exchange.credit = -size;
    } else {
      exchange.rest = Buffer.concat([body, Buffer.from(fill ?? '', 'latin1'), tail ?? noBytes]);
      blocked.add(exchange);
      writeRest(exchange);
    }
    if (id > LAST_STREAM_ID) drain();
    return true;
  }

  const windowOf = (exchange: Exchange) => session!.peer.initialWindowSize + exchange.credit;

  /** As much of a body as the windows allow. */
  function writeRest(exchange: Exchange) {
    const { output, peer } = session!;
    let rest = exchange.rest!;
    for (;;) {
      const size = Math.min(
        rest.length,
        session!.sendWindow,
        windowOf(exchange),
        peer.maxFrameSize,
      );
      if (size <= 0) break;
      output.reserve(F.FRAME_HEADER + size);
      const flags = size === rest.length ? F.END_STREAM : 0;
      const at = F.writeFrameHeader(output.bytes, output.end, size, F.DATA, flags, exchange.id);
      output.end = at + rest.copy(output.bytes, at, 0, size);
      session!.sendWindow -= size;
      exchange.credit -= size;
      session!.earn(FRAMES_PER_DATA);
      rest = rest.subarray(size);
      if (rest.length > 0) continue;
      exchange.rest = null;
      blocked.delete(exchange);
      return;
    }
    exchange.rest = rest;
  }

  function expire(before: number): number {
    let expired = 0;
    while (first !== null && first.openedAt <= before) {
      expired += 1;
      abort(first, F.CANCEL, 'no answer within the deadline');
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
    if (session === null || phase === 'closed') return once(false);
    // false: too many are under way already, so the deadline decides
    session.ping(() => once(true));
  }

  // ----------------------------------------------------------------------------------------- end

  function lost(reason: string) {
    if (phase === 'closed') return;
    reasonOfEnd ??= reason;
    finish();
  }

  function stopOpening() {
    if (phase !== 'open' && phase !== 'connecting') return;
    clearTimeout(connecting);
    phase = 'draining';
    events.draining(reasonOfEnd ?? 'drained');
  }

  function endWhenDrained() {
    if (phase === 'draining' && streams === 0) destroy('drained');
  }

  function drain() {
    stopOpening();
    endWhenDrained();
  }

  function destroy(reason: string) {
    reasonOfEnd ??= reason;
    finish();
  }

  function finish() {
    if (phase === 'closed') return;
    const reason = reasonOfEnd ?? 'drained';
    stopOpening();
    if (phase !== 'draining') return; // a callback has come here before
    phase = 'closed';
    if (grace !== null) clearTimeout(grace);
    // what is still in our buffer, the peer has certainly not seen
    const unwritten = writtenUpTo;
    if (session === null) socket.destroy();
    else {
      session.output.end = 0;
      session.close(0, F.NO_ERROR, reason);
    }
    while (first !== null) {
      const exchange = first;
      const id = exchange.id;
      const answered = exchange.status === 200;
      unlink(exchange);
      if (answered) events.ended(exchange, 'answered', '');
      else
        events.ended(exchange, id > lastServed || id > unwritten ? 'refused' : 'no-answer', reason);
    }
    events.closed(reason);
  }

  return {
    get phase() {
      return phase;
    },
    get room() {
      return room();
    },
    get streams() {
      return streams;
    },
    get served() {
      return lastServed > 0 && lastServed !== Number.POSITIVE_INFINITY;
    },
    open,
    expire,
    ping,
    drain,
    destroy,
  };
}

/** Stream ids end at 2^31 - 1 (RFC 9113, section 5.1.1); a connection retires before that. */
const LAST_STREAM_ID = F.MAX_STREAM_ID - 10_000;
const noBytes = Buffer.alloc(0);
/** What makes an answer malformed (sections 8.2 and 8.3): read whether or not anybody wants it. */
const forbidden =
  /[A-Z]|^:|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$|^$/;
