/**
 * Provider tokens of APNs: a JWT signed with ES256.
 * https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
 */

import { es256 } from './es256.ts';

export interface ApnsTokenSource {
  /** The JWT to send now. */
  current(): string;
  /**
   * APNs says that `used` has expired: a newer one, or null when there is none to be had. However
   * many streams ask, one token is made.
   */
  renew(used: string): string | null;
}

/**
 * Apple refuses a token after 60 minutes and wants none sooner than 20 minutes after the last. So
 * time is cut into buckets of 40 minutes and `iat` is where a bucket begins: every instance of a
 * fleet changes at the same time, to the same bytes, and Apple sees one token change, not hundreds.
 */
const BUCKET_MS = 40 * 60 * 1000;
const MIN_AGE_MS = 20 * 60 * 1000;

/** `key` is the PEM of AuthKey_….p8. Throws when it is not an EC P-256 private key. */
export function createApnsToken(
  { key, keyId, teamId }: { key: string; keyId: string; teamId: string },
  now: () => number = Date.now,
): ApnsTokenSource {
  const sign = es256(key);
  const header = encode({ alg: 'ES256', typ: 'JWT', kid: keyId });
  // a token that expired early means that our clock is slow: buckets are half as long from then on
  let bucketMs = BUCKET_MS;
  let token = '';
  let issuedAt = -1;
  let renewedAt = Number.NEGATIVE_INFINITY;

  /** Signs the token of the bucket `at` is in, unless it is the present one. */
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
