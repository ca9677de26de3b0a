/**
 * The clients that are measured side by side. All send the same message to the same tokens, and
 * answer with the number of pushes that failed.
 */

import { randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Provider } from '../../functions/model/provider/registry.ts';
import { firebaseAdmin, nodeApn } from './senders-libraries.ts';
import {
  apnsIdentity,
  body,
  type Client,
  COLLAPSE,
  fcmMessage,
  PROJECT,
  type Setup,
  title,
} from './senders-work.ts';

export const clientNames = ['raw', 'rawFcm', 'apns', 'fcm', 'nodeApn', 'firebaseAdmin'] as const;
export type ClientName = (typeof clientNames)[number];

export const providerOf: Record<ClientName, Provider> = {
  raw: 'apns',
  rawFcm: 'fcm',
  apns: 'apns',
  fcm: 'fcm',
  nodeApn: 'apns',
  firebaseAdmin: 'fcm',
};

export const clients: Record<ClientName, (setup: Setup) => Promise<Client>> = {
  async raw({ origin, ca, key }) {
    const session = await connected(origin, ca);
    const authorization = `bearer ${providerToken(key)}`;
    const payload = Buffer.from(
      JSON.stringify({ aps: { alert: { title, body }, sound: 'default' } }),
    );
    const constant = {
      ':method': 'POST',
      authorization,
      'apns-topic': apnsIdentity.topic,
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-expiration': '0',
      'apns-collapse-id': COLLAPSE,
    };
    return loop(session, 1000, (token) => ({
      headers: { ...constant, ':path': `/3/device/${token}`, 'apns-id': randomUUID() },
      body: payload,
    }));
  },

  async rawFcm({ origin, ca }) {
    const session = await connected(origin, ca);
    const headers = {
      ':method': 'POST',
      ':path': `/v1/projects/${PROJECT}/messages:send`,
      authorization: 'Bearer placeholder',
      'content-type': 'application/json',
    };
    const rest = JSON.stringify(fcmMessage()).slice(1);
    return loop(session, 100, (token) => ({
      headers,
      body: `{"message":{"token":"${token}",${rest}}`,
    }));
  },

  apns: (setup) => ours('apns', setup),
  fcm: (setup) => ours('fcm', setup),
  nodeApn,
  firebaseAdmin,
};

/** Two chunks at a time, as a worker has them. */
async function ours(provider: Provider, setup: Setup): Promise<Client> {
  const { volley } = await import('./senders-volley.ts');
  const { send, close } = volley(provider, setup, { chunksAtOnce: 2 });
  return { send: (tokens) => send(tokens.length, (i) => tokens[i]!), close };
}

async function connected(origin: string, ca: string): Promise<ClientHttp2Session> {
  const session = connect(origin, { ca });
  await once(session, 'remoteSettings');
  return session;
}

/** As little as `node:http2` lets one do for a request. */
function loop(
  session: ClientHttp2Session,
  window: number,
  request: (token: string) => { headers: OutgoingHttpHeaders; body: string | Buffer },
): Client {
  const send = (tokens: string[]) =>
    new Promise<number>((resolve) => {
      let next = 0;
      let done = 0;
      let failed = 0;
      function start() {
        const { headers, body } = request(tokens[next++]!);
        const stream = session.request(headers);
        let status: number | undefined;
        stream.on('response', (it) => {
          status = it[':status'];
        });
        stream.on('error', () => {});
        stream.on('close', () => {
          if (status !== 200) failed++;
          if (++done === tokens.length) resolve(failed);
          else if (next < tokens.length) start();
        });
        stream.resume();
        stream.end(body);
      }
      while (next < tokens.length && next < window) start();
    });
  return { send, close: () => session.close() };
}

function providerToken(key: string): string {
  const part = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');
  const { keyId: kid, teamId: iss } = apnsIdentity;
  const text = `${part({ alg: 'ES256', kid })}.${part({ iss, iat: Math.floor(Date.now() / 1000) })}`;
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}
