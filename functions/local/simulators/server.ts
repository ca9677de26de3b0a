/** The HTTP/2 under a simulated provider: `node:http2`, TLS, and the faults of a wire. */

import {
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Behaviour, SimulatorSettings } from './behaviour.ts';
import { delayLine } from './delay-line.ts';
import { type Answer, newPeer, type Peer } from './rules.ts';

export interface ServerOptions {
  /** 0: any that is free */
  port: number;
  certificate: { key: string; cert: string };
  /** read at every request: changes take effect at once, except `maxStreams` (see `resize`) */
  settings: SimulatorSettings;
  behaviour: Behaviour;
}

/** A body beyond this is cut short, so that it is refused by the rules and fills no memory. */
const MAX_BODY = 64 * 1024;
/** Room for bodies in flight: with the default of 64 KiB a connection waits for WINDOW_UPDATE. */
const WINDOW = 16 * 1024 * 1024;
const STREAM_WINDOW = 64 * 1024;

interface Connection {
  session: ServerHttp2Session;
  socket: TLSSocket;
  peer: Peer;
  streams: number;
}

export async function startServer({ port, certificate, settings, behaviour }: ServerOptions) {
  /** all of them, those in the middle of their handshake included */
  const sockets = new Set<Socket>();
  const connections = new Set<Connection>();
  const bySession = new WeakMap<ServerHttp2Session, Connection>();
  const delayed = delayLine<{ stream: ServerHttp2Stream; answer: Answer }>((it) =>
    respond(it.stream, it.answer),
  );
  /** `node:http2` hides a session's socket; 'session' follows 'secureConnection' in the same turn */
  let newest: TLSSocket;

  const streamLimits = () => ({
    maxConcurrentStreams: settings.maxStreams,
    initialWindowSize: STREAM_WINDOW,
  });
  const server = createSecureServer({
    ...certificate,
    allowHTTP1: false,
    settings: streamLimits(),
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.prependListener('secureConnection', (socket) => {
    newest = socket;
  });
  server.on('session', (session) => {
    behaviour.connected();
    const connection = { session, socket: newest, peer: newPeer(), streams: 0 };
    connections.add(connection);
    bySession.set(session, connection);
    session.setLocalWindowSize(WINDOW);
    session.on('error', ignore);
    session.on('close', () => connections.delete(connection));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', ignore);
    // a connection that was just cut may still hand out streams
    const connection = stream.session && bySession.get(stream.session as ServerHttp2Session);
    if (!connection) return;
    connection.streams++;
    if (settings.goawayEvery > 0 && connection.streams >= settings.goawayEvery)
      // GOAWAY with the last stream that is served; those under way are finished
      connection.session.close();
    readBody(stream, (body) => receive(connection, stream, headers, body));
  });
  // a client that breaks off its handshake is nobody's concern
  server.on('sessionError', ignore);
  server.on('tlsClientError', ignore);

  function receive(
    connection: Connection,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ) {
    const asked = { headers: headers as Record<string, string | undefined>, body };
    const { decision, answer } = behaviour.decide(asked, connection.peer);
    switch (decision) {
      case 'answer':
        if (settings.latencyMs > 0) delayed.push({ stream, answer: answer! }, settings.latencyMs);
        else respond(stream, answer!);
        break;
      case 'refuse':
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
        break;
      case 'reset':
        stream.close(constants.NGHTTP2_INTERNAL_ERROR);
        break;
      case 'cut':
        connection.socket.destroy();
        break;
      case 'silence':
        break;
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    /** Announces a changed `maxStreams`, to those who are connected as well. */
    resize() {
      server.updateSettings(streamLimits());
      for (const { session } of connections)
        if (!session.destroyed) session.settings(streamLimits());
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { session } of connections) session.destroy();
      for (const socket of sockets) socket.destroy();
      delayed.clear();
      await closed;
    },
  };
}

/** Errors of a stream or a session: what the client did not get is the client's to see. */
function ignore() {}

function readBody(stream: ServerHttp2Stream, done: (body: Buffer) => void) {
  // a push is nearly always one DATA frame
  let body: Buffer | undefined;
  stream.on('data', (piece: Buffer) => {
    if (!body) body = piece;
    else if (body.length < MAX_BODY) body = Buffer.concat([body, piece]);
  });
  stream.on('end', () => done(body ?? Buffer.alloc(0)));
}

function respond(stream: ServerHttp2Stream, { status, headers, body }: Answer) {
  if (stream.destroyed || stream.closed) return;
  const endStream = body === '';
  stream.respond({ ':status': status, ...headers }, { endStream });
  if (!endStream) stream.end(body);
}
