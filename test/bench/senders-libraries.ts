/** node-apn and firebase-admin, the way their own documentation uses them. */

import type { OutgoingHttpHeaders } from 'node:http2';
import { createRequire } from 'node:module';
import type { Notification } from '@parse/node-apn';
import {
  apnsIdentity,
  body,
  type Client,
  COLLAPSE,
  PROJECT,
  type Setup,
  title,
  windowed,
} from './senders-work.ts';

export async function nodeApn({ origin, ca, key }: Setup): Promise<Client> {
  const { default: apn } = await import('@parse/node-apn');
  const { keyId, teamId, topic } = apnsIdentity;
  const { hostname, port } = new URL(origin);
  const provider = new apn.Provider({
    token: { key, keyId, teamId },
    address: hostname,
    port: Number(port),
    ca: [ca],
  });
  // `Provider.send` compiles the notification at every call, and opens a stream for each token of
  // a list at the same time, which fails them all; its client can be given one notification and a window
  const { client } = provider as unknown as { client: NodeApnClient };
  const notification = new apn.Notification({
    topic,
    pushType: 'alert',
    priority: 10,
  }) as Notification & Compilable;
  Object.assign(notification, { alert: { title, body }, sound: 'default', collapseId: COLLAPSE });
  const compiled = { headers: notification.headers(), body: notification.compile() };
  return {
    async send(tokens) {
      let failed = 0;
      await windowed(tokens, 1000, async (token) => {
        try {
          await client.write(compiled, token, 'device', 'post');
        } catch {
          failed++;
        }
      });
      return failed;
    },
    close: () => provider.shutdown(),
  };
}

/** What the package's types leave out. */
interface Compilable {
  headers(): object;
  compile(): string;
}
interface NodeApnClient {
  /** Rejects for a push that was not accepted. */
  write(compiled: object, token: string, type: 'device', method: 'post'): Promise<unknown>;
}

export async function firebaseAdmin({ origin, ca }: Setup): Promise<Client> {
  sendFirebaseTo(origin, ca);
  const { initializeApp } = await import('firebase-admin/app');
  const { getMessaging } = await import('firebase-admin/messaging');
  const credential = {
    getAccessToken: async () => ({ access_token: 'placeholder', expires_in: 3600 }),
  };
  const messaging = getMessaging(initializeApp({ credential, projectId: PROJECT }));
  const MOST = 500;
  return {
    async send(tokens) {
      let failed = 0;
      for (let from = 0; from < tokens.length; from += MOST) {
        const messages = tokens.slice(from, from + MOST).map((token) => ({
          token,
          notification: { title, body },
          android: {
            collapseKey: COLLAPSE,
            priority: 'high' as const,
            ttl: 14_400_000,
            notification: { tag: COLLAPSE, sound: 'default' },
          },
        }));
        const { failureCount } = await messaging.sendEach(messages);
        failed += failureCount;
      }
      return failed;
    },
    close: () => {},
  };
}

/**
 * firebase-admin's host is fixed, and it writes `:scheme` as "https:", which RFC 3986 (section 3.1)
 * does not allow and our simulator refuses. So in this process its sessions go to the simulator,
 * with the scheme put right: an assignment a request, next to nothing of what it costs.
 */
function sendFirebaseTo(origin: string, ca: string) {
  const http2 = createRequire(import.meta.url)('node:http2') as typeof import('node:http2');
  const connectThere = http2.connect;
  http2.connect = (() => {
    const session = connectThere(origin, { ca });
    const request = session.request.bind(session);
    session.request = (headers = {}, options) => {
      (headers as OutgoingHttpHeaders)[':scheme'] = 'https';
      return request(headers, options);
    };
    return session;
  }) as typeof http2.connect;
}
