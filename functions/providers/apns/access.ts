/** The credential in use for APNs: a key, one of two keys during a change, or a certificate. */

import type { Pool } from '../../http2/pool/pool.ts';
import type { ApnsTokenSource } from './token.ts';

/** APNs refuses tokens of two keys on one connection, so each key has connections of its own. */
export interface Credential {
  pool: Pool;
  /** null if the pool's connections use a certificate */
  token: ApnsTokenSource | null;
}

export interface ApnsAccess {
  current(): Credential;
  /**
   * APNs refused `used`, a token of `refused`. Returns the credential to send the push again with, or
   * null if there is none.
   */
  instead(refused: Credential, used: string, reason: string): Credential | null;
}

/**
 * Changes from `first` to `next`, if there is one, when APNs answers InvalidProviderToken, as it does
 * for a revoked key. It changes back if `next` is refused as well, so no restart is needed after one of
 * them was repaired. `switched` is called at each change.
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
      // many streams are refused together; the first of them switches
      if (refused === current) {
        current = refused === first ? next : first;
        switched(current === first ? 'first' : 'next');
      }
      return current;
    },
  };
}

/**
 * The reason if a peer refused our certificate; null for every other failure of a connection, which is
 * temporary. TLS has alerts for it (RFC 8446, section 6.2), and OpenSSL quotes them in its errors.
 */
export function certificateFault(reason: string): string | null {
  // 40 handshake failure, 42 to 46 about certificates, 48 unknown CA, 49 access denied, 116 required
  const alert = /alert ([a-z ]+):.*SSL alert number (?:40|4[2-6]|48|49|116)\b/.exec(reason);
  return alert && `BadCertificate (${alert[1]})`;
}
