/** An installation: one app on one device. */

import { hash } from 'node:crypto';
import type { Registration } from './registration.ts';

export type { Registration } from './registration.ts';

export const platforms = ['ios', 'android', 'web'] as const;
export type Platform = (typeof platforms)[number];

export const providers = ['apns', 'fcm'] as const;
export type Provider = (typeof providers)[number];

export const environments = ['production', 'sandbox'] as const;
export type Environment = (typeof environments)[number];

export interface Installation extends Omit<Registration, 'provider'> {
  id: string;
  provider: Provider;
  bucket: number;
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
  return { id, ...rest, provider, bucket: bucketOf(id), refreshedAt: now };
}
