/**
 * Firebase users, by their ID tokens. Their role is the custom claim `volley`, which only an
 * administrator of the project can set.
 * https://firebase.google.com/docs/auth/admin/verify-id-tokens
 * https://firebase.google.com/docs/auth/admin/custom-claims
 *
 * DANGER: with FIREBASE_AUTH_EMULATOR_HOST set the library takes unsigned tokens. config/google.ts
 * refuses to start a deployed function with it.
 */

import { randomUUID } from 'node:crypto';
import type { AppOptions } from 'firebase-admin/app';
import type { Auth, DecodedIdToken } from 'firebase-admin/auth';
import { withDeadline } from '../../lib/deadline.ts';
import { Unavailable } from '../../lib/errors.ts';
import { fullScopes, type Scope } from '../../model/key.ts';

export const roles = {
  admin: fullScopes,
  sender: ['campaigns', 'read'],
  viewer: ['read'],
} satisfies Record<string, Scope[]>;

export type Role = keyof typeof roles;

interface Person {
  /** Firebase's user id */
  id: string;
  /** the e-mail address, or the user id */
  name: string;
  /** empty without a role */
  scopes: Scope[];
}

/**
 * The user of an ID token. Null if the token is of another project, has expired or was revoked, or if
 * its user was disabled or deleted. Throws `Unavailable` if Google does not answer.
 */
export type FindPerson = (token: string) => Promise<Person | null>;

const DEADLINE_MS = 10_000;

/** `options`: the address of Google and the credentials, for the library. */
export function createPeople(project: string, options: AppOptions = {}): FindPerson {
  let auth: Promise<Auth> | undefined;

  async function connect(): Promise<Auth> {
    // loading it takes 60 ms, so only a deployment where users sign in does it
    const [{ initializeApp }, { getAuth }] = await Promise.all([
      import('firebase-admin/app'),
      import('firebase-admin/auth'),
    ]);
    return getAuth(initializeApp({ projectId: project, ...options }, randomUUID()));
  }

  return async (token) => {
    auth ??= connect();
    const asked = (await auth).verifyIdToken(token, true);
    try {
      return personOf(await withDeadline(asked, DEADLINE_MS, 'Firebase Auth'));
    } catch (cause) {
      if (isRefusal(cause)) return null;
      throw new Unavailable('Firebase Auth could not be asked about a token', { cause });
    }
  };
}

function personOf({ uid, email, volley }: DecodedIdToken): Person {
  const scopes =
    typeof volley === 'string' && Object.hasOwn(roles, volley) ? roles[volley as Role] : [];
  return { id: uid, name: email ?? uid, scopes };
}

const REFUSALS = [
  'auth/id-token-expired',
  'auth/id-token-revoked',
  'auth/user-disabled',
  'auth/user-not-found',
];

/**
 * The library gives the code `argument-error` to bad tokens, but also to certificates that it could not
 * fetch. A message about a token begins with one of these words.
 */
const ABOUT_THE_TOKEN = /^(Firebase ID token|Decoding Firebase ID token|verifyIdToken\(\) expects)/;

function isRefusal(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return (
    (code !== undefined && REFUSALS.includes(code)) ||
    (code === 'auth/argument-error' && ABOUT_THE_TOKEN.test(message ?? ''))
  );
}
