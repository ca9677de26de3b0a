/**
 * The library asks Google for certificates and users, over TLS, as it always does; here a server of
 * ours answers in Google's place. (FIREBASE_AUTH_EMULATOR_HOST would have it take unsigned tokens.)
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { createApi } from '../../../functions/http/api.ts';
import { createPeople } from '../../../functions/http/auth/firebase-users.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import { campaign, createFixture, jsonOf } from '../fixture.ts';
import { createSigner, encode, nowSeconds } from './jwt.ts';

const PROJECT = 'my-project-1234';
const firebase = await createSigner();
const forger = await createSigner();

const claims = (more: object = {}) => ({
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

/** What Google knows of `ann`; null: nothing. */
type User = { disabled?: boolean; validSince?: string } | null;

async function startGoogle(t: TestContext) {
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
  const google = { user: {} as User, down: false, lookups: 0, fetches: 0 };
  const server = createServer({ key, cert }, (request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, {
        'Content-Type': 'application/json',
        'Cache-Control': 'public, max-age=20000',
      });
      response.end(JSON.stringify(body));
    };
    if (google.down) return answer(500, {});
    if (request.url?.endsWith('/securetoken@system.gserviceaccount.com')) {
      google.fetches++;
      return answer(200, { [firebase.kid]: firebase.certificate });
    }
    assert.equal(request.url, `/v1/projects/${PROJECT}/accounts:lookup`);
    google.lookups++;
    answer(200, google.user ? { users: [{ localId: 'ann', ...google.user }] } : {});
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
  return { google, find: createPeople(PROJECT, { httpAgent, credential }) };
}

test('a Firebase user has the scopes of the claim `volley`', async (t) => {
  const { find } = await startGoogle(t);
  const of = async (more: object) => (await find(firebase.sign(claims(more))))?.scopes;
  assert.deepEqual(await of({ volley: 'admin' }), ['campaigns', 'installations', 'read', 'admin']);
  assert.deepEqual(await of({ volley: 'sender' }), ['campaigns', 'read']);
  assert.deepEqual(await of({ volley: 'viewer' }), ['read']);
  for (const volley of ['Admin', 'toString', '__proto__', '', undefined, true, ['admin'], {}])
    assert.deepEqual(await of({ volley }), [], `${volley}`);
  assert.equal((await find(firebase.sign(claims())))?.name, 'ann@example.com');
});

test('a token of another project, or an expired one, finds no user', async (t) => {
  const { find } = await startGoogle(t);
  const anHourAgo = nowSeconds() - 3600;
  const [header, payload, signature] = firebase.sign(claims()).split('.') as [
    string,
    string,
    string,
  ];
  const tokens = {
    'of another project': firebase.sign(
      claims({ aud: 'other-1234', iss: 'https://securetoken.google.com/other-1234' }),
    ),
    'of another issuer': firebase.sign(claims({ iss: `https://evil.example/${PROJECT}` })),
    expired: firebase.sign(claims({ iat: anHourAgo - 60, exp: anHourAgo })),
    'signed by another key': forger.sign(claims()),
    'signed by another key under a known key id': forger.sign(claims(), { kid: firebase.kid }),
    'without a signature': `${header}.${payload}.`,
    'with alg none': `${encode({ alg: 'none', kid: firebase.kid })}.${payload}.`,
    'with the certificate as a shared secret': firebase.sign(claims(), { alg: 'HS256' }),
    'with other claims': `${header}.${encode(claims({ volley: 'sender' }))}.${signature}`,
    'without a subject': firebase.sign(claims({ sub: undefined })),
    'without a key id': firebase.sign(claims(), { kid: undefined }),
    'no JSON': 'a.b.c',
  };
  for (const [what, token] of Object.entries(tokens))
    assert.equal(await find(token), null, `let in: a token ${what}`);
});

test('a disabled, deleted or signed-out user is not found', async (t) => {
  const { google, find } = await startGoogle(t);
  const token = firebase.sign(claims());
  assert.ok(await find(token));
  for (const user of [{ disabled: true }, null, { validSince: `${nowSeconds() + 1}` }]) {
    google.user = user;
    assert.equal(await find(token), null, JSON.stringify(user));
  }
  google.user = { validSince: `${nowSeconds() - 3600}` };
  assert.ok(await find(token));
});

test('while Google does not answer, calls are neither allowed nor refused for good', async (t) => {
  const { google, find } = await startGoogle(t);
  google.down = true;
  await assert.rejects(find(firebase.sign(claims())), Unavailable);
  google.down = false;
  assert.ok(await find(firebase.sign(claims())));
});

test('the API takes keys, and Firebase users by their role', async (t) => {
  const { ports, ask, clock } = await createFixture(t);
  const { google, find } = await startGoogle(t);
  const api = createApi(ports, { findPerson: find });
  const as = (token: string, method: string, body?: unknown) =>
    ask(method, '/v1/campaigns', body, { Authorization: `Bearer ${token}` }, api);
  const viewer = firebase.sign(claims({ volley: 'viewer' }));

  assert.equal((await ask('GET', '/v1/campaigns', undefined, {}, api)).status, 200);
  assert.equal(google.fetches, 0);
  assert.equal((await as(viewer, 'GET')).status, 200);
  assert.equal(
    (await as(firebase.sign(claims({ volley: 'sender' })), 'POST', campaign)).status,
    202,
  );
  const forbidden = await as(viewer, 'POST', campaign);
  assert.equal(forbidden.status, 403);
  assert.match(
    (await jsonOf<{ detail: string }>(forbidden)).detail,
    /^ann@example.com lacks .* campaigns/,
  );
  const unauthorized = await as(forger.sign(claims()), 'GET');
  assert.equal(unauthorized.status, 401);
  assert.match((await jsonOf<{ next: string }>(unauthorized)).next, /^Sign in again/);

  // asked once in half a minute, so that is how long a revoked token still works
  google.lookups = 0;
  google.user = { disabled: true };
  assert.equal((await as(viewer, 'GET')).status, 200);
  assert.equal(google.lookups, 0);
  clock.now += 30_000;
  assert.equal((await as(viewer, 'GET')).status, 401);
});

test('Firebase users are limited by user id, not by address; keys are not limited', async (t) => {
  const { ports, ask, clock } = await createFixture(t);
  const findPerson = async (token: string) => {
    const id = token.split('.')[1]!;
    return { id, name: 'of one name', scopes: ['read' as const] };
  };
  const perPerson = { perSecond: 1, burst: 2 };
  const api = createApi(ports, { findPerson, perPerson, clientAddress: () => '203.0.113.7' });
  const get = async (token?: string) =>
    ask(
      ...(['GET', '/v1/campaigns', undefined] as const),
      token === undefined ? {} : { Authorization: `Bearer ${token}` },
      api,
    );
  for (const token of ['a.ann.1', 'a.ann.2']) assert.equal((await get(token)).status, 200);
  const refused = await get('a.ann.3');
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal((await get('a.bob.1')).status, 200);
  for (let n = 0; n < 5; n++) assert.equal((await get()).status, 200);
  clock.now += 1000;
  assert.equal((await get('a.ann.1')).status, 200);
  assert.equal((await get('a.ann.1')).status, 429);
});

test('without Firebase users a JWT is a wrong key', async (t) => {
  const { ask } = await createFixture(t);
  const headers = { Authorization: `Bearer ${firebase.sign(claims())}` };
  const response = await ask('GET', '/v1/campaigns', undefined, headers);
  assert.equal(response.status, 401);
  assert.match((await jsonOf<{ detail: string }>(response)).detail, /API key/);
});
