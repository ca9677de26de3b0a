/** Authorizes calls: by an API key, or by a sign-in of a Firebase user. */

import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { setNewest } from '../../lib/bounded-map.ts';
import type { ApiKey, Scope } from '../../model/key.ts';
import type { Store } from '../../ports/ports.ts';
import { answerProblem } from '../core/problem.ts';
import type { FindPerson } from './firebase-users.ts';

/** Cache TTL for callers, found or not; a revoked key keeps working this long. */
const CACHE_MS = 30 * 1000;
/** Entries of each cache. Unknown bearers have a cache of their own, so guesses evict no real key. */
const CACHE_SIZE = 1000;

/** A new API key of 32 random bytes. It cannot be guessed, so a fast hash is enough to store it. */
export const makeKey = () => `volley_${randomBytes(32).toString('base64url')}`;

export const hashKey = (key: string) => hash('sha256', key);

/**
 * Null if the caller has any of the scopes, or is known where `scopes` is null or empty; otherwise the
 * answer that ends the call.
 */
export type Authorize = (c: Context, scopes: Scope[] | null) => Promise<Response | null>;

/** Takes API keys and, with `findPerson`, sign-ins. A JWT is never looked up among the keys. */
export function createAuthorize(
  store: Pick<Store, 'findKey'>,
  now: () => number,
  findPerson?: FindPerson,
): Authorize {
  const ownerOf = cached(now, async (key) => {
    const hashed = hashKey(key);
    const found = await store.findKey(hashed);
    return found && sameHash(found.hash, hashed)
      ? {
          name: `The key "${found.name}"`,
          who: `key "${found.name}"`,
          scopes: found.scopes,
          key: found,
        }
      : null;
  });
  const personOf = findPerson && cached(now, findPerson);
  return async (c, scopes) => {
    const header = c.req.header('authorization');
    const bearer = header?.match(BEARER)?.[1] ?? '';
    const isPerson = personOf !== undefined && JWT.test(bearer);
    const key = bearer.length <= MAX_KEY ? bearer : '';
    const found = isPerson ? await personOf(bearer) : key ? await ownerOf(key) : null;
    if (!found) {
      const error = header ? ', error="invalid_token"' : '';
      c.header('WWW-Authenticate', `Bearer realm="volley"${error}`);
      if (isPerson)
        return answerProblem(c, 'unauthorized', 'The sign-in is not valid here, or not any more.', {
          next: 'Sign in again to the project of this deployment.',
        });
      const detail = header
        ? 'The API key is not one of this deployment.'
        : 'The request has no header Authorization.';
      return answerProblem(c, 'unauthorized', detail);
    }
    c.set(CALLER, found);
    if (!scopes?.length || scopes.some((scope) => found.scopes.includes(scope))) return null;
    const needed = scopes.join(' or ');
    c.header('WWW-Authenticate', `Bearer realm="volley", error="insufficient_scope"`);
    return answerProblem(c, 'forbidden', `${found.name} lacks the scope ${needed}.`, {
      ...(isPerson && {
        next: 'Ask the administrator of this deployment for a role that has the scope named.',
      }),
    });
  };
}

const CALLER = 'caller';

/** The caller of an authorized call, as the store records it with a change. */
export function callerOf(c: Context): string {
  const caller: Caller | undefined = c.get(CALLER);
  return caller?.who ?? caller?.name ?? 'unknown';
}

/** The scopes of the caller of an authorized call. */
export const scopesOf = (c: Context): Scope[] => (c.get(CALLER) as Caller).scopes;

/** The API key of the call; null if a Firebase user calls. */
export const keyOf = (c: Context): ApiKey | null => (c.get(CALLER) as Caller).key ?? null;

/** The id of the Firebase user who calls; null with an API key, or without credentials. */
export const personOf = (c: Context): string | null =>
  (c.get(CALLER) as Caller | undefined)?.id ?? null;

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;
const MAX_KEY = 256;
/** Firebase's ID tokens have about 1,000 characters, and at most 1,000 of custom claims. */
const JWT = /^[\w-]{1,1000}\.[\w-]{1,6000}\.[\w-]{1,1000}$/;

interface Caller {
  name: string;
  /** of a Firebase user */
  id?: string;
  /** as the store records it; `name` if absent, which is worded for a sentence */
  who?: string;
  scopes: Scope[];
  key?: ApiKey;
}

interface Entry {
  caller: Promise<Caller | null>;
  until: number;
}

/** Asks `find` once per bearer and TTL, also for calls that come at the same time. */
function cached(now: () => number, find: (bearer: string) => Promise<Caller | null>) {
  const known = new Map<string, Entry>();
  const unknown = new Map<string, Entry>();
  return async (bearer: string): Promise<Caller | null> => {
    const hashed = hashKey(bearer);
    const entry = known.get(hashed) ?? unknown.get(hashed);
    if (entry && entry.until > now()) return entry.caller;
    const fresh = { caller: find(bearer), until: now() + CACHE_MS };
    setNewest(unknown, hashed, fresh, CACHE_SIZE);
    try {
      const found = await fresh.caller;
      if (found) {
        unknown.delete(hashed);
        setNewest(known, hashed, fresh, CACHE_SIZE);
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
