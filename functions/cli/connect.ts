/** Which API, and with which key. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from './client.ts';
import { Usage } from './send.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Option, then environment; on this machine the key that the local server has left. */
export function connect(
  options: { url?: string; key?: string },
  env: Record<string, string | undefined>,
  fetch?: typeof globalThis.fetch,
): Client {
  const url = options.url ?? (env.VOLLEY_URL || DEFAULT_URL);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Usage(`"${url}" is not a URL such as ${DEFAULT_URL}`);
  const key = options.key ?? (env.VOLLEY_API_KEY || localKey(new URL(url), env));
  return createClient(url, key, fetch);
}

/** Never for another host: that key is nobody else's business. */
function localKey({ hostname }: URL, env: Record<string, string | undefined>): string | null {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(hostname)) return null;
  try {
    return readFileSync(join(env.VOLLEY_DATA || '.volley', 'api-key'), 'utf8').trim() || null;
  } catch {
    // none there: the server will say what it needs
    return null;
  }
}
