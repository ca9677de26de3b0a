/** Peers without an HTTP/2 of their own: they write the bytes that a test wants, and read frames. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { type Connection, openConnection } from '../../functions/http2/client/connection.ts';
import {
  type Ending,
  type Exchange,
  type Request,
  unsent,
} from '../../functions/http2/client/exchange.ts';
import { type ServerOptions, startServer } from '../../functions/http2/server/server.ts';
import { createFrameReader } from '../../functions/http2/session/frames.ts';
import * as F from '../../functions/http2/session/protocol.ts';
import { ack, settings } from './frames.ts';
import { certificate, until } from './peer.ts';

export interface Frame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
}

export interface RawPeer {
  socket: TLSSocket;
  frames: Frame[];
  send(...parts: Buffer[]): void;
  /** Waits for a frame of this type and takes it; each frame is taken once. */
  next(type: number): Promise<Frame>;
  /** Waits for GOAWAY and returns its error code. */
  goawayCode(): Promise<number>;
}

/** `preface`: bytes to skip before the first frame. */
function rawPeer(socket: TLSSocket, preface: number): RawPeer {
  const frames: Frame[] = [];
  const taken = new Set<Frame>();
  let skip = preface;
  const reader = createFrameReader(2 ** 24, ({ type, flags, id, bytes, from, to }) => {
    frames.push({ type, flags, id, payload: Buffer.from(bytes.subarray(from, to)) });
  });
  socket.on('data', (chunk: Buffer) => {
    const start = Math.min(skip, chunk.length);
    skip -= start;
    reader.read(chunk, start, chunk.length);
  });
  socket.on('error', () => {});
  const peer: RawPeer = {
    socket,
    frames,
    send: (...parts) => void socket.write(Buffer.concat(parts)),
    async next(type) {
      let found: Frame | undefined;
      await until(() => {
        found = frames.find((frame) => frame.type === type && !taken.has(frame));
        return found !== undefined;
      });
      taken.add(found!);
      return found!;
    },
    async goawayCode() {
      return (await peer.next(F.GOAWAY)).payload.readUInt32BE(4);
    },
  };
  return peer;
}

/** Starts a server that sends `greeting` and an acknowledgement, then only what the test sends. */
export async function startRawServer(
  t: TestContext,
  greeting: Buffer = settings(),
): Promise<{ origin: URL; peers: RawPeer[]; peer(): Promise<RawPeer> }> {
  const peers: RawPeer[] = [];
  const server = createServer({ ...certificate, ALPNProtocols: ['h2'] }, (socket) => {
    const peer = rawPeer(socket, F.PREFACE.length);
    peers.push(peer);
    peer.send(greeting, ack);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  return {
    origin: new URL(`https://localhost:${(server.address() as AddressInfo).port}`),
    peers,
    async peer() {
      await until(() => peers.length > 0);
      return peers[peers.length - 1]!;
    },
  };
}

export interface Ended {
  ending: Ending;
  reason: string;
  status: number;
  retryAfter: string | undefined;
  body: string;
}

export interface Client {
  connection: Connection;
  /** resolves when streams may be opened */
  ready: Promise<void>;
  /** how often there was more room */
  rooms: number;
  /** resolves with the reason */
  closed: Promise<string>;
  /** Sends a request and resolves when it has ended. */
  open(request?: Partial<Request>): Promise<Ended>;
}

const tls = { ca: certificate.cert };

/** Connects our client without a pool. An exchange that ends twice throws. */
export function startClient(t: TestContext, origin: URL): Client {
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const waiting = new Map<Exchange, (ended: Ended) => void>();
  const client: Client = {
    connection: openConnection(origin, tls, {
      room() {
        client.rooms += 1;
        ready.resolve();
      },
      ended(exchange, ending, reason) {
        const resolve = waiting.get(exchange);
        if (resolve === undefined) throw new Error('an exchange ended twice');
        waiting.delete(exchange);
        const { status, retryAfter, body } = exchange;
        const text = Buffer.concat(body ?? []).toString();
        resolve({ ending, reason, status, retryAfter, body: text });
      },
      draining() {},
      closed: (reason) => closed.resolve(reason),
    }),
    ready: ready.promise,
    rooms: 0,
    closed: closed.promise,
    open: (request = {}) =>
      new Promise((resolve, reject) => {
        const exchange = newExchange({ path: '/', headers: common, body: noBody, ...request });
        waiting.set(exchange, resolve);
        if (!client.connection.open(exchange, 0))
          reject(new Error('the connection takes no streams'));
      }),
  };
  t.after(() => client.connection.destroy('the test is over'));
  return client;
}

const common = { 'x-constant': 'yes' };
const noBody = Buffer.from('{}');

export const newExchange = (request: Request): Exchange => ({
  request,
  ...unsent(),
});

/** Starts a raw server and our client, which may open streams. */
export async function rawPair(t: TestContext, greeting?: Buffer) {
  const server = await startRawServer(t, greeting);
  const client = startClient(t, server.origin);
  const peer = await server.peer();
  await client.ready;
  return { client, peer, server };
}

/** Starts our server, which answers 200 unless told otherwise, and a raw client. */
export async function rawClient(
  t: TestContext,
  options: Partial<ServerOptions> = {},
  greeting?: Buffer,
) {
  const server = await startServer({
    ...certificate,
    port: 0,
    maxStreams: 100,
    request: (stream) => stream.connection.respond(stream, 200, {}, ''),
    ...options,
  });
  t.after(() => server.close());
  return { peer: await connectRaw(t, server.port, greeting), server };
}

/** Connects a raw client to a server of HTTP/2. */
export async function connectRaw(
  t: TestContext,
  port: number,
  greeting: Buffer = Buffer.concat([F.PREFACE, settings(), ack]),
): Promise<RawPeer> {
  const tls = { servername: 'localhost', ca: certificate.cert, ALPNProtocols: ['h2'] };
  const socket = connectTls({ host: '127.0.0.1', port, ...tls });
  t.after(() => socket.destroy());
  const peer = rawPeer(socket, 0);
  await once(socket, 'secureConnect');
  peer.send(greeting);
  return peer;
}
