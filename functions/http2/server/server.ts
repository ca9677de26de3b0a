/**
 * A server of HTTP/2 that answers small requests: whole requests in, whole answers out. What a
 * server may do to its clients on a bad day (GOAWAY, resets, cuts, silence) is there to be used.
 */

import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { serveConnection } from './connection.ts';
import type { ServerConnection, ServerEvents } from './stream.ts';

export type { ServerConnection, ServerStream } from './stream.ts';

export interface ServerOptions extends ServerEvents {
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
}

export interface Server {
  readonly port: number;
  /** For every connection, at once. */
  setMaxStreams(count: number): void;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  /** all of them, those in the middle of their handshake included */
  const sockets = new Set<Socket>();
  const held = new Set<ReturnType<typeof serveConnection>>();
  let maxStreams = options.maxStreams;
  const server = createServer({
    key: options.key,
    cert: options.cert,
    ...(options.clientCa !== undefined && {
      ...{ requestCert: true, rejectUnauthorized: false, ca: options.clientCa },
    }),
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    // what simulators say is no secret in twenty years: half a millisecond less for each connection
    // than with the hybrid key exchange
    ecdhCurve: 'X25519:P-256',
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
    const it = serveConnection(socket, maxStreams, options);
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
