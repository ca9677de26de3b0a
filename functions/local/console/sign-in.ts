/**
 * Sign-in to the console on this machine. A one-time code, printed by the server, is exchanged for a
 * cookie. The cookie holds an API key and its end, encrypted: what a session may do is what its key may
 * do, a revoked key ends it, and it survives a restart of the server without being stored.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { setNewest } from '../../lib/bounded-map.ts';

/** A code is valid for ten minutes, once. */
const CODE_MS = 10 * 60 * 1000;
/** Codes that are valid at the same time; the oldest is forgotten. */
const MAX_CODES = 100;
/** A session ends after a working day, in ms. */
export const SESSION_MS = 12 * 60 * 60 * 1000;
const [IV_BYTES, TAG_BYTES] = [12, 16];

export interface SignIn {
  /** A new one-time code for a session with this API key. */
  issue(key: string): { code: string; until: number };
  /** The value of the cookie; null: the code is unknown, used, or too old. */
  exchange(code: string): string | null;
  /** The API key of a session; null: the cookie is not ours, or its session is over. */
  keyOf(cookie: string): string | null;
}

/** `secret`: at least 32 characters; with another one, sessions that exist are over. */
export function createSignIn(
  secret: string,
  { now, random = randomBytes }: { now: () => number; random?: (bytes: number) => Buffer },
): SignIn {
  const encryption = Buffer.from(hkdfSync('sha256', secret, '', 'volley console session', 32));
  const codes = new Map<string, { key: string; until: number }>();

  function seal(text: string): string {
    const iv = random(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', encryption, iv);
    const sealed = [cipher.update(text, 'utf8'), cipher.final()];
    return Buffer.concat([iv, cipher.getAuthTag(), ...sealed]).toString('base64url');
  }

  /** Throws if it was not sealed with this secret. */
  function open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', encryption, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString();
  }

  return {
    issue(key) {
      const code = random(16).toString('base64url');
      const until = now() + CODE_MS;
      setNewest(codes, code, { key, until }, MAX_CODES);
      return { code, until };
    },
    exchange(code) {
      const found = codes.get(code);
      codes.delete(code);
      if (!found || found.until < now()) return null;
      return seal(JSON.stringify({ key: found.key, until: now() + SESSION_MS }));
    },
    keyOf(cookie) {
      try {
        const { key, until } = JSON.parse(open(cookie)) as { key: string; until: number };
        return until < now() ? null : key;
      } catch {
        return null;
      }
    },
  };
}
