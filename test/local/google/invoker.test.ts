/** The check of callers that Cloud Run makes before a service that is not public. */

import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { createInvokerCheck } from '../../../functions/local/google/run/invoker.ts';
import { createOidc } from '../../../functions/simulators/shared/oidc.ts';

const oidc = await createOidc();
const audience = 'https://volley-plan-123456789012.europe-west1.run.app';
const invoker = 'volley-invoker@my-project-1234.iam.gserviceaccount.com';
const check = createInvokerCheck({
  audiences: [audience, 'https://other.example'],
  invokers: [invoker],
  certs: oidc.certs,
});

const now = Math.floor(Date.now() / 1000);
const claims = {
  aud: audience,
  email: invoker,
  email_verified: true,
  iss: 'https://accounts.google.com',
  iat: now,
  exp: now + 3600,
};

/** A token of our key with these claims. */
function tokenOf(changed: object): string {
  const parts = [
    { alg: 'RS256', kid: oidc.keys.kid },
    { ...claims, ...changed },
  ];
  const text = parts.map((it) => Buffer.from(JSON.stringify(it)).toString('base64url')).join('.');
  return `${text}.${createSign('RSA-SHA256').update(text).sign(oidc.keys.key, 'base64url')}`;
}

const ask = (headers: Record<string, string>, url = '/x') =>
  check({
    url,
    headers,
    headersDistinct: Object.fromEntries(Object.entries(headers).map(([name, it]) => [name, [it]])),
  } as unknown as IncomingMessage);

const statusOf = async (authorization: string) => {
  const it = await ask({ authorization });
  return it.kind === 'admitted' ? 'admitted' : it.status;
};

test('a token of the invoker for an address of the service is let in', async () => {
  for (const changed of [{}, { iss: 'accounts.google.com' }, { aud: 'https://other.example' }])
    assert.equal(await statusOf(`Bearer ${tokenOf(changed)}`), 'admitted');
  assert.equal(await statusOf(`bearer   ${tokenOf({})}`), 'admitted');
});

test('a token with another claim is none of Google’s for this service', async () => {
  for (const changed of [
    { email_verified: false },
    { email_verified: undefined },
    { email: undefined },
    { email: '' },
    { iss: 'https://accounts.example' },
    { aud: `${audience}/` },
    { iat: now - 7200, exp: now - 3600 },
  ])
    assert.equal(await statusOf(`Bearer ${tokenOf(changed)}`), 401, JSON.stringify(changed));
  for (const text of [`Token ${tokenOf({})}`, `x Bearer ${tokenOf({})}`, `Bearer ${tokenOf({})} x`])
    assert.equal(await statusOf(text), 401);
});

test('each refusal has its page, its words and its header', async () => {
  for (const [headers, status, heading, words, challenge] of [
    [{}, 403, 'Forbidden', 'permission to get URL', undefined],
    [
      { authorization: `Bearer ${tokenOf({ email: `other-${invoker}` })}` },
      ...[403, 'Forbidden', 'permission to get URL', undefined],
    ],
    [
      { authorization: 'Bearer none' },
      ...[401, 'Unauthorized', 'permission to the requested URL', 'Bearer error="invalid_token"'],
    ],
  ] as const) {
    const it = await ask(headers as Record<string, string>, `/a?b="<i>'&`);
    assert.ok(it.kind === 'refused');
    assert.equal(it.status, status);
    assert.deepEqual(it.headers, {
      'Content-Type': 'text/html; charset=UTF-8',
      ...(challenge && { 'WWW-Authenticate': challenge }),
    });
    assert.equal(
      it.body,
      `<html><head><title>${status} ${heading}</title></head><body><h1>Error: ${heading}</h1>` +
        `<h2>Your client does not have ${words} <code>/a?b=&#34;&#60;i&#62;&#39;&#38;</code></h2></body></html>`,
    );
  }
});
