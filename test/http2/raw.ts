/** HTTP/2 by hand: peers that write whatever bytes a test wants, and read frames. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { type Connection, openConnection } from '../../functions/http2/client/connection.ts';
import type { Ending, Exchange, Request } from '../../functions/http2/client/exchange.ts';
import { type ServerOptions, startServer } from '../../functions/http2/server/server.ts';
import * as F from '../../functions/http2/session/frames.ts';
import { certificate, until } from './peer.ts';

export interface Frame {
  type: number;
  flags: number;
  id: number;
  payload: Buffer;
}

export function frame(type: number, flags = 0, id = 0, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(9);
  F.writeFrameHeader(header, 0, body.length, type, flags, id);
  return Buffer.concat([header, body]);
}

export const number = (value: number) => {
  const it = Buffer.alloc(4);
  it.writeUInt32BE(value >>> 0);
  return it;
};

export const settings = (...list: [number, number][]) =>
  frame(F.SETTINGS, 0, 0, F.settingsPayload(list));
export const ack = frame(F.SETTINGS, F.ACK);
export const goaway = (lastId: number, code = 0) =>
  frame(F.GOAWAY, 0, 0, Buffer.concat([number(lastId), number(code)]));

/** Literals without indexing and without Huffman code: readable by eye. */
export const fields = (list: Record<string, string>) =>
  Buffer.concat(
    Object.entries(list).map(([name, value]) =>
      Buffer.concat([
        Buffer.from([0, name.length]),
        Buffer.from(name, 'latin1'),
        // the tests have no value of 127 bytes or more, but these
        value.length < 127
          ? Buffer.from([value.length])
          : Buffer.from([127, ((value.length - 127) & 127) | 128, (value.length - 127) >> 7]),
        Buffer.from(value, 'latin1'),
      ]),
    ),
  );
export const headers = (
  id: number,
  list: Record<string, string>,
  flags = F.END_HEADERS | F.END_STREAM,
) => frame(F.HEADERS, flags, id, fields(list));
export const ok = (id: number) => headers(id, { ':status': '200' });

export interface RawPeer {
  socket: TLSSocket;
  frames: Frame[];
  send(...parts: Buffer[]): void;
  /** The first frame of a type that was not taken before. */
  next(type: number): Promise<Frame>;
  /** The code of the GOAWAY it was sent off with. */
  goawayCode(): Promise<number>;
}

function rawPeer(socket: TLSSocket, preface: number): RawPeer {
  const frames: Frame[] = [];
  const taken = new Set<Frame>();
  let skip = preface;
  const reader = F.createFrameReader(2 ** 24, (type, flags, id, buffer, from, to) => {
    frames.push({ type, flags, id, payload: Buffer.from(buffer.subarray(from, to)) });
  });
  socket.on('data', (chunk: Buffer) => {
    const start = Math.min(skip, chunk.length);
    skip -= start;
    reader.read(chunk, start, chunk.length);
  });
  socket.on('error', () => {});
  const it: RawPeer = {
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
      return (await it.next(F.GOAWAY)).payload.readUInt32BE(4);
    },
  };
  return it;
}

/** A server that greets with `greeting`, then does as the test says. */
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
  rooms: number;
  closed: Promise<string>;
  open(request?: Partial<Request>): Promise<Ended>;
}

const tls = { ca: certificate.cert };

/** Our client half, by itself. Fails the test when an exchange ends twice. */
export function startClient(t: TestContext, origin: URL): Client {
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const waiting = new Map<Exchange, (it: Ended) => void>();
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
        if (!client.connection.open(exchange, 0)) reject(new Error('it takes no streams'));
      }),
  };
  t.after(() => client.connection.destroy('the test is over'));
  return client;
}

const common = { 'x-constant': 'yes' };
const noBody = Buffer.from('{}');

export const newExchange = (request: Request): Exchange => ({
  request,
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

/** A raw server and our client, ready. */
export async function rawPair(t: TestContext, greeting?: Buffer) {
  const server = await startRawServer(t, greeting);
  const client = startClient(t, server.origin);
  const peer = await server.peer();
  await client.ready;
  return { client, peer, server };
}

/** Our server, which answers 200 by itself, and a raw client. */
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

export const get = { ':method': 'POST', ':scheme': 'https', ':path': '/', ':authority': 'a' };

/** mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
