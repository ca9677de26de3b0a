import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { test } from 'node:test';
import { createApnsToken } from '../../functions/providers/apns/token.ts';
import { createFcmToken } from '../../functions/providers/fcm/token.ts';
import { apnsKey } from './fixture.ts';

const MINUTE = 60_000;
const options = { key: apnsKey.privateKey, keyId: 'KEY1234567', teamId: 'TEAM123456' };
const part = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split('.')[index]!, 'base64url').toString());

test("a provider token is an ES256 JWT that Apple's side can verify", () => {
  const token = createApnsToken(options, () => 1_800_000_000_000).current();
  const [header, claims, signature] = token.split('.');
  assert.deepEqual(part(token, 0), { alg: 'ES256', typ: 'JWT', kid: 'KEY1234567' });
  assert.equal(part(token, 1).iss, 'TEAM123456');
  assert.ok(
    verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: apnsKey.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature!, 'base64url'),
    ),
  );
});

test('a provider token is never older than 40 minutes, and every instance makes the same bytes of it', () => {
  let now = 1_800_000_000_000;
  const one = createApnsToken(options, () => now);
  const two = createApnsToken(options, () => now - 1000);
  const issued = new Set<number>();
  for (let minute = 0; minute < 400; minute++) {
    now += MINUTE;
    const { iat } = part(one.current(), 1);
    assert.ok(now - iat * 1000 >= 0 && now - iat * 1000 < 40 * MINUTE);
    assert.equal(createApnsToken(options, () => now).current(), one.current());
    if (now % (40 * MINUTE) > 0) assert.equal(two.current(), one.current());
    issued.add(iat);
  }
  assert.ok(issued.size <= 11);
});

test('a provider token that expired early is renewed once, however many streams ask', () => {
  let now = 1_800_000_000_000 + 30 * MINUTE;
  const source = createApnsToken(options, () => now);
  const old = source.current();
  const renewed = source.renew(old);
  assert.notEqual(renewed, old);
  assert.equal(source.renew(old), renewed);
  assert.equal(source.renew(renewed!), null);
  now += 15 * MINUTE;
  assert.equal(source.current(), renewed, 'no sooner than 20 minutes after');
  now += 6 * MINUTE;
  assert.notEqual(source.current(), renewed);
});

test('instances that renew a provider token make the same one, and keep it younger from then on', () => {
  const begin = 1_800_000_000_000;
  let now = begin + 30 * MINUTE;
  const instances = [0, 1, 2].map((i) => createApnsToken(options, () => now + i * 7000));
  const first = instances.map((it) => it.current());
  assert.equal(new Set(first).size, 1);
  const renewed = instances.map((it, i) => it.renew(first[i]!));
  assert.equal(new Set(renewed).size, 1);
  assert.equal(part(renewed[0]!, 1).iat * 1000, begin + 20 * MINUTE);
  for (let minute = 31; minute < 300; minute++) {
    now = begin + minute * MINUTE;
    const tokens = instances.map((it) => it.current());
    if (minute > 51) assert.ok(now - part(tokens[0]!, 1).iat * 1000 < 20 * MINUTE);
    if (minute > 51) assert.equal(new Set(tokens).size, 1);
  }
});

test('a provider token that was just made cannot be renewed', () => {
  const source = createApnsToken(options, () => 1_800_000_000_000 + 5 * MINUTE);
  assert.equal(source.renew(source.current()), null);
});

test('an access token is fetched once for all callers, and again shortly before it expires', async () => {
  let now = 0;
  let fetched = 0;
  const credential = {
    getAccessToken: async () => ({ access_token: `token ${++fetched}`, expires_in: 3600 }),
  };
  const source = createFcmToken({ kind: 'application-default' }, { now: () => now, credential });
  assert.deepEqual(await Promise.all([source.current(), source.current()]), ['token 1', 'token 1']);
  now = 54 * MINUTE;
  assert.equal(await source.current(), 'token 1');
  now = 55 * MINUTE;
  assert.equal(await source.current(), 'token 2');
  source.forget('token 1');
  assert.equal(await source.current(), 'token 2');
  source.forget('token 2');
  assert.equal(await source.current(), 'token 3');
});

test('after a failed fetch an access token is fetched again', async () => {
  let fail = true;
  const credential = {
    async getAccessToken() {
      if (fail) throw new Error('ENOTFOUND');
      return { access_token: 'token', expires_in: 3600 };
    },
  };
  const source = createFcmToken({ kind: 'application-default' }, { credential });
  await assert.rejects(source.current(), /ENOTFOUND/);
  fail = false;
  assert.equal(await source.current(), 'token');
});
