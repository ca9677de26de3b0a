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

/** A token goes in packed chunks and headers: printable ASCII without spaces. */
export const tokenForm = /^[\x21-\x7e]+$/;

export const isCountry = (it: string) => /^[a-z]{2}$/i.test(it);

/** Few are used; whoever sends endless others must not fill the memory. */
const MAX_KNOWN = 2_000;

/** In its canonical spelling; null if it is none. */
export const languageOf = remembered((tag) => {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
});

const zoneOf = remembered((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    return null;
  }
});
export function isTimeZone(name: string) {
  return zoneOf(name) !== null;
}

/** Intl takes microseconds for what an import asks for a million times. */
function remembered(find: (name: string) => string | null) {
  const known = new Map<string, string | null>();
  return (name: string) => {
    let found = known.get(name);
    if (found === undefined) {
      found = find(name);
      if (known.size === MAX_KNOWN) known.clear();
      known.set(name, found);
    }
    return found;
  };
}

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
  return { id, ...rest, provider, bucket: bucketOf(id), refreshedAt: now };
}
