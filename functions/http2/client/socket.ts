/** Opens TLS sockets to a provider: HTTP/2 by ALPN, always verified, resumed where possible. */

import { hash } from 'node:crypto';
import { isIP, type OnReadOpts } from 'node:net';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { setNewest } from '../../lib/bounded-map.ts';
import { giveBuffer, READ_BYTES, takeBuffer } from '../session/buffers.ts';
import { forgetAddresses, lookupAddresses } from './addresses.ts';

/** Entries of each cache; a deployment talks to a handful of origins. */
const MAX_CACHED = 64;

/**
 * TLS sessions by origin, trusted authorities and our identity: a resumed session verifies neither
 * side again, so a session must not be used for another combination.
 */
const sessions = new Map<string, Buffer>();
/** By authorities and identity: reading certificates takes longer than the rest of a handshake. */
const contexts = new Map<string, SecureContext>();

/**
 * Our identity for a peer that asks for it in the handshake: PKCS #12, or PEM of certificate and
 * key.
 */
export interface ClientCertificate {
  pfx?: Buffer;
  cert?: string;
  key?: string;
  passphrase?: string;
}

export interface TlsOptions extends ClientCertificate {
  /** PEM: trusted instead of the usual authorities */
  ca?: string | Buffer;
}

/**
 * Connects to `origin` (`https://host[:port]`). `received` gets the same buffer each time and the
 * number of bytes that came; they are good until it returns.
 */
export function connectSocket(
  origin: URL,
  tls: TlsOptions,
  received: (chunk: Buffer, bytes: number) => void,
): TLSSocket {
  const host = origin.hostname.replace(/^\[(.*)\]$/, '$1');
  const identity = hash('sha256', JSON.stringify(tls));
  const key = `${origin.host} ${identity}`;
  // A session is used until a newer one comes. RFC 8446, appendix C.4 advises to use a ticket once, so
  // that observers cannot link connections; ours come from one place, and providers know who we are.
  // With servers that send no ticket after a resumed handshake every second one would be a full one.
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
    setNewest(sessions, key, ticket, MAX_CACHED);
  });
  return socket;
}

function contextOf(identity: string, tls: TlsOptions): SecureContext {
  const cached = contexts.get(identity);
  if (cached !== undefined) return cached;
  const context = createSecureContext({ ...tls, minVersion: 'TLSv1.2' });
  setNewest(contexts, identity, context, MAX_CACHED);
  return context;
}
