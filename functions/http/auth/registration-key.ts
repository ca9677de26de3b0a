/** Restricts registration keys, which lie in apps: to one app, and to a rate. */

import type { Context } from 'hono';
import type { Rate } from '../../lib/token-bucket.ts';
import type { ApiKey } from '../../model/key.ts';
import { answerProblem } from '../core/problem.ts';
import type { ClientAddress } from './address.ts';
import { keyOf } from './authorize.ts';
import { createLimit } from './limit.ts';

export interface RegistrationLimits {
  /** for all devices of an app: after a push to a million, many open it in the same minute */
  perKey: Rate;
  /** for one device, or all devices behind one address of a mobile network */
  perAddress: Rate;
}

export const registrationLimits: RegistrationLimits = {
  perKey: { perSecond: 500, burst: 5_000 },
  perAddress: { perSecond: 5, burst: 100 },
};

/** Receipts: all devices behind one address of a mobile network open the same push. */
export const receiptLimits: RegistrationLimits = {
  perKey: { perSecond: 2_000, burst: 20_000 },
  perAddress: { perSecond: 50, burst: 500 },
};

/** Null if the call may go on; otherwise the answer that ends it. */
export type Admit = (c: Context) => Response | null;

export interface RegistrationLimit {
  admit: Admit;
  /**
   * Counts so many more, of a call that was admitted and turned out to hold them. Calls are admitted before
   * they are read, so many together may hold more than the rate allows.
   */
  charge(c: Context, count: number): Response | null;
}

/** Limits registration keys only. It runs before the call is read, so that faulty calls count too. */
export function createRegistrationLimit(
  { perKey, perAddress }: RegistrationLimits,
  clientAddress: ClientAddress,
  now: () => number,
): RegistrationLimit {
  const ofKey = createLimit(perKey, now);
  const ofAddress = createLimit(perAddress, now);
  const callerIn = (c: Context, key: ApiKey) => {
    const address = clientAddress(c);
    return address && `${address} ${key.hash}`;
  };
  const after = (c: Context, key: ApiKey, wait: number) => {
    if (wait === 0) return null;
    c.header('Retry-After', String(Math.ceil(wait / 1000)));
    return answerProblem(c, 'too-many', `The key "${key.name}" is used too often.`);
  };
  // the address first: a caller that is too fast there must not use up the rate of the key
  return {
    admit(c) {
      const key = narrowKeyOf(c);
      if (!key) return null;
      const caller = callerIn(c, key);
      return after(c, key, (caller && ofAddress(caller)) || ofKey(key.hash));
    },
    charge(c, count) {
      const key = narrowKeyOf(c);
      if (!key || count === 0) return null;
      const caller = callerIn(c, key);
      const wait = caller && ofAddress.charge(caller, count);
      return after(c, key, wait || ofKey.charge(key.hash, count));
    },
  };
}

/** Null if the key may be used for the app; otherwise the answer that ends the call. */
export function narrow(c: Context, app: string): Response | null {
  const key = narrowKeyOf(c);
  if (!key || key.app === app) return null;
  return answerProblem(c, 'forbidden', `The key "${key.name}" is not for the app "${app}".`, {
    next: `Name the app "${key.app}", or use a key of the other one.`,
  });
}

/** The registration key of a call; null for all other callers. */
export function narrowKeyOf(c: Context): ApiKey | null {
  const key = keyOf(c);
  return key && !key.scopes.includes('installations') ? key : null;
}
