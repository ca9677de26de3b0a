/** Finds the address of the API, and the key. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from './client/client.ts';
import { Usage } from './usage.ts';

type Env = Record<string, string | undefined>;

const HOST = 'http://127.0.0.1';

/** Option, then environment; else the local server, on the port that `npm start` takes. */
export const urlOf = (options: { url?: string }, env: Env): string =>
  options.url ?? (env.VOLLEY_URL || `${HOST}:${env.PORT || 8080}`);

/** A client of that API. On this machine it uses the key of the local server. Throws `Usage`. */
export function connect(
  options: { url?: string; key?: string },
  env: Env,
  fetch?: typeof globalThis.fetch,
): Client {
  const url = urlOf(options, env);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Usage(`"${url}" is not a URL such as ${HOST}:8080`);
  const key = options.key ?? (env.VOLLEY_API_KEY || localKey(new URL(url), env));
  return createClient(url, key, fetch);
}

/** The key of the local server. Never for another host, which must not see that key. */
function localKey({ hostname }: URL, env: Env): string | null {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return null;
  try {
    return readFileSync(join(env.VOLLEY_DATA || '.volley', 'api-key'), 'utf8').trim() || null;
  } catch {
    // there is none: the server's answer says what it needs
    return null;
  }
}
