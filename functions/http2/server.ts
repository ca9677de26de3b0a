/**
 * The server half of HTTP/2 (RFC 9113), for servers that answer small requests: whole requests in,
 * whole answers out. What a server may do to its clients on a bad day (GOAWAY, resets, cuts,
 * silence) is there to be used.
 */

import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { addPart } from './body-parts.ts';
import * as F from './frames.ts';
import type { Template } from './hpack-encoder.ts';
import { createSession, type Half } from './session.ts';

export interface ServerOptions {
  /** PEM */
  key: string;
  cert: string;
  /** PEM: asks clients for a certificate, and who says which are good; those without are let in */
  clientCa?: string;
  /** 0: any that is free, on 127.0.0.1 */
  port: number;
  maxStreams: number;
  /** A connection speaks HTTP/2. */
  connected?(connection: ServerConnection, socket: TLSSocket): void;
  /** A stream was opened; its request is complete later, or never. */
  opened?(connection: ServerConnection): void;
  /** A complete request; to be answered now, later, or never. */
  request(stream: ServerStream): void;
}

/** Header names in lower case, pseudo-headers included; what came twice is joined by a comma. */
export interface ServerStream {
  readonly connection: ServerConnection;
  readonly headers: Record<string, string>;
  /** cut after 64 KiB */
  readonly body: Buffer;
}

export interface ServerConnection {
  /** streams opened so far */
  readonly streams: number;
  /** Once; does nothing for a stream that the client has given up. */
  respond(
    stream: ServerStream,
    status: number,
    headers: Record<string, string>,
    body: string | Buffer,
  ): void;
  /** Ends a stream by RST_STREAM; REFUSED_STREAM tells the client that nothing was done. */
  reset(stream: ServerStream, code: number): void;
  /** The streams of now are finished, later ones never looked at; then the connection ends. */
  goaway(): void;
  /** The socket is gone, without a word. */
  cut(): void;
}

export interface Server {
  readonly port: number;
  /** For every connection, at once. */
  setMaxStreams(count: number): void;
  /** Cuts every connection. */
  close(): Promise<void>;
}

interface Stream extends ServerStream {
  id: number;
  body: Buffer;
  /** of a body that takes several frames, until it is complete */
  parts: Buffer[] | null;
  /** content-length; -1 without one */
  length: number;
  received: number;
  /** of its window, not given back yet */
  taken: number;
  complete: boolean;
  /** the part of an answer that waits for a window */
  rest: Buffer | null;
  credit: number;
}

/** The connections of a server end with it; of those this is kept. */
interface Held {
  connection: ServerConnection;
  limit(count: number): void;
}

const MAX_BODY_BYTES = 64 * 1024;
const STREAM_WINDOW = 64 * 1024;
/** Room for the bodies of a thousand streams, so that nobody waits for a WINDOW_UPDATE. */
const RECEIVE_WINDOW = 16 * 1024 * 1024;
const MAX_LIST_BYTES = 16 * 1024;
/** What a client may open before it has read our SETTINGS. */
const STREAMS_UNASKED = 128;
/** Frames that an answered request earns: its WINDOW_UPDATEs, a PING now and then. */
const FRAMES_PER_REQUEST = 4;
/** A window of a byte takes two WINDOW_UPDATEs for each: slow, and nobody's fault. */
const FRAMES_PER_DATA = 2;

