/** Client certificates from Apple: a .p12 file, or PEM made of one. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { ClientCertificate } from '../../http2/client/socket.ts';

/** 'old cipher': the cipher of exports by macOS' Keychain, which OpenSSL 3 refuses to read. */
export type CertificateFault = 'password' | 'old cipher' | 'other key' | 'unreadable';

/**
 * Reads PKCS #12, or PEM with the certificate first and its key anywhere. The result works in a TLS
 * handshake, though the peer may still refuse it.
 */
export function parseCertificate(
  bytes: Buffer,
  passphrase: string | undefined,
): ClientCertificate | CertificateFault {
  const secret = passphrase === undefined ? {} : { passphrase };
  const pem = bytes.includes('-----BEGIN') ? bytes.toString() : null;
  const certificate = pem === null ? { pfx: bytes, ...secret } : { cert: pem, key: pem, ...secret };
  try {
    if (pem !== null) {
      const key = createPrivateKey({ key: pem, ...secret });
      if (!new X509Certificate(pem).checkPrivateKey(key)) return 'other key';
    }
    createSecureContext(certificate);
    return certificate;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_CRYPTO_UNSUPPORTED_OPERATION') return 'old cipher';
    // "interrupted or cancelled" is what OpenSSL says without a password
    if (/mac verify|bad decrypt|passphrase|interrupted or cancelled/i.test(message))
      return 'password';
    return 'unreadable';
  }
}
