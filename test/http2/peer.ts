/**
 * A server of node:http2 that counts what it processed, a proxy that loses connections, and
 * waiting.
 */

import { once } from 'node:events';
import {
  createSecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Answer,
  createPool,
  type Pool,
  type PoolOptions,
} from '../../functions/http2/pool/pool.ts';
import { makeCertificate } from '../../functions/simulators/shared/certificate.ts';

export const certificate = await makeCertificate();

export interface Session {
  session: Http2Session;
  socket: Socket;
  /** streams so far */
  streams: number;
  /** open streams */
  open: number;
  /** answers; the test counts them itself */
  answered: number;
}

type Serve = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  on: Session,
) => 'processed' | 'not processed';

export interface Peer {
  origin: string;
  port: number;
  /** by path: how often it was processed */
  processed: Map<string, number>;
  sessions: Session[];
  /** Returns the most streams that were open at a time on one connection. */
  mostOpen(): number;
  serve: Serve;
  /** Closes every connection and stops listening. */
  stop(): Promise<void>;
}

/** Answers a request. Returns 'processed', so that it can be the end of `serve`. */
export const answer = (stream: ServerHttp2Stream, status = 200, body = '', headers = {}) => {
  stream.respond({ ':status': status, ...headers });
  stream.end(body);
  return 'processed' as const;
};

/** Starts a server. `serve` answers each request and says whether it was processed. */
export async function startPeer(
  t: TestContext,
  serve: Serve = (stream) => answer(stream),
  { settings, port = 0 }: { settings?: Settings; port?: number } = {},
): Promise<Peer> {
  const server = createSecureServer({ ...certificate, ...(settings && { settings }) });
  const sockets = new Set<Socket>();
  const bySession = new WeakMap<Http2Session, Session>();
  let newest: Socket;
  let most = 0;
  // sockets in their handshake included
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.prependListener('secureConnection', (socket) => {
    newest = socket;
  });
  server.on('sessionError', () => {});
  server.on('session', (session) => {
    session.on('error', () => {});
    const one = { session, socket: newest, streams: 0, open: 0, answered: 0 };
    bySession.set(session, one);
    peer.sessions.push(one);
  });
  server.on('stream', (stream, headers) => {
    const on = bySession.get(stream.session!)!;
    on.streams += 1;
    on.open += 1;
    most = Math.max(most, on.open);
    stream.on('error', () => {});
    stream.on('close', () => {
      on.open -= 1;
    });
    stream.resume();
    const path = headers[':path']!;
    if (peer.serve(stream, headers, on) === 'processed')
      peer.processed.set(path, (peer.processed.get(path) ?? 0) + 1);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const peer: Peer = {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    port: (server.address() as AddressInfo).port,
    processed: new Map(),
    sessions: [],
    mostOpen: () => most,
    serve,
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
  t.after(() => peer.stop());
  return peer;
}

/** Starts a TCP proxy that can lose its connections silently, as a network does, or reset them. */
export async function startProxy(t: TestContext, port: number) {
  const pairs = new Set<[Socket, Socket]>();
  let opened = 0;
  const server = createServer((client) => {
    opened += 1;
    const upstream = connectTcp(port, '127.0.0.1');
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    client.pipe(upstream);
    upstream.pipe(client);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const other of pair) other.destroy();
        pairs.delete(pair);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    opened: () => opened,
    /** Passes nothing more on the present connections, without closing them. */
    silence() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        client.resume();
        upstream.resume();
      }
    },
    /** Resets the present connections. */
    reset() {
      for (const [client] of pairs) client.resetAndDestroy();
    },
  };
}

export function startPool(
  t: TestContext,
  options: Partial<PoolOptions> & { origin: string },
): Pool {
  const pool = createPool({ ca: certificate.cert, maxConnections: 2, random: () => 0, ...options });
  t.after(() => pool.close());
  return pool;
}

/**
 * Sends `n` requests at the same time: /0, /1 and so on. Returns by path how often each was answered
 * and how, and a promise that resolves when all are answered.
 */
export function sendMany(pool: Pool, n: number, from = 0) {
  const counts = new Map<string, number>();
  const answers = new Map<string, Answer>();
  const all = Promise.withResolvers<void>();
  for (let i = from; i < from + n; i++) {
    const path = `/${i}`;
    pool.request({ path, headers: { 'x-constant': 'yes' }, body: Buffer.from('{}') }, (got) => {
      counts.set(path, (counts.get(path) ?? 0) + 1);
      answers.set(path, got);
      if (counts.size === n) all.resolve();
    });
  }
  return { counts, answers, all: within(all.promise) };
}

/** Sends one request and returns its answer. */
export function ask(pool: Pool, path = '/', varying?: readonly [string, string]): Promise<Answer> {
  return within(
    new Promise((resolve) =>
      pool.request(
        { path, headers: { a: 'b' }, body: Buffer.from('{}'), ...(varying && { varying }) },
        resolve,
      ),
    ),
  );
}

/** A deadline for every wait, much later than anything that tests wait for. */
export const LONG_MS = 120_000;
async function within<T>(promise: Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = delay(LONG_MS, undefined, { signal: abort.signal }).then(() => {
    throw new Error('still waiting after two minutes');
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    abort.abort();
  }
}

/** Waits for a condition. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + LONG_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error('still waiting after two minutes');
    await delay(2);
  }
}

/** Counts answers by kind. */
export function tally(values: Iterable<Answer>): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { kind } of values) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

/** Tells whether there are `n` paths, each counted once. */
export const onceEach = (counts: Map<string, number>, n: number) =>
  counts.size === n && Array.from(counts.values()).every((count) => count === 1);
