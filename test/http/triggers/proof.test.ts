import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { prove, type Received } from '../../../functions/http/triggers/proof.ts';
import type { Proof } from '../../../functions/model/trigger.ts';

const NOW = Date.UTC(2026, 10, 21, 13);
const secret = 'sixteen and more of it';
const body = '{"id":"evt_1","object":"event"}';

const received = (
  text: string,
  headers: Record<string, string> = {},
  query: Record<string, string> = {},
): Received => ({
  body: Buffer.from(text),
  header: (name) => headers[name.toLowerCase()] ?? null,
  query: (name) => query[name] ?? null,
});

/** By WebCrypto, which is not what is tested. */
async function hmac(key: string, text: string): Promise<string> {
  const hashed = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', Buffer.from(key), hashed, false, ['sign']);
  return Buffer.from(await crypto.subtle.sign('HMAC', imported, Buffer.from(text))).toString('hex');
}

test("GitHub's published signature is taken, any other is not", () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const proof: Proof = { kind: 'github', secret: "It's a Secret to Everybody" };
  const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const signed = (text: string, value: string) =>
    prove(proof, received(text, { 'x-hub-signature-256': value }), NOW);
  assert.equal(signed('Hello, World!', `sha256=${signature}`)?.id, null);
  for (const [text, value] of [
    ['Hello, World?', `sha256=${signature}`],
    ['Hello, World!', signature],
    ['Hello, World!', `sha1=${signature}`],
    ['Hello, World!', `sha256=${signature.replace('7', '8')}`],
    ['Hello, World!', `sha256=${signature.slice(1)}`],
    ['Hello, World!', `sha256=é${signature.slice(1)}`],
    ['Hello, World!', ''],
  ] as const)
    assert.equal(signed(text, value), null, `${text} ${value}`);
  assert.equal(prove(proof, received('Hello, World!'), NOW), null);
});

test("Stripe's way: any of its v1 signatures over time and body, within the tolerance", async () => {
  // https://docs.stripe.com/webhooks#verify-manually
  const proof: Proof = { kind: 'stripe', secret, toleranceSeconds: 300 };
  const at = NOW / 1000;
  const good = await hmac(secret, `${at}.${body}`);
  const other = await hmac('another secret altogether', `${at}.${body}`);
  const proves = (header: string, now = NOW, text = body) =>
    prove(proof, received(text, { 'stripe-signature': header }), now) !== null;
  assert.ok(proves(`t=${at},v1=${good}`));
  assert.ok(proves(`t=${at},v1=${other},v1=${good},v0=${other}`), 'the secret is being changed');
  assert.ok(proves(`t=${at},v1=${good}`, NOW + 300_000));
  assert.ok(!proves(`t=${at},v1=${good}`, NOW + 301_000), 'too old');
  assert.ok(!proves(`t=${at},v1=${good}`, NOW - 301_000), 'from the future');
  assert.ok(!proves(`t=${at + 1},v1=${good}`), 'the time is signed');
  assert.ok(!proves(`t=${at},v1=${other}`));
  assert.ok(!proves(`t=${at},v0=${good}`), 'a scheme for tests');
  assert.ok(!proves(`t=${at},v1=${good}`, NOW, `${body} `));
  assert.ok(!proves(`v1=${good}`));
  assert.ok(!proves(`t=,v1=${await hmac(secret, `.${body}`)}`));
  assert.ok(!proves(''));
});

test('Standard Webhooks: what its own library signs, and its published vector', () => {
  const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const proof: Proof = { kind: 'standard', secret: key, toleranceSeconds: 300 };
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': `${NOW / 1000}`,
    'webhook-signature': new Webhook(key).sign('msg_1', new Date(NOW), body),
  };
  const proven = (rest = {}, now = NOW, text = body) =>
    prove(proof, received(text, { ...headers, ...rest }), now);
  assert.equal(proven()?.id, 'msg_1', 'its id is signed');
  const { 'webhook-signature': good } = headers;
  assert.ok(proven({ 'webhook-signature': `v1,AAAA v1a,BBBB ${good}` }));
  assert.equal(proven({ 'webhook-id': 'msg_2' }), null, 'another id is another ping');
  assert.equal(proven({ 'webhook-signature': good.replace('v1,', 'v1a,') }), null);
  assert.equal(proven({ 'webhook-signature': '' }), null);
  assert.equal(proven({}, NOW + 301_000), null);
  assert.equal(proven({}, NOW, body.replace('1', '2')), null);
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
  const vector = received('{"test": 2432232314}', {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  assert.ok(prove(proof, vector, 1_614_265_330_000));
});

test('a shared token is found in a header, the query or the body, and is not kept', () => {
  const token = (where: 'header' | 'query' | 'body', name: string): Proof => ({
    kind: 'token',
    in: where,
    name,
    hash: hash('sha256', secret),
  });
  const header = token('header', 'X-Token');
  assert.ok(prove(header, received(body, { 'x-token': secret }), NOW));
  assert.ok(prove(header, received(body, { 'x-token': `Bearer ${secret}` }), NOW));
  assert.equal(prove(header, received(body, { 'x-token': `${secret}!` }), NOW), null);
  assert.equal(prove(header, received(body), NOW), null);
  const query = token('query', 'token');
  assert.ok(prove(query, received(body, {}, { token: secret }), NOW));
  assert.equal(prove(query, received(body, {}, { token: '' }), NOW), null);

  const inside = token('body', 'auth.token');
  const sent = (it: unknown) => prove(inside, received(JSON.stringify(it)), NOW);
  assert.equal(
    Buffer.from(sent({ auth: { token: secret, by: 'x' }, id: 1 })!.body).toString(),
    '{"auth":{"by":"x"},"id":1}',
  );
  for (const it of [{}, { auth: secret }, { auth: { token: [secret] } }, { token: secret }, null])
    assert.equal(sent(it), null);
  assert.equal(prove(inside, received('{"auth":'), NOW), null);
});
