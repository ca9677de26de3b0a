/** An installation: one app on one device. */

import { hash } from 'node:crypto';
import { tokenOf } from './canonical/token.ts';
import type { Registration } from './schemas/registration.ts';

export type { Registration } from './schemas/registration.ts';

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const providers = ['apns', 'fcm'] as const;
export type Provider = (typeof providers)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

/** A token goes in packed chunks and headers: printable ASCII without spaces. */
export const tokenForm = /^[\x21-\x7e]+$/;

export interface Installation extends Omit<Registration, 'provider'> {
  id: string;
  provider: Provider;
  bucket: number;
  /**
   * As it is read: there only if true. As it is written: true, false, or, left out, as it is kept
   * there already.
   */
  optedOut?: boolean | undefined;
  /** when its app last registered, ms since the epoch */
  refreshedAt: number;
}

export function defaultProvider(it: Platform): Provider {
  return it === 'ios' ? 'apns' : 'fcm';
}

export const BUCKETS = 2 ** 32;

/**
 * The first four bytes of the id's SHA-256, as an unsigned integer: uniform whatever ids look
 * like, and any database can compute it.
 */
export const bucketOf = (id: string) => Number.parseInt(hash('sha256', id).slice(0, 8), 16);

export function installation(id: string, registration: Registration, now: number): Installation {
  const { provider = defaultProvider(registration.platform), ...rest } = registration;
  const token = tokenOf(provider, rest.token);
  return { id, ...rest, provider, token, bucket: bucketOf(id), refreshedAt: now };
}
