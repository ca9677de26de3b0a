/**
 * Provider tokens of APNs: a JWT signed with ES256.
 * https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns
 */

import { createPrivateKey, sign } from 'node:crypto';

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
 * time is cut into buckets of 40 minutes and `iat` is where a bucket begins: all instances change
 * at the same time, to tokens of the same age.
 */
const BUCKET_MS = 40 * 60 * 1000;
const MIN_AGE_MS = 20 * 60 * 1000;

/** `key` is the PEM of AuthKey_….p8. Throws when it is not an EC P-256 private key. */
export function createApnsToken(
  { key, keyId, teamId }: { key: string; keyId: string; teamId: string },
  now: () => number = Date.now,
): ApnsTokenSource {
  const privateKey = createPrivateKey(key);
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('an APNs key is an EC private key on the curve P-256');
  const header = encode({ alg: 'ES256', typ: 'JWT', kid: keyId });
  let token = '';
  let bucket = -1;
  let renewedAt = Number.NEGATIVE_INFINITY;

  function mint(issuedAt: number): string {
    const signed = `${header}.${encode({ iss: teamId, iat: Math.floor(issuedAt / 1000) })}`;
    // JWS wants r and s side by side (RFC 7518, section 3.4), not the DER that is usual elsewhere
    const signature = sign('sha256', Buffer.from(signed), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${signed}.${signature.toString('base64url')}`;
  }

  function current(): string {
    const at = now();
    const present = Math.floor(at / BUCKET_MS);
    if (present !== bucket && at - renewedAt >= MIN_AGE_MS) {
      bucket = present;
      token = mint(present * BUCKET_MS);
    }
    return token;
  }

  function renew(used: string): string | null {
    if (used !== token) return token;
    const at = now();
    if (at - renewedAt < MIN_AGE_MS) return null;
    renewedAt = at;
    bucket = Math.floor(at / BUCKET_MS);
    token = mint(at);
    return token;
  }

  return { current, renew };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
