import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../../functions/http/api.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import { campaign, createFixture, jsonOf } from '../fixture.ts';
import { claims, PROJECT, startGoogle } from './google.ts';
import { createSigner, encode, nowSeconds } from './jwt.ts';

const forger = await createSigner();

test('a Firebase user has the scopes of the claim `volley`', async (t) => {
  const { find, firebase } = await startGoogle(t);
  const of = async (more: object) => (await find(firebase.sign(claims(more))))?.scopes;
  assert.deepEqual(await of({ volley: 'admin' }), ['campaigns', 'installations', 'read', 'admin']);
  assert.deepEqual(await of({ volley: 'sender' }), ['campaigns', 'read']);
  assert.deepEqual(await of({ volley: 'viewer' }), ['read']);
  for (const volley of ['Admin', 'toString', '__proto__', '', undefined, true, ['admin'], {}])
    assert.deepEqual(await of({ volley }), [], `${volley}`);
  assert.equal((await find(firebase.sign(claims())))?.name, 'ann@example.com');
});

test('a token of another project, or an expired one, finds no user', async (t) => {
  const { find, firebase } = await startGoogle(t);
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
  const { google, find, firebase } = await startGoogle(t);
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
  const { google, find, firebase } = await startGoogle(t);
  google.down = true;
  await assert.rejects(find(firebase.sign(claims())), Unavailable);
  google.down = false;
  assert.ok(await find(firebase.sign(claims())));
});

test('the API takes keys, and Firebase users by their role', async (t) => {
  const { ports, ask, clock } = await createFixture(t);
  const { google, find, firebase } = await startGoogle(t);
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
  const headers = { Authorization: `Bearer ${forger.sign(claims())}` };
  const response = await ask('GET', '/v1/campaigns', undefined, headers);
  assert.equal(response.status, 401);
  assert.match((await jsonOf<{ detail: string }>(response)).detail, /API key/);
});
