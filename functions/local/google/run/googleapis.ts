/**
 * The outside world of a deployed function, on this machine: one TLS server that has the names of
 * Google's and the providers' services and hands each connection on to the emulator or simulator that
 * plays it, and the metadata server, which says who the function is.
 */

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { makeCertificate } from '../../certificate.ts';

/** An emulator or simulator: without TLS unless there is a `ca` (PEM) to trust. */
export interface Player {
  port: number;
  ca?: string;
}

export interface GoogleApis {
  /** PEM: what functions are to trust */
  ca: string;
  https: number;
  /** of the metadata server */
  http: number;
  /** names that were asked for, and have no player */
  strangers: string[];
  close(): Promise<void>;
}

/** The one access token the Firestore emulator takes for an administrator's. */
const TOKEN = 'owner';

/** By name, such as `firestore.googleapis.com`. */
export async function startGoogleApis(players: Record<string, Player>): Promise<GoogleApis> {
  const { key, cert } = await makeCertificate(Object.keys(players));
  const strangers: string[] = [];
  const open = new Set<Socket>();
  const server = createServer({ key, cert, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    const name = String(socket.servername);
    const player = Object.hasOwn(players, name) ? players[name] : undefined;
    if (!player) {
      strangers.push(name);
      return void socket.destroy();
    }
    join(socket, connectTo(player, socket));
  });
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  // not every client takes our certificate; it says so itself
  server.on('tlsClientError', () => {});
  const metadata = createMetadata();
  return {
    ca: cert,
    https: await listen(server),
    http: await listen(metadata),
    strangers,
    async close() {
      metadata.closeAllConnections();
      const closed = [server, metadata].map((it) => new Promise((resolve) => it.close(resolve)));
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** Where one breaks, both are gone: that is all there is to see of it. */
function join(one: Socket, other: Socket) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once('error', () => {});
    from.once('close', () => to.destroy());
  }
}

function connectTo({ port, ca }: Player, { alpnProtocol }: TLSSocket): Socket {
  if (ca === undefined) return connect(port, '127.0.0.1');
  const ALPNProtocols = [alpnProtocol || 'http/1.1'];
  return tlsConnect({ host: 'localhost', port, ca, ALPNProtocols });
}

/** https://cloud.google.com/run/docs/container-contract#metadata-server */
const createMetadata = () =>
  createHttpServer((request, response) => {
    const asked = request.headers['metadata-flavor'] === 'Google';
    const path = new URL(request.url ?? '/', 'http://metadata').pathname;
    const isToken = /^\/computeMetadata\/v1\/instance\/service-accounts\/[^/]+\/token$/.test(path);
    const said = isToken
      ? JSON.stringify({ access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' })
      : '';
    // Google's libraries take a 404 for what there is no answer to: the usual universe, for one
    const known = isToken || path === '/computeMetadata/v1/instance';
    response.writeHead(asked ? (known ? 200 : 404) : 403, {
      'Metadata-Flavor': 'Google',
      'Content-Type': isToken ? 'application/json' : 'text/plain',
    });
    response.end(asked ? said : '');
  });

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
