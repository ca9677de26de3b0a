/**
 * ES256 (RFC 7518, section 3.4), deterministic by RFC 6979: the same key and text give the same bytes
 * in every process. Not by node:crypto: OpenSSL draws a new nonce for each signature.
 */

import { createPrivateKey } from 'node:crypto';
import { createRequire } from 'node:module';

type Nist = typeof import('@noble/curves/nist.js');

const require = createRequire(import.meta.url);
let loaded: Nist['p256'] | null = null;

/** Loaded on first use: it takes 25 ms, and a process may never send to APNs. */
function curve(): Nist['p256'] {
  if (loaded === null) {
    loaded = (require('@noble/curves/nist.js') as Nist).p256;
    // the library's own table takes 35 ms to fill; it is for thousands of signatures, we make a few a day
    loaded.Point.BASE.precompute(4, false);
  }
  return loaded;
}

/**
 * Returns a function that signs a text; its signatures are base64url. `pem` is an EC private key on the
 * curve P-256; throws for any other key.
 */
export function es256(pem: string): (text: string) => string {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw new TypeError('an ES256 key is an EC private key on the curve P-256');
  const secret = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
  return (text) => {
    // low S is a rule of blockchains; the RFC's signatures do not follow it
    const signature = curve().sign(Buffer.from(text), secret, { lowS: false });
    return Buffer.from(signature).toString('base64url');
  };
}
