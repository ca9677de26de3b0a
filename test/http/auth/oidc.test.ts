import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  createOidc,
  type HeaderValues,
  type OidcOptions,
} from '../../../functions/http/auth/oidc.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import { createSigner, encode, nowSeconds, type Signer } from './jwt.ts';

const audience = 'https://volley-send-apns-123.run.app';
const invoker = 'volley-invoker@my-project.iam.gserviceaccount.com';

const google = await createSigner();
const forger = await createSigner();

const claims = (more: object = {}) => ({
  aud: audience,
  azp: '1',
  email: invoker,
  email_verified: true,
  sub: '1',
  iss: 'https://accounts.google.com',
  iat: nowSeconds(),
  exp: nowSeconds() + 3600,
  ...more,
});

async function serve(t: TestContext, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/certs`;
}

async function make(t: TestContext, options: Partial<OidcOptions> = {}, signer: Signer = google) {
  const fetched = { count: 0 };
  const certsUrl = await serve(t, (_, response) => {
    fetched.count++;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'public, max-age=20000',
    });
    response.end(JSON.stringify({ [signer.kid]: signer.certificate }));
  });
  const callerOf = createOidc({ audience, invoker, certsUrl, ...options });
  const check = (authorization: string | undefined, more: HeaderValues = {}) =>
    callerOf({ ...(authorization !== undefined && { authorization: [authorization] }), ...more });
  return { fetched, check };
}

test('the invoker may call; both spellings of the issuer are Google’s', async (t) => {
  const { check } = await make(t);
  for (const iss of ['https://accounts.google.com', 'accounts.google.com'])
    assert.deepEqual(await check(`Bearer ${google.sign(claims({ iss }))}`), { kind: 'invoker' });
});

test('certificates are fetched once, however many calls come at first', async (t) => {
  const { check, fetched } = await make(t);
  const header = `Bearer ${google.sign(claims())}`;
  const callers = await Promise.all(Array.from({ length: 20 }, () => check(header)));
  assert.ok(callers.every((it) => it.kind === 'invoker'));
  await check(header);
  assert.equal(fetched.count, 1);
});

test('any other caller is refused, with a reason that quotes no token', async (t) => {
  const { check } = await make(t);
  const good = google.sign(claims());
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const anHourAgo = nowSeconds() - 3600;
  const cases: [string | undefined, 401 | 403, RegExp][] = [
    [undefined, 401, /no token/],
    ['', 401, /no token/],
    ['Bearer', 401, /no token/],
    [`Basic ${good}`, 401, /no token/],
    [`Bearer ${good} ${good}`, 401, /no token/],
    ['Bearer volley_key', 401, /cannot be read/],
    ['Bearer a.b.c', 401, /cannot be read/],
    [`Bearer ${'a'.repeat(5000)}`, 401, /too long/],
    [`Bearer ${good.slice(0, -4)}AAAA`, 401, /signature/],
    [`Bearer ${header}.${payload}.`, 401, /signature|cannot be read/],
    [`Bearer ${header}.${encode(claims({ email: 'x@y.z' }))}.${signature}`, 401, /signature/],
    [`Bearer ${encode({ alg: 'none', kid: google.kid })}.${payload}.`, 401, /./],
    [`Bearer ${forger.sign(claims())}`, 401, /not one of Google/],
    [`Bearer ${forger.sign(claims(), { kid: google.kid })}`, 401, /signature/],
    [`Bearer ${google.sign(claims(), { kid: undefined })}`, 401, /not one of Google/],
    [`Bearer ${google.sign(claims(), { kid: '__proto__' })}`, 401, /not one of Google/],
    [`Bearer ${google.sign(claims({ aud: 'https://other.run.app' }))}`, 401, /audience/],
    [`Bearer ${google.sign(claims({ aud: [audience] }))}`, 401, /audience/],
    [`Bearer ${google.sign(claims({ aud: undefined }))}`, 401, /audience/],
    [`Bearer ${google.sign(claims({ aud: `${audience}/` }))}`, 401, /audience/],
    [`Bearer ${google.sign(claims({ iss: 'https://evil.example' }))}`, 401, /issuer/],
    [`Bearer ${google.sign(claims({ iat: anHourAgo, exp: anHourAgo + 60 }))}`, 401, /expired/],
    [`Bearer ${google.sign(claims({ iat: nowSeconds() + 3000 }))}`, 401, /future/],
    [`Bearer ${google.sign(claims({ exp: undefined }))}`, 401, /cannot be read/],
    [`Bearer ${google.sign(claims({ exp: nowSeconds() + 1e8 }))}`, 401, /cannot be read/],
    [`Bearer ${google.sign(claims({ email: 'other@my-project.iam' }))}`, 403, /another account/],
    [`Bearer ${google.sign(claims({ email: undefined }))}`, 403, /another account/],
    [`Bearer ${google.sign(claims({ email: [invoker] }))}`, 403, /another account/],
    [`Bearer ${google.sign(claims({ email_verified: false }))}`, 403, /another account/],
    [`Bearer ${google.sign(claims({ email_verified: 'true' }))}`, 403, /another account/],
    [`Bearer ${header}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`, 401, /removed by Cloud Run/],
  ];
  for (const [authorization, status, reason] of cases) {
    const caller = await check(authorization);
    assert.ok(caller.kind === 'refused', `let in: ${authorization}`);
    assert.equal(caller.status, status, authorization);
    assert.match(caller.reason, reason);
    assert.doesNotMatch(caller.reason, /ey[\w-]{10,}/);
  }
});

test('where Cloud Run checks callers, only a token without its signature is trusted', async (t) => {
  const { check } = await make(t, { check: 'platform' });
  const stripped = (more: object) =>
    `Bearer ${encode({ alg: 'RS256' })}.${encode(claims(more))}.SIGNATURE_REMOVED_BY_GOOGLE`;
  assert.deepEqual(await check(stripped({})), { kind: 'invoker' });
  assert.deepEqual(await check(`Bearer ${google.sign(claims())}`), { kind: 'invoker' });
  const anHourAgo = nowSeconds() - 3600;
  const cases: [string, 401 | 403][] = [
    [stripped({ email: 'other@my-project.iam' }), 403],
    [stripped({ email_verified: false }), 403],
    [stripped({ aud: 'https://other.run.app' }), 401],
    [stripped({ iss: 'evil.example' }), 401],
    [stripped({ exp: anHourAgo }), 401],
    [stripped({ exp: undefined }), 401],
    [`Bearer ${encode({})}.${encode([])}.SIGNATURE_REMOVED_BY_GOOGLE`, 401],
    [`Bearer ${encode({})}.bnVsbA.SIGNATURE_REMOVED_BY_GOOGLE`, 401],
    ['Bearer .SIGNATURE_REMOVED_BY_GOOGLE', 401],
    [`Bearer ${forger.sign(claims())}`, 401],
  ];
  for (const [authorization, status] of cases) {
    const caller = await check(authorization);
    assert.ok(caller.kind === 'refused', `let in: ${authorization}`);
    assert.equal(caller.status, status, authorization);
  }
});

test('a token without its signature is trusted until it expires, plus five minutes for clocks', async (t) => {
  const clock = { now: Date.UTC(2026, 10, 21, 13) };
  const { check } = await make(t, { check: 'platform', now: () => clock.now });
  const token = encode(claims({ exp: clock.now / 1000 + 60 }));
  const authorization = `Bearer ${encode({})}.${token}.SIGNATURE_REMOVED_BY_GOOGLE`;
  clock.now += 60_000 + 300_000;
  assert.deepEqual(await check(authorization), { kind: 'invoker' });
  clock.now += 1;
  const { kind, ...why } = await check(authorization);
  assert.equal(kind, 'refused');
  assert.deepEqual(why, { status: 401, reason: 'the token has expired' });
});

test('where Cloud Run checks callers, a second token is not trusted', async (t) => {
  const { check } = await make(t, { check: 'platform' });
  const stripped = `Bearer ${encode({})}.${encode(claims())}.SIGNATURE_REMOVED_BY_GOOGLE`;
  const signed = `Bearer ${google.sign(claims())}`;
  for (const other of [stripped, signed, 'Bearer ', ''])
    for (const own of [stripped, signed]) {
      const caller = await check(own, { 'x-serverless-authorization': [other] });
      assert.equal(caller.kind, 'refused', `beside ${other}`);
    }
  const twice = await check(undefined, { authorization: [signed, stripped] });
  assert.equal(twice.kind, 'refused');
  // alone in the other header it is not read either
  const alone = await check(undefined, { 'x-serverless-authorization': [stripped] });
  assert.equal(alone.kind, 'refused');
});

test('without certificates, calls are neither allowed nor refused for good', async (t) => {
  const certsUrl = await serve(t, (_, response) => response.writeHead(404).end());
  const check = createOidc({ audience, invoker, certsUrl });
  const authorization = [`Bearer ${google.sign(claims())}`];
  await assert.rejects(check({ authorization }), Unavailable);
  assert.equal((await check({})).kind, 'refused');
});
