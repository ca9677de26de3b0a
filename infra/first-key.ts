/**
 * `npm run key -- --project my-project-1234`: makes an API key of a deployment, prints it, and keeps
 * its hash. It needs what the API cannot give before there is a key: your own right to write to the
 * database (`gcloud auth application-default login`).
 */

import { parseArgs } from 'node:util';
import { hashKey, makeKey } from '../functions/http/auth/authorize.ts';
import { type ApiKey, fullScopes, type Scope } from '../functions/model/key.ts';
import type { Store } from '../functions/ports/ports.ts';

const usage = `npm run --silent key -- --project PROJECT [options]

  --project   of the deployment
  --prefix    of its names; "volley" if not given, as infra/ has it
  --database  of Firestore; named as the prefix if not given, as infra/ makes it
  --name      what the log and a refusal call it; "first" if not given
  --scopes    ${fullScopes.join(',')}: all of them if not given`;

export interface KeyOptions {
  project: string;
  database: string;
  key: Omit<ApiKey, 'hash'>;
}

/** Reads the arguments, or returns what is wrong with them. */
export function readOptions(args: string[]): KeyOptions | string {
  const given = () => {
    const text = { type: 'string' } as const;
    const options = { project: text, prefix: text, database: text, name: text, scopes: text };
    return parseArgs({ args, options }).values;
  };
  let values: ReturnType<typeof given>;
  try {
    values = given();
  } catch (error) {
    return `${(error as Error).message}\n\n${usage}`;
  }
  const { project, prefix = 'volley', database = prefix, name = 'first' } = values;
  const asked = values.scopes?.split(',') ?? fullScopes;
  if (!project) return `--project is missing.\n\n${usage}`;
  const unknown = asked.filter((it) => !fullScopes.includes(it as Scope));
  if (unknown.length > 0) return `There is no scope ${unknown.join(', ')}.\n\n${usage}`;
  return { project, database, key: { name, scopes: asked as Scope[] } };
}

/** Prints the key, once: the store has only its hash. */
export async function putNewKey(store: Pick<Store, 'putKey'>, it: KeyOptions['key']) {
  const key = makeKey();
  await store.putKey({ ...it, hash: hashKey(key) });
  return key;
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (typeof options === 'string') {
    console.error(options);
    process.exitCode = 2;
    return;
  }
  const { createFirestoreStore } = await import('../functions/store/firestore.ts');
  const { project, database } = options;
  const store = createFirestoreStore({ project, database });
  try {
    console.log(await putNewKey(store, options.key));
  } catch (error) {
    console.error(`No key was made. ${(error as Error).message}`);
    console.error('Have you signed in? gcloud auth application-default login');
    process.exitCode = 1;
  } finally {
    await store.close();
  }
}

if (import.meta.main) await main();
