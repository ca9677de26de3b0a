import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSignIn } from '../../../functions/local/console/sign-in.ts';

const SECRET = 'x'.repeat(32);
const MINUTE = 60_000;

function at(start: number) {
  let time = start;
  return { now: () => time, pass: (ms: number) => (time += ms) };
}

test('a code opens one session, within ten minutes', () => {
  const clock = at(1_000);
  const signIn = createSignIn(SECRET, clock);
  const { code } = signIn.issue('volley_key');
  const cookie = signIn.exchange(code);
  assert.equal(signIn.keyOf(cookie!), 'volley_key');
  assert.equal(signIn.exchange(code), null);
  const late = signIn.issue('volley_key');
  clock.pass(10 * MINUTE + 1);
  assert.equal(signIn.exchange(late.code), null);
  assert.equal(signIn.exchange(''), null);
});

test('a session ends after twelve hours, and survives a restart of the server', () => {
  const clock = at(1_000);
  const first = createSignIn(SECRET, clock);
  const cookie = first.exchange(first.issue('volley_key').code)!;
  const restarted = createSignIn(SECRET, clock);
  assert.equal(restarted.keyOf(cookie), 'volley_key');
  clock.pass(12 * 60 * MINUTE + 1);
  assert.equal(restarted.keyOf(cookie), null);
});

test('a cookie does not show its key, and one that was changed is none', () => {
  const clock = at(1_000);
  const signIn = createSignIn(SECRET, clock);
  const cookie = signIn.exchange(signIn.issue('volley_key').code)!;
  assert.ok(!Buffer.from(cookie, 'base64url').toString('latin1').includes('volley_key'));
  for (let i = 0; i < cookie.length; i++) {
    // the last character has bits that are not used
    const other = cookie[i] === 'A' ? 'g' : 'A';
    const changed = cookie.slice(0, i) + other + cookie.slice(i + 1);
    assert.equal(signIn.keyOf(changed), null, `at ${i}`);
  }
  for (const it of ['', 'x', 'volley_key', cookie.slice(0, 20)])
    assert.equal(signIn.keyOf(it), null);
  assert.equal(createSignIn('y'.repeat(32), clock).keyOf(cookie), null, 'of another server');
});

test('codes do not pile up', () => {
  const signIn = createSignIn(SECRET, at(0));
  const { code } = signIn.issue('volley_first');
  for (let i = 0; i < 100; i++) signIn.issue('volley_key');
  assert.equal(signIn.exchange(code), null);
});
