/**
 * ES256 (RFC 7518, section 3.4) made deterministic by RFC 6979: the same key and text give the same
 * bytes, in every process. OpenSSL, so node:crypto, draws a new nonce for each signature.
 */

import { createPrivateKey } from 'node:crypto';
import { createRequire } from 'node:module';

type Nist = typeof import('@noble/curves/nist.js');

const require = createRequire(import.meta.url);
let loaded: Nist['p256'] | null = null;

/** Loaded late: 25 ms, and a process may never send to APNs. */
function curve(): Nist['p256'] {
  if (loaded === null) {
    loaded = (require('@noble/curves/nist.js') as Nist).p256;
    // its own table, for thousands of signatures, takes 35 ms to fill; ours are a few a day
    loaded.Point.BASE.precompute(4, false);
  }
  return loaded;
}

/** `pem` is an EC private key on the curve P-256; throws on any other. Signatures are base64url. */
export function es256(pem: string): (text: string) => string {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('an ES256 key is an EC private key on the curve P-256');
  const secret = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  return (text) => {
    // low S is for others' chains: the RFC's own signatures, and ours, have any
    const signature = curve().sign(Buffer.from(text), secret, { lowS: false });
    return Buffer.from(signature).toString('base64url');
  };
}
