import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OAuth2Client } from 'google-auth-library';
import { createOidc, serveCerts } from '../../functions/simulators/shared/oidc.ts';

const email = 'volley-invoker@project.iam.gserviceaccount.com';
const audience = 'https://example.com/plan';
const verify = async (token: string, certs: Record<string, string>, aud = audience) => {
  const ticket = await new OAuth2Client().verifySignedJwtWithCertsAsync(token, certs, aud, [
    'https://accounts.google.com',
  ]);
  return ticket.getPayload()!;
};

test('Google’s library accepts a token with the served certificates', async (t) => {
  const oidc = await createOidc();
  const served = await serveCerts(oidc);
  t.after(() => served.close());
  const answer = await fetch(served.url);
  const certs = (await answer.json()) as Record<string, string>;
  assert.match(Object.values(certs)[0]!, /^-----BEGIN CERTIFICATE-----/);
  const payload = await verify(oidc.token(audience, email), certs);
  assert.equal(payload.email, email);
  assert.equal(payload.email_verified, true);
  assert.equal(payload.iss, 'https://accounts.google.com');
  assert.match(payload.sub, /^\d{21}$/);
  assert.equal(payload.exp - payload.iat, 3600);
  const elsewhere = await fetch(new URL('/', served.url));
  assert.equal(elsewhere.status, 404);
  await elsewhere.arrayBuffer();
});

test('a token is for one audience and one account, and is renewed before it expires', async () => {
  let now = Date.now();
  const oidc = await createOidc({ now: () => now });
  const token = oidc.token(audience, email);
  assert.equal(oidc.token(audience, email), token);
  assert.notEqual(oidc.token(`${audience}/2`, email), token);
  assert.notEqual(oidc.token(audience, `other-${email}`), token);
  now += 31 * 60_000;
  assert.notEqual(oidc.token(audience, email), token);
  await assert.rejects(verify(token, oidc.certs, 'https://example.com/send'), /audience/);
  now -= 3 * 3600_000;
  await assert.rejects(verify(oidc.token(audience, email), oidc.certs), /too late/);
});

test('another process signs with the same key, and a different key is refused', async () => {
  const oidc = await createOidc();
  const twin = await createOidc({ keys: structuredClone(oidc.keys) });
  await verify(twin.token(audience, email), oidc.certs);
  const other = await createOidc();
  await assert.rejects(verify(other.token(audience, email), oidc.certs), /No pem found/);
});
