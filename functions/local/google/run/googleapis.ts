/**
 * The services that a deployed function connects to, on this machine: one TLS server with the names of
 * Google's and the providers' services, which passes each connection to an emulator or simulator; and
 * the metadata server, which tells the function its identity.
 */

import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions, connect as tlsConnect } from 'node:tls';
import { makeCertificate } from '../../../simulators/shared/certificate.ts';

/** An emulator or simulator. It uses TLS if `ca` (PEM) is given. */
export interface Player {
  port: number;
  ca?: string;
}

interface GoogleApis {
  /** PEM of the authority that functions must trust */
  ca: string;
  https: number;
  /** port of the metadata server */
  http: number;
  /** requested names that have no emulator or simulator, and connections without TLS */
  strangers: string[];
  close(): Promise<void>;
}

const METADATA_HOSTS = ['169.254.169.254', 'metadata.google.internal', 'metadata.google.internal.'];
/** The access token that the Firestore emulator accepts as an administrator's. */
const TOKEN = 'owner';

/** `players` are by host name, such as `firestore.googleapis.com`. */
export async function startGoogleApis(players: Record<string, Player>): Promise<GoogleApis> {
  const { key, cert } = await makeCertificate(Object.keys(players));
  const strangers: string[] = [];
  const open = new Set<Socket>();
  const tls: TlsOptions = {
    key,
    cert,
    ALPNProtocols: ['h2', 'http/1.1'],
    // before the client checks the certificate, which does not have this name
    SNICallback(name, done) {
      const known = Object.hasOwn(players, name);
      if (!known) strangers.push(name);
      done(known ? null : new Error(`no player has the name ${name}`));
    },
  };
  const server = createServer(tls, (socket) => {
    const { servername: name } = socket;
    if (name) return join(socket, connectTo(players[name]!, socket));
    strangers.push('a TLS client that says no name');
    socket.destroy();
  });
  for (const event of ['connection', 'secureConnection'])
    server.on(event, (socket: Socket) => {
      open.add(socket);
      socket.once('close', () => open.delete(socket));
    });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    // the client has ended, or rejects our certificate and reports that itself
    if (error.code?.startsWith('ERR_SSL')) strangers.push(`no TLS: ${error.code}`);
  });
  const metadata = createMetadata((host) => strangers.push(host));
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

/** Url of the module that redirects a process's connections; `ca` is a file with the PEM. */
export function redirectTo({ https, http }: GoogleApis, ca: string): string {
  const url = new URL('./redirect.js', import.meta.url);
  url.search = String(new URLSearchParams({ ca, https: `${https}`, http: `${http}` }));
  return url.href;
}

/** Joins two sockets. If one breaks, both are closed; the ends see that, so no error is reported. */
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
const createMetadata = (onStranger: (host: string) => void) =>
  createHttpServer((request, response) => {
    const { host = '' } = request.headers;
    if (!METADATA_HOSTS.includes(host)) onStranger(host);
    const asked = request.headers['metadata-flavor'] === 'Google';
    const path = new URL(request.url ?? '/', 'http://metadata').pathname;
    const isToken = /^\/computeMetadata\/v1\/instance\/service-accounts\/[^/]+\/token$/.test(path);
    const said = isToken
      ? JSON.stringify({ access_token: TOKEN, expires_in: 3600, token_type: 'Bearer' })
      : '';
    // a 404 makes Google's libraries use their defaults, such as the usual universe
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