export async function startServer(options: ServerOptions): Promise<Server> {
  /** all of them, those in the middle of their handshake included */
  const sockets = new Set<Socket>();
  const held = new Set<Held>();
  let maxStreams = options.maxStreams;
  const server = createServer({
    key: options.key,
    cert: options.cert,
    ...(options.clientCa !== undefined && {
      ...{ requestCert: true, rejectUnauthorized: false, ca: options.clientCa },
    }),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    noDelay: true,
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // a client that breaks off its handshake is nobody's concern
  server.on('tlsClientError', ignore);
  server.on('secureConnection', (socket) => {
    socket.on('error', ignore);
    if (socket.alpnProtocol !== 'h2') return socket.destroy();
    const it = serve(socket, maxStreams, options);
    held.add(it);
    socket.on('close', () => held.delete(it));
    options.connected?.(it.connection, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    setMaxStreams(count) {
      maxStreams = count;
      for (const it of held) it.limit(count);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Errors of a socket: what the client did not get is the client's to see. */
function ignore() {}

function serve(
  socket: TLSSocket,
  maxStreams: number,
  { opened, request }: Pick<ServerOptions, 'opened' | 'request'>,
): Held {
  const streams = new Map<number, Stream>();
  const blocked = new Set<Stream>();
  const templates = new Map<string, Template>();
  let count = 0;
  let lastId = 0;
  /** those up to `lastId` that were used, for whatever */
  let ids = 0;
  /** of GOAWAY */
  let lastServed = F.MAX_STREAM_ID;
  // a limit holds from when the client has acknowledged it
  let limit = Math.max(maxStreams, STREAMS_UNASKED);
  const announced = [maxStreams];
  // of the header block that is being read
  let headers: Record<string, string> = {};
  let regular = 0;
  let malformed = false;

  const half: Half = {
    field(name, value) {
      if (name.charCodeAt(0) === 0x3a) {
        // pseudo-header fields come first and once (section 8.3)
        if (!pseudo.has(name) || name in headers || regular > 0) malformed = true;
        if (name === ':scheme' && !scheme.test(value)) malformed = true;
        headers[name] = value;
        return;
      }
      regular += 1;
      if (forbidden.test(name) || (name === 'te' && value !== 'trailers')) malformed = true;
      else if (!Object.hasOwn(headers, name)) headers[name] = value;
      else headers[name] += `${name === 'cookie' ? '; ' : ', '}${value}`;
    },

    headers(id, endStream, fits) {
      const block = headers;
      const broken = malformed;
      headers = {};
      regular = 0;
      malformed = false;
      if (id % 2 === 0) throw new F.ConnectionError(F.PROTOCOL_ERROR, `stream ${id} of a client`);
      const known = streams.get(id);
      if (known !== undefined) return trailers(known, endStream, broken || ':method' in block);
      if (id <= lastId) return ':method' in block ? reopened(id) : closedStream(id);
      lastId = id;
      ids += 1;
      if (id > lastServed) return session.spend();
      const stream: Stream = {
        connection,
        headers: block,
        body: noBytes,
        parts: null,
        id,
        length: lengthOf(block['content-length']),
        received: 0,
        taken: 0,
        complete: false,
        rest: null,
        credit: 0,
      };
      if (streams.size >= limit) return refuse(id, F.REFUSED_STREAM);
      if (broken || !(':method' in block && ':scheme' in block && block[':path']))
        return refuse(id, F.PROTOCOL_ERROR);
      streams.set(id, stream);
      count += 1;
      opened?.(connection);
      if (!fits) {
        stream.complete = endStream;
        return connection.respond(stream, 431, {}, '');
      }
      if (endStream) complete(stream);
    },

    data(id, buffer, from, to, size, endStream) {
      const stream = streams.get(id);
      if (stream === undefined || stream.complete) return closedStream(id);
      const grown = to - from;
      stream.taken += size;
      const room = MAX_BODY_BYTES - stream.received;
      stream.received += grown;
      if (room > 0 && grown > 0) {
        const end = Math.min(to, from + room);
        // a push is nearly always one DATA frame
        if (stream.body.length === 0) stream.body = Buffer.from(buffer.subarray(from, end));
        else {
          stream.parts ??= [stream.body];
          addPart(stream.parts, buffer, from, end);
        }
      }
      if (endStream) return complete(stream);
      if (stream.taken <= STREAM_WINDOW / 2) return;
      session.writeNumber(F.WINDOW_UPDATE, id, stream.taken);
      stream.taken = 0;
    },

    reset(id) {
      const stream = streams.get(id);
      if (stream !== undefined) forget(stream);
      else checkIdle(id);
    },

    credit(id, increment) {
      const stream = streams.get(id);
      if (stream === undefined) return checkIdle(id);
      if (increment === 0) return reset(stream, F.PROTOCOL_ERROR);
      stream.credit += increment;
      if (windowOf(stream) > F.MAX_WINDOW) return reset(stream, F.FLOW_CONTROL_ERROR);
      if (stream.rest !== null) writeRest(stream);
    },

    writable() {
      for (const stream of blocked) {
        if (session.sendWindow <= 0) break;
        writeRest(stream);
      }
      if (socket.isPaused() && !session.output.full) socket.resume();
    },

    settings(grown) {
      for (const stream of streams.values())
        if (windowOf(stream) > F.MAX_WINDOW)
          throw new F.ConnectionError(F.FLOW_CONTROL_ERROR, 'a window of more than 2^31 - 1');
      if (grown > 0) for (const stream of blocked) writeRest(stream);
    },

    acknowledged() {
      if (announced.length === 0) return;
      announced.shift();
      limit = announced.length === 0 ? maxStreams : Math.max(maxStreams, ...announced);
    },

    goaway() {},
    flushing() {},
    failed() {
      streams.clear();
      blocked.clear();
    },
  };

  function refuse(id: number, code: number) {
    session.spend();
    session.writeNumber(F.RST_STREAM, id, code);
  }

  function checkIdle(id: number) {
    if (id > lastId || id % 2 === 0)
      throw new F.ConnectionError(F.PROTOCOL_ERROR, `a frame on stream ${id}, which is idle`);
  }

  function closedStream(id: number) {
    checkIdle(id);
    session.spend();
    if (id > lastServed) return;
    const stream = streams.get(id);
    if (stream !== undefined) reset(stream, F.STREAM_CLOSED);
    else session.writeNumber(F.RST_STREAM, id, F.STREAM_CLOSED);
  }

  /** A request, so it is none of the trailers that may be late for a stream that was reset. */
  function reopened(id: number) {
    // ids that were left out are used up by the higher ones (section 5.1.1)
    const code = ids === (lastId + 1) / 2 ? F.STREAM_CLOSED : F.PROTOCOL_ERROR;
    throw new F.ConnectionError(code, `a request on stream ${id}, which has ended`);
  }

  function trailers(stream: Stream, endStream: boolean, broken: boolean) {
    if (stream.complete) return closedStream(stream.id);
    if (!endStream || broken) return reset(stream, F.PROTOCOL_ERROR);
    complete(stream);
  }

  function complete(stream: Stream) {
    if (stream.length !== -1 && stream.length !== stream.received)
      return reset(stream, F.PROTOCOL_ERROR);
    stream.complete = true;
    if (stream.parts !== null) stream.body = Buffer.concat(stream.parts);
    stream.parts = null;
    request(stream);
  }

  function reset(stream: Stream, code: number) {
    if (streams.get(stream.id) !== stream) return;
    session.writeNumber(F.RST_STREAM, stream.id, code);
    forget(stream);
  }

  function forget(stream: Stream) {
    streams.delete(stream.id);
    if (stream.rest !== null) blocked.delete(stream);
    if (lastServed !== F.MAX_STREAM_ID && streams.size === 0)
      session.close(lastServed, F.NO_ERROR, '');
  }

  // ------------------------------------------------------------------------------------ answers

  const windowOf = (stream: Stream) => session.peer.initialWindowSize + stream.credit;

  function templateOf(status: number, names: string[]): Template {
    const key = `${status} ${names.join(' ')}`;
    let template = templates.get(key);
    if (template === undefined) {
      template = session.encoder.prepare([
        { name: ':status', value: String(status) },
        ...names.map((name) => ({ name })),
      ]);
      templates.set(key, template);
    }
    return template;
  }

  function respond(
    it: ServerStream,
    status: number,
    answerHeaders: Record<string, string>,
    answerBody: string | Buffer,
  ) {
    const stream = it as Stream;
    if (streams.get(stream.id) !== stream || stream.rest !== null) return;
    session.earn(FRAMES_PER_REQUEST);
    const body = typeof answerBody === 'string' ? Buffer.from(answerBody) : answerBody;
    const size = body.length;
    const flags = size === 0 ? F.END_STREAM : 0;
    const template = templateOf(status, Object.keys(answerHeaders));
    const more = F.FRAME_HEADER + Math.min(size, F.DEFAULT_FRAME_SIZE);
    try {
      session.writeHeaders(stream.id, template, Object.values(answerHeaders), flags, more);
    } catch (error) {
      // a value that is not ASCII, an echo of the request perhaps; nothing was written
      if (error instanceof RangeError) return reset(stream, F.INTERNAL_ERROR);
      throw error;
    }
    if (session.output.full) socket.pause();
    stream.rest = size === 0 ? null : body;
    if (size === 0) return finished(stream);
    blocked.add(stream);
    writeRest(stream);
  }

  function writeRest(stream: Stream) {
    const { output, peer } = session;
    let rest = stream.rest!;
    while (rest.length > 0) {
      const window = Math.min(session.sendWindow, windowOf(stream), peer.maxFrameSize);
      const size = Math.min(rest.length, window);
      if (size <= 0) {
        stream.rest = rest;
        return;
      }
      output.reserve(F.FRAME_HEADER + size);
      const flags = size === rest.length ? F.END_STREAM : 0;
      const at = F.writeFrameHeader(output.bytes, output.end, size, F.DATA, flags, stream.id);
      output.end = at + rest.copy(output.bytes, at, 0, size);
      session.sendWindow -= size;
      stream.credit -= size;
      session.earn(FRAMES_PER_DATA);
      rest = rest.subarray(size);
    }
    finished(stream);
  }

  function finished(stream: Stream) {
    // an answer may come before the end of its request, which nobody needs then (section 8.1)
    if (!stream.complete) session.writeNumber(F.RST_STREAM, stream.id, F.NO_ERROR);
    forget(stream);
  }

  const connection: ServerConnection = {
    get streams() {
      return count;
    },
    respond,
    reset: (stream, code) => reset(stream as Stream, code),
    goaway() {
      if (lastServed !== F.MAX_STREAM_ID) return;
      lastServed = lastId;
      session.writeGoaway(lastServed, F.NO_ERROR, '');
      if (streams.size === 0) session.close(lastServed, F.NO_ERROR, '');
    },
    cut: () => socket.destroy(),
  };

  const session = createSession({
    socket,
    half,
    isServer: true,
    settings: [
      [F.MAX_CONCURRENT_STREAMS, maxStreams],
      [F.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [F.MAX_HEADER_LIST_SIZE, MAX_LIST_BYTES],
    ],
    receiveWindow: RECEIVE_WINDOW,
    maxListBytes: MAX_LIST_BYTES,
  });
  socket.on('data', (chunk: Buffer) => session.receive(chunk, 0, chunk.length));
  socket.on('close', () => {
    streams.clear();
    blocked.clear();
  });

  return {
    connection,
    limit(count) {
      maxStreams = count;
      announced.push(count);
      limit = Math.max(limit, count);
      session.writeSettings([[F.MAX_CONCURRENT_STREAMS, count]]);
    },
  };
}

const noBytes = Buffer.alloc(0);
/** RFC 3986, section 3.1. */
const scheme = /^[a-z][a-z0-9+.-]*$/;
const pseudo = new Set([':method', ':scheme', ':authority', ':path']);
/** Names that make a request malformed (sections 8.2.1 and 8.2.2). */
const forbidden =
  /[^!#-'*+.^-z|~\d-]|[A-Z]|^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|__proto__)$|^$/;

function lengthOf(text: string | undefined): number {
  if (text === undefined) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : -2;
}
