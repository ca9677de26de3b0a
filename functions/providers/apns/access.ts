/** By what APNs knows us: a key, one of two keys while one replaces the other, or a certificate. */

import type { Pool } from '../../http2/pool/pool.ts';
import type { ApnsTokenSource } from './token.ts';

/** APNs refuses tokens of two keys on one connection, so each key has connections of its own. */
export interface Credential {
  pool: Pool;
  /** null: a certificate, which the pool's connections show */
  token: ApnsTokenSource | null;
}

export interface ApnsAccess {
  current(): Credential;
  /** APNs refused `used`, a token of the credential: what to send the push again with, or null. */
  instead(refused: Credential, used: string, reason: string): Credential | null;
}

/**
 * `next`, if there is one, takes the place of the first as soon as APNs says InvalidProviderToken,
 * as it does of a key that was revoked; and back, if it is refused as well: whoever repairs the one
 * or the other need not restart us. `switched` is told each time.
 */
export function createApnsAccess(
  first: Credential,
  next: Credential | null = null,
  switched: (to: 'first' | 'next') => void = () => {},
): ApnsAccess {
  let current = first;
  return {
    current: () => current,
    instead(refused, used, reason) {
      if (reason === 'ExpiredProviderToken')
        return refused.token?.renew(used) == null ? null : refused;
      if (reason !== 'InvalidProviderToken' || next === null) return null;
      // many streams are refused at once, the first of them switches
      if (refused === current) {
        current = refused === first ? next : first;
        switched(current === first ? 'first' : 'next');
      }
      return current;
    },
  };
}

/**
 * Why a peer refused our certificate, if that is why there is no connection: TLS has alerts for it
 * (RFC 8446, section 6.2), which OpenSSL quotes. Null for every other trouble, which passes.
 */
export function certificateFault(reason: string): string | null {
  // 40 handshake failure, 42 to 46 about certificates, 48 unknown CA, 49 access denied, 116 required
  const alert = /alert ([a-z ]+):.*SSL alert number (?:40|4[2-6]|48|49|116)\b/.exec(reason);
  return alert && `BadCertificate (${alert[1]})`;
}
