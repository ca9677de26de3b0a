/** API keys: who may call what. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import type { ApiKey, Scope, Store } from '../ports.ts';
import { answerProblem } from './problem.ts';

/** How long a key that was found, or not found, is believed in: a revoked one works that long. */
const CACHE_MS = 30 * 1000;
/** Keys remembered. Guesses are kept apart, so that they cannot push real ones out. */
const CACHE_SIZE = 1000;

/** 32 random bytes: nothing to guess, so a fast hash is enough to store it. */
export const makeKey = () => `volley_${randomBytes(32).toString('base64url')}`;

export const hashKey = (key: string) => hash('sha256', key);

/** Null if the call may go on, the answer if not. Any of the scopes will do. */
export type Authorize = (c: Context, scopes: Scope[]) => Promise<Response | null>;

export function createAuthorize(store: Store, now: () => number): Authorize {
  const find = cached(store, now);
  return async (c, scopes) => {
    const header = c.req.header('authorization');
    const key = header?.match(/^Bearer +([\x21-\x7e]{1,256}) *$/i)?.[1];
    const found = key ? await find(hashKey(key)) : null;
    if (!found) {
      const error = header ? ', error="invalid_token"' : '';
      c.header('WWW-Authenticate', `Bearer realm="volley"${error}`);
      const detail = header
        ? 'The API key is not one of this deployment.'
        : 'The request has no header Authorization.';
      return answerProblem(c, 'unauthorized', detail);
    }
    if (scopes.some((scope) => found.scopes.includes(scope))) return null;
    const needed = scopes.join(' or ');
    c.header('WWW-Authenticate', `Bearer realm="volley", error="insufficient_scope"`);
    return answerProblem(c, 'forbidden', `The key "${found.name}" lacks the scope ${needed}.`);
  };
}

interface Entry {
  key: Promise<ApiKey | null>;
  until: number;
}

/** The store is asked once in a while, however many calls come with the same key. */
function cached(store: Store, now: () => number) {
  const known = new Map<string, Entry>();
  const unknown = new Map<string, Entry>();
  const keep = (map: Map<string, Entry>, hashed: string, entry: Entry) => {
    map.delete(hashed);
    map.set(hashed, entry);
    if (map.size > CACHE_SIZE) map.delete(map.keys().next().value!);
  };
  return async (hashed: string): Promise<ApiKey | null> => {
    const entry = known.get(hashed) ?? unknown.get(hashed);
    if (entry && entry.until > now()) return entry.key;
    const key = store.findKey(hashed).then((it) => (it && sameHash(it.hash, hashed) ? it : null));
    const fresh = { key, until: now() + CACHE_MS };
    keep(unknown, hashed, fresh);
    try {
      const found = await key;
      if (found) {
        unknown.delete(hashed);
        keep(known, hashed, fresh);
      } else known.delete(hashed);
      return found;
    } catch (error) {
      unknown.delete(hashed);
      throw error;
    }
  };
}

const sameHash = (a: string, b: string) =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
