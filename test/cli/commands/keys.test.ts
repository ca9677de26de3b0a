import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apnsToken } from '../../http/fixture.ts';
import { cli } from '../fixture.ts';

test('a key is made on the command line, used, listed and revoked', async (t) => {
  const { volley, volleyWith, file } = await cli(t);
  const made = await volley('keys', 'create', '--scope', 'register', '--app', 'shop');
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^volley_[\w-]{43}\n$/);
  const id = /^key ([0-9a-f]{16}), shown only now/.exec(made.stderr)![1]!;
  const rows = await file('a.csv', `id,platform,token\na,ios,${apnsToken(1)}\n`);
  const refused = await volleyWith({ VOLLEY_API_KEY: made.stdout.trim() }, 'import', rows);
  assert.match(refused.stderr, /lacks the scope installations/);
  const { stdout } = await volley('keys', 'list');
  assert.match(stdout, /^ID {16}SCOPES +APP +CREATED {5}NAME$/m);
  assert.match(stdout, new RegExp(`^${id}  register +shop +2026-11-21  register\\n  shop$`, 'm'));
  assert.equal((await volley('keys', 'revoke', id)).stdout, `${id} is revoked\n`);
  assert.equal((await volley('keys', 'revoke', id)).code, 1);
  const none = await volley('keys', 'revoke', 'nope');
  assert.match(none.stderr, /id: must be the id of a key: 16 hexadecimal digits/);
  const wrong = await volley('keys', 'create', '--scope', 'register');
  assert.match(wrong.stderr, /app: is missing: a registration key is for one app/);
});

test('a user is exported and erased on the command line', async (t) => {
  const { volley, file } = await cli(t);
  const rows = `id,platform,token,user_id\na,ios,${apnsToken(1)},ada\nb,ios,${apnsToken(2)},bob\n`;
  await volley('import', await file('a.csv', rows));
  const { stdout } = await volley('users', 'export', 'ada');
  const [line, ...more] = stdout.trimEnd().split('\n');
  assert.deepEqual(more, []);
  assert.equal(JSON.parse(line!).token, apnsToken(1));
  const asked = await volley('users', 'erase', 'ada');
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /this cannot be undone: volley users erase ada --yes/);
  const erased = await volley('users', 'erase', 'ada', '--yes');
  assert.equal(erased.stdout, '1 installations, 0 recipients, 0 failures erased\n');
  assert.equal((await volley('users', 'export', 'ada')).stdout, '');
  const json = await volley('users', 'export', 'bob', '--json');
  assert.equal(JSON.parse(json.stdout).items.length, 1);
  assert.match(
    (await volley('users', 'erase', 'ada', '--yes')).stderr,
    /nothing is known of "ada"/,
  );
});
