/** TLS sockets to a provider: HTTP/2 by ALPN, verified always, resumed where possible. */

import { hash } from 'node:crypto';
import { isIP, type OnReadOpts } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { giveBuffer, READ_BYTES, takeBuffer } from '../session/buffers.ts';
import { forgetAddresses, lookupAddresses } from './addresses.ts';

/** Of origins that are talked to; a deployment has a handful. */
const MAX_KEPT = 64;

/** By origin, by whom was trusted and by who we were: a resumed session verifies neither anew. */
const sessions = new Map<string, Buffer>();
/** By whom is trusted and who we are; reading certificates takes longer than the rest of a handshake. */
const contexts = new Map<string, SecureContext>();

/** Who we are: PKCS #12, or PEM of a certificate and its key. */
export interface ClientCertificate {
  pfx?: Buffer;
  cert?: string;
  key?: string;
  passphrase?: string;
}

export interface TlsOptions extends ClientCertificate {
  /** PEM, trusted in place of the usual authorities */
  ca?: string | Buffer;
}

/** `received` is called with the same buffer each time, and how many bytes of it are new. */
export function connectSocket(
  origin: URL,
  tls: TlsOptions,
  received: (chunk: Buffer, bytes: number) => void,
): TLSSocket {
  const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
  const identity = hash('sha256', JSON.stringify(tls));
  const key = `${origin.host} ${identity}`;
  // Until a newer one comes. That a ticket be used once (RFC 8446, appendix C.4) keeps connections
  // from being linked on the way; ours come from one place, and providers know who we are. Servers
  // that give none with a resumed handshake would have every second one begin anew.
  const session = sessions.get(key);
  const buffer = takeBuffer(READ_BYTES);
  const options: ConnectionOptions & { onread: OnReadOpts; autoSelectFamily: boolean } = {
    host,
    port: Number(origin.port || 443),
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['h2'],
    secureContext: contextOf(identity, tls),
    autoSelectFamily: true,
    lookup: lookupAddresses,
    ...(session !== undefined && { session }),
    onread: {
      buffer,
      callback(bytes, chunk) {
        received(chunk as Buffer, bytes);
        return true;
      },
    },
  };
  const socket = connect(options);
  socket.setNoDelay(true);
  socket.once('close', () => giveBuffer(buffer));
  socket.on('error', () => {
    forgetAddresses(host);
    sessions.delete(key);
  });
  socket.on('session', (ticket) => {
    keep(sessions, key, ticket);
  });
  return socket;
}

function contextOf(identity: string, tls: TlsOptions): SecureContext {
  const kept = contexts.get(identity);
  if (kept !== undefined) return kept;
  const context = createSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  keep(contexts, identity, context);
  return context;
}

/** The oldest makes room. */
function keep<T>(kept: Map<string, T>, key: string, value: T) {
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, value);
}
