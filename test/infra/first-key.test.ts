import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { hashKey } from '../../functions/http/auth/authorize.ts';
import { createFirestoreStore } from '../../functions/store/firestore.ts';
import { readOptions } from '../../infra/first-key.ts';
import { freshProject, withoutEmulators } from '../emulators.ts';

const run = promisify(execFile);

test('a key that was made opens the API', { skip: withoutEmulators('firestore') }, async (t) => {
  const project = freshProject();
  const args = ['infra/first-key.ts', '--project', project, '--name', 'phone', '--scopes', 'read'];
  const { stdout } = await run(process.execPath, args);
  assert.match(stdout, /^volley_[\w-]{43}\n$/);
  const emulator = process.env.FIRESTORE_EMULATOR_HOST!;
  const store = createFirestoreStore({ project, database: 'volley', emulator });
  t.after(() => store.close());
  const hash = hashKey(stdout.trim());
  assert.deepEqual(await store.findKey(hash), { hash, name: 'phone', scopes: ['read'] });
});

test('the database is the one that infra/ makes, unless another is named', () => {
  const database = (...args: string[]) => {
    const options = readOptions(['--project', 'p', ...args]);
    return typeof options === 'string' ? options : options.database;
  };
  assert.equal(database(), 'volley');
  assert.equal(database('--prefix', 'shop'), 'shop');
  assert.equal(database('--prefix', 'shop', '--database', '(default)'), '(default)');
  // the same as Terraform's and the script's own
  assert.match(readFileSync('infra/gcloud.sh', 'utf8'), /^database=\$\{DATABASE:-\$prefix\}$/m);
  assert.match(
    readFileSync('infra/firestore.tf', 'utf8'),
    /database_id = coalesce\(var\.firestore\.database, var\.prefix\)/,
  );
});

test('what is wrong with the command line is told, and how it goes', () => {
  const said = (...args: string[]) => String(readOptions(args));
  assert.match(said(), /^--project is missing\.\n\nnpm run --silent key/);
  assert.match(said('--project', 'p', '--scopes', 'read,write'), /^There is no scope write\./);
  assert.match(said('--projekt', 'p'), /^Unknown option '--projekt'/);
});
