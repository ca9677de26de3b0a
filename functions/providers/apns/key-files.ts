/** Reads .p8 keys and .p12 certificates from Apple, from a file or from its text. */

import { createPrivateKey } from 'node:crypto';
import { resolve } from 'node:path';
import type { ClientCertificate } from '../../http2/client/socket.ts';
import type { FieldSource } from '../adapter.ts';
import type { CredentialReader } from '../shared/credential-reader.ts';
import { type CertificateFault, parseCertificate } from './certificate.ts';

const certificateFaults: Record<CertificateFault, string> = {
  password: 'is not the password of the certificate',
  'old cipher':
    'is encrypted as old tools do it, and OpenSSL 3 refuses that; convert it: openssl pkcs12 -legacy -in old.p12 -nodes -out new.pem',
  'other key': 'has a key that is not of its certificate; export both together',
  unreadable: 'is no certificate with its key; export both together, as .p12 or PEM',
};

/**
 * Returns the PEM of a P-256 private key, the only kind that Apple issues, or null if a fault was noted.
 * `raw` is the PEM, or the path of its file relative to `base`.
 */
export function readSigningKey(
  raw: string,
  where: string,
  base: string,
  { load, fault }: CredentialReader,
): string | null {
  const pem = raw.includes('-----BEGIN')
    ? raw.replaceAll('\\n', '\n')
    : load(resolve(base, raw), where, 'give the path of the .p8 file, or its PEM text');
  if (pem === null) return null;
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return pem;
  } catch {
    // the error would quote the key
  }
  fault(where, 'is not a P-256 private key; download the .p8 file from the Apple developer site');
  return null;
}

/**
 * Returns the certificate with its key, or null if a fault was noted. `raw` is the path of a .p12 or PEM
 * file, or the PEM text of a certificate and its key.
 */
export function readCertificate(
  raw: string,
  passphrase: string | undefined,
  { nameOf, base }: FieldSource,
  { loadBytes, fault }: CredentialReader,
): ClientCertificate | null {
  const where = nameOf('cert');
  const bytes = raw.includes('-----BEGIN')
    ? Buffer.from(raw.replaceAll('\\n', '\n'))
    : loadBytes(resolve(base, raw), where, 'give the path of the .p12 or PEM file, or PEM text');
  if (bytes === null) return null;
  const parsed = parseCertificate(bytes, passphrase);
  if (typeof parsed === 'object') return parsed;
  fault(parsed === 'password' ? nameOf('certPassword') : where, certificateFaults[parsed]);
  return null;
}
