import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Webhook as Verifier } from 'standardwebhooks';
import { makeSecret, OVERLAP_MS, rotated, signedHeaders } from '../../functions/webhooks/sign.ts';

/**
 * Published with the libraries of Standard Webhooks.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts
 */
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  payload: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};

test('a signature is the one published for its vector', () => {
  const { secret, id, timestamp, payload, signature } = vector;
  const secrets = [{ secret, until: null }];
  assert.deepEqual(signedHeaders({ secrets }, id, payload, timestamp * 1000 + 999), {
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': signature,
  });
});

test('a signature is HMAC-SHA256 as Node computes it, whatever is in the body', () => {
  const secret = makeSecret();
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(key.length, 32);
  const now = 1_800_000_000_000;
  for (const body of ['', '{}', '{"Zoë":"✓ \u{1F514}"}', 'x'.repeat(100_000)]) {
    const headers = signedHeaders({ secrets: [{ secret, until: null }] }, 'id-1', body, now);
    const mac = createHmac('sha256', key).update(`id-1.1800000000.${body}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${mac}`);
  }
});

test('while a secret is rotated both secrets sign, and a receiver with either accepts', () => {
  const now = Date.now();
  const first = [{ secret: makeSecret(), until: null }];
  const second = rotated({ secrets: first }, now);
  assert.equal(second.length, 2);
  const sign = (at: number, secrets = second) => signedHeaders({ secrets }, 'id-1', '{"a":1}', at);
  const [fresh, old] = second.map((it) => it.secret);
  for (const secret of [fresh!, old!])
    assert.deepEqual(new Verifier(secret).verify('{"a":1}', sign(now)), { a: 1 });
  assert.equal(sign(now + OVERLAP_MS)['webhook-signature']!.split(' ').length, 1);

  const third = rotated({ secrets: second }, now + 1);
  assert.equal(third.length, 2, 'never three');
  assert.throws(() => new Verifier(old!).verify('{"a":1}', sign(now, third)), /No matching/);
  assert.deepEqual(new Verifier(fresh!).verify('{"a":1}', sign(now, third)), { a: 1 });
  assert.throws(() => new Verifier(fresh!).verify('{"a":2}', sign(now)), /No matching/);
});
