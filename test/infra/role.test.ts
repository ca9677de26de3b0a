import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveRole, readOptions } from '../../infra/role.ts';
import { claims, PROJECT, startGoogle } from '../http/auth/google.ts';

const email = 'ann@example.com';

test('a role is the claim `volley`, beside the claims of others, and ends the sessions of before', async (t) => {
  const { google, find, firebase, options } = await startGoogle(t);
  google.user = { customAttributes: '{"tenant":"a","volley":"viewer"}' };
  const before = firebase.sign(claims({ volley: 'viewer' }));
  assert.deepEqual((await find(before))?.scopes, ['read']);

  await giveRole({ project: PROJECT, email, role: 'sender' }, options);
  assert.deepEqual(JSON.parse(google.user.customAttributes!), { tenant: 'a', volley: 'sender' });
  assert.equal(await find(before), null);

  await giveRole({ project: PROJECT, email, role: null }, options);
  assert.deepEqual(JSON.parse(google.user.customAttributes!), { tenant: 'a' });
});

test('a person who has never signed in gets no role', async (t) => {
  const { google, options } = await startGoogle(t);
  google.user = null;
  const given = giveRole({ project: PROJECT, email, role: 'admin' }, options);
  await assert.rejects(given, { code: 'auth/user-not-found' });
  assert.equal(google.user, null);
});

test('what is wrong with the command line is told, and how it goes', () => {
  const said = (...args: string[]) => String(readOptions(args));
  assert.match(said('--role', 'admin'), /^Missing: --project, --email\.\n\nnpm run --silent role/);
  const whole = ['--project', 'p', '--email', email, '--role'];
  assert.match(said(...whole, 'owner'), /^There is no role owner\./);
  assert.match(said(...whole, 'toString'), /^There is no role toString\./);
  assert.match(said('--projekt', 'p'), /^Unknown option '--projekt'/);
  assert.deepEqual(readOptions([...whole, 'none']), { project: 'p', email, role: null });
});
