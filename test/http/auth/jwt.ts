/** JWTs as Google signs them, and as a forger does. */

import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { generate } from 'selfsigned';

export interface Signer {
  kid: string;
  /** PEM of the certificate that others verify with */
  certificate: string;
  /** `undefined` in the claims or the header leaves a field out. */
  sign(claims: object, header?: object): string;
}

export async function createSigner(): Promise<Signer> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const { cert } = await generate([{ name: 'commonName', value: 'signer' }], {
    keyPair: keys,
    algorithm: 'sha256',
  });
  const kid = randomBytes(20).toString('hex');
  return {
    kid,
    certificate: cert,
    sign(claims, header = {}) {
      const text = [{ alg: 'RS256', typ: 'JWT', kid, ...header }, claims].map(encode).join('.');
      return `${text}.${createSign('RSA-SHA256').update(text).sign(keys.privateKey, 'base64url')}`;
    },
  };
}

export const encode = (it: object) => Buffer.from(JSON.stringify(it)).toString('base64url');

export const nowSeconds = () => Math.floor(Date.now() / 1000);
