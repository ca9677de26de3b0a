/**
 * Provider tokens of APNs: a JWT signed with ES256.
 * https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
 */

import { es256 } from './es256.ts';

export interface ApnsTokenSource {
  /** The JWT to send now. */
  current(): string;
  /**
   * Returns a newer token after APNs said that `used` has expired, or null if none can be made yet. One
   * token is made, however many streams ask.
   */
  renew(used: string): string | null;
}

/**
 * Apple refuses a token that is older than 60 minutes, and a new one less than 20 minutes after the
 * last. So time is divided into spans of 40 minutes, and `iat` is the start of a span. All instances
 * change at the same time to the same bytes, and Apple sees one change of token, not hundreds.
 */
const BUCKET_MS = 40 * 60 * 1000;
const MIN_AGE_MS = 20 * 60 * 1000;

/** `key` is the PEM of AuthKey_….p8. Throws if it is not an EC P-256 private key. */
export function createApnsToken(
  { key, keyId, teamId }: { key: string; keyId: string; teamId: string },
  now: () => number = Date.now,
): ApnsTokenSource {
  const sign = es256(key);
  const header = encode({ alg: 'ES256', typ: 'JWT', kid: keyId });
  // if a token expires early our clock is slow: from then on the spans are half as long
  let bucketMs = BUCKET_MS;
  let token = '';
  let issuedAt = -1;
  let renewedAt = Number.NEGATIVE_INFINITY;

  /** Signs the token of the span that `at` is in. False if it is the current one. */
  function mint(at: number): boolean {
    const begin = Math.floor(at / bucketMs) * bucketMs;
    if (begin === issuedAt) return false;
    issuedAt = begin;
    const signed = `${header}.${encode({ iss: teamId, iat: begin / 1000 })}`;
    token = `${signed}.${sign(signed)}`;
    return true;
  }

  function current(): string {
    const at = now();
    if (at - renewedAt >= MIN_AGE_MS) mint(at);
    return token;
  }

  function renew(used: string): string | null {
    if (used !== token) return token;
    const at = now();
    if (at - renewedAt < MIN_AGE_MS) return null;
    bucketMs = MIN_AGE_MS;
    if (!mint(at)) return null;
    renewedAt = at;
    return token;
  }

  return { current, renew };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
