/** An installation: one app on one device. */

import { hash } from 'node:crypto';
import { bucketOf } from './bucket.ts';
import { tokenOf } from './canonical/token.ts';
import { defaultProvider, type Provider } from './provider/registry.ts';
import type { Registration } from './schemas/registration.ts';

export type { Registration } from './schemas/registration.ts';

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

export function installation(id: string, registration: Registration, now: number): Installation {
  const { provider = defaultProvider(registration.platform), ...rest } = registration;
  const token = tokenOf(provider, rest.token);
  return { id, ...rest, provider, token, bucket: bucketOf(id), refreshedAt: now };
}

/** What an audience's page may carry of its installations, if it is asked to. */
export type Carried = 'platform' | 'language' | 'attributes' | 'refreshedAt';

export type Reached = Pick<Installation, 'id' | 'provider' | 'environment' | 'token'> &
  Partial<Pick<Installation, Carried>>;

/** What stands in the place of the id of a token that no installation has. */
export const unregisteredId = (token: string) => `token:${hash('sha256', token).slice(0, 32)}`;
