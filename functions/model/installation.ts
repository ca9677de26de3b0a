/** An installation: one app on one device. */

import { hash } from 'node:crypto';
import { bucketOf } from './bucket.ts';
import { tokenOf } from './canonical/token.ts';
import { defaultProvider, type Provider } from './provider/registry.ts';
import type { Registration } from './schemas/registration.ts';

export interface Installation extends Omit<Registration, 'provider'> {
  id: string;
  provider: Provider;
  bucket: number;
  /**
   * When it is read: present only if true. When it is written: true, false, or left out, which keeps
   * the stored value.
   */
  optedOut?: boolean | undefined;
  /** When it is read: present only if there are some. When it is written: left out keeps the stored ones. */
  optedOutOf?: string[] | undefined;
  /** when its app last registered, ms since the epoch */
  refreshedAt: number;
  /**
   * When it is read: when its time zone last changed, ms since the epoch; left out if it never did. A store
   * sets it, by its own clock, in each write that changes the zone of an installation that it has; and where it
   * tells that (SQLite), in one that brings back an installation that was removed some weeks ago or less.
   */
  movedAt?: number | undefined;
}

/** The installation that a registration describes. `now`: ms since the epoch. */
export function installation(id: string, registration: Registration, now: number): Installation {
  const { provider = defaultProvider(registration.platform), ...rest } = registration;
  const token = tokenOf(provider, rest.token);
  return { id, ...rest, provider, token, bucket: bucketOf(id), refreshedAt: now };
}

/** Fields of an installation that a page of an audience carries only if they are asked for. */
export type Carried =
  | 'platform'
  | 'language'
  | 'permission'
  | 'attributes'
  | 'refreshedAt'
  | 'userId'
  | 'timeZone'
  | 'movedAt'
  | 'bucket';

export type Reached = Pick<Installation, 'id' | 'provider' | 'environment' | 'token'> &
  Partial<Pick<Installation, Carried>>;

/** The id that stands for a token without an installation. */
export const unregisteredId = (token: string) => `token:${hash('sha256', token).slice(0, 32)}`;
