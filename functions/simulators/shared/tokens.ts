/** Device tokens in the providers' forms, and a fast hash of them. */

import { hash } from 'node:crypto';
import type { Provider } from '../../model/provider/registry.ts';

/** Hexadecimal. It has 64 digits today, but Apple promises no length. */
export const apnsTokenForm = /^(?:[0-9a-f]{2}){32,100}$/i;

/** An installation id of Firebase, a colon, and a part that Google's servers sign. */
export const fcmTokenForm = /^[\w-]{11,64}:APA91b[\w-]{100,250}$/;

/** Returns the same token for the same name on every machine: for examples, tests and benchmarks. */
export function sampleToken(provider: Provider, name: string | number): string {
  if (provider === 'apns') return hash('sha256', `apns ${name}`);
  const letters =
    hash('sha512', `fcm ${name}`, 'base64url') + hash('sha512', `${name}`, 'base64url');
  return `${letters.slice(0, 22)}:APA91b${letters.slice(22, 156)}`;
}

/**
 * Hashes a token to 64 bits and writes them to `out` as two unsigned 32-bit halves. Not for secrets:
 * it is cyrb53 without the last step. A million tokens are unlikely to collide.
 */
export function hashToken(token: string, out: Uint32Array): void {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  out[0] = high;
  out[1] = low;
}
