/**
 * Firebase Auth, played on loopback. The library asks Google over TLS, as it always does; here a server of
 * ours answers in Google's place. (FIREBASE_AUTH_EMULATOR_HOST would have it take unsigned tokens.)
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { createPeople, type FindPerson } from '../../../functions/http/auth/firebase-users.ts';
import { createSigner, nowSeconds, type Signer } from './jwt.ts';

export const PROJECT = 'my-project-1234';

/** What Firebase knows of `ann`. */
interface User {
  disabled?: boolean;
  /** seconds, as text: tokens of earlier are revoked */
  validSince?: string;
  /** JSON */
  customAttributes?: string;
}

interface Google {
  /** null: Firebase knows nothing of `ann` */
  user: User | null;
  down: boolean;
  lookups: number;
  fetches: number;
}

export const claims = (more: object = {}) => ({
  iss: `https://securetoken.google.com/${PROJECT}`,
  aud: PROJECT,
  sub: 'ann',
  user_id: 'ann',
  auth_time: nowSeconds() - 60,
  iat: nowSeconds() - 60,
  exp: nowSeconds() + 3540,
  email: 'ann@example.com',
  email_verified: true,
  volley: 'admin',
  ...more,
});

/** Google's side, and the product's: it finds people by it. `options` are for the library. */
export async function startGoogle(t: { after(end: () => Promise<void>): void }) {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Google' }], {
    extensions: [
      {
        name: 'subjectAltName',
        altNames: ['www.googleapis.com', 'identitytoolkit.googleapis.com'].map((value) => ({
          type: 2 as const,
          value,
        })),
      },
    ],
  });
  const firebase = await createSigner();
  const google: Google = {
    user: {},
    down: false,
    lookups: 0,
    fetches: 0,
  };
  const server = createServer({ key, cert }, async (request, response) => {
    const body = await text(request);
    const [status, answer] = google.down
      ? [500, {}]
      : answerOf({ google, firebase }, request.url!, body);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=20000',
    });
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const httpAgent = new Agent({ ca: cert });
  httpAgent.createConnection = (options) =>
    connect({ ...(options as object), host: '127.0.0.1', port, ca: cert });
  t.after(async () => {
    httpAgent.destroy();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const credential = { getAccessToken: async () => ({ access_token: 'token', expires_in: 3600 }) };
  const options = { httpAgent, credential };
  const find: FindPerson = createPeople(PROJECT, options);
  return { google, firebase, find, options };
}

function answerOf(
  { google, firebase }: { google: Google; firebase: Signer },
  url: string,
  body: string,
): [status: number, body: unknown] {
  const { user } = google;
  if (url.endsWith('/securetoken@system.gserviceaccount.com')) {
    google.fetches++;
    return [200, { [firebase.kid]: firebase.certificate }];
  }
  if (url === `/v1/projects/${PROJECT}/accounts:update`) {
    const { localId, ...changes } = JSON.parse(body);
    assert.equal(localId, 'ann');
    google.user = { ...user, ...changes };
    return [200, { localId }];
  }
  assert.equal(url, `/v1/projects/${PROJECT}/accounts:lookup`);
  google.lookups++;
  return [200, user ? { users: [{ localId: 'ann', ...user }] } : {}];
}
