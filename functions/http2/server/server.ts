/**
 * An HTTP/2 server for small requests: whole requests in, whole answers out. It can do to its clients
 * what a server may do on a bad day: GOAWAY, resets, cuts, silence.
 */

import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { type ServedConnection, serveConnection } from './connection.ts';
import type { ServerConnection, ServerEvents } from './stream.ts';

export type { ServerConnection, ServerStream } from './stream.ts';

export interface ServerOptions extends ServerEvents {
  /** PEM */
  key: string;
  cert: string;
  /** PEM: asks clients for a certificate issued by this authority; clients without one are let in */
  clientCa?: string;
  /** on 127.0.0.1; 0: any free port */
  port: number;
  /** streams that each connection may have open */
  maxStreams: number;
  /** A connection has ended its handshake and speaks HTTP/2. */
  connected?(connection: ServerConnection, socket: TLSSocket): void;
}

interface Server {
  readonly port: number;
  /** Changes the limit of every connection, present and future. */
  setMaxStreams(count: number): void;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** Resolves when the server listens. Rejects if the port is taken. */
export async function startServer(options: ServerOptions): Promise<Server> {
  /** all sockets, those in their handshake included */
  const sockets = new Set<Socket>();
  const served = new Set<ServedConnection>();
  let maxStreams = options.maxStreams;
  const server = createServer({
    key: options.key,
    cert: options.cert,
    ...(options.clientCa !== undefined && {
      requestCert: true,
      rejectUnauthorized: false,
      ca: options.clientCa,
    }),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    // without the hybrid post-quantum key exchange, which takes half a millisecond more for each
    // connection: what simulators say need not stay secret for twenty years
    ecdhCurve: 'X25519:P-256',
    noDelay: true,
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // a client that breaks off its handshake has no request to lose
  server.on('tlsClientError', ignore);
  server.on('secureConnection', (socket) => {
    socket.on('error', ignore);
    if (socket.alpnProtocol !== 'h2') return socket.destroy();
    const one = serveConnection(socket, maxStreams, options);
    served.add(one);
    socket.on('close', () => served.delete(one));
    options.connected?.(one.connection, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    setMaxStreams(count) {
      maxStreams = count;
      for (const one of served) one.limit(count);
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Ignores an error of a socket: the client sees for itself what it did not get. */
function ignore() {}
