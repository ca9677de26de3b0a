/**
 * OIDC tokens in the form that Google signs for service accounts, signed with our own key. On this
 * machine the callers of the functions (Cloud Tasks, Pub/Sub push, Scheduler) use them.
 * https://cloud.google.com/docs/authentication/token-types#id
 */

import { createHash, createSign, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { setNewest } from '../../lib/bounded-map.ts';

export interface Oidc {
  /** A JWT that is valid for an hour. Returns the same one for half an hour, since signing is slow. */
  token(audience: string, email: string): string;
  /** key id -> PEM certificate, as https://www.googleapis.com/oauth2/v1/certs gives them */
  certs: Record<string, string>;
  /** for another process, so that it signs with the same key */
  keys: OidcKeys;
}

/** PEM */
export interface OidcKeys {
  kid: string;
  key: string;
  cert: string;
}

const HOUR_S = 60 * 60;
const REUSE_S = HOUR_S / 2;
/** Limits the cache of tokens. There are few audiences and accounts; more only cost new signatures. */
const MAX_KEPT = 100;

async function makeKeys(): Promise<OidcKeys> {
  const made = await generate([{ name: 'commonName', value: 'volley local' }], {
    keySize: 2048,
    algorithm: 'sha256',
  });
  return { kid: randomBytes(20).toString('hex'), key: made.private, cert: made.cert };
}

/** Makes a new key if `keys` is not given. */
export async function createOidc({
  keys,
  now = Date.now,
}: {
  keys?: OidcKeys;
  now?: () => number;
} = {}): Promise<Oidc> {
  const ours = keys ?? (await makeKeys());
  const { kid, key: privateKey, cert } = ours;
  const kept = new Map<string, { token: string; iat: number }>();

  const sign = (audience: string, email: string, iat: number) => {
    const text = [
      { alg: 'RS256', kid, typ: 'JWT' },
      {
        aud: audience,
        azp: subjectOf(email),
        email,
        email_verified: true,
        exp: iat + HOUR_S,
        iat,
        iss: 'https://accounts.google.com',
        sub: subjectOf(email),
      },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`;
  };

  return {
    certs: { [kid]: cert },
    keys: ours,
    token(audience, email) {
      const iat = Math.floor(now() / 1000);
      const key = JSON.stringify([audience, email]);
      const known = kept.get(key);
      if (known && iat >= known.iat && iat - known.iat < REUSE_S) return known.token;
      const token = sign(audience, email, iat);
      setNewest(kept, key, { token, iat }, MAX_KEPT);
      return token;
    },
  };
}

/** The number of a service account: 21 digits, the same for the same address. */
const subjectOf = (email: string) =>
  `1${BigInt(`0x${createHash('sha256').update(email).digest('hex')}`)
    .toString()
    .padStart(78, '0')
    .slice(-20)}`;

/** Serves the certificates for VOLLEY_OIDC_CERTS on 127.0.0.1; port 0 means any free port. */
export async function serveCerts(
  { certs }: Pick<Oidc, 'certs'>,
  port = 0,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url === '/certs';
    response.writeHead(found ? 200 : 404, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=3600',
    });
    response.end(found ? JSON.stringify(certs) : '{}');
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
