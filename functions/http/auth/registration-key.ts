/** What a key to register with may do: little, to one app, and not too often. */

import type { Context } from 'hono';
import type { Rate } from '../../lib/token-bucket.ts';
import type { ApiKey } from '../../model/key.ts';
import { answerProblem } from '../core/problem.ts';
import type { ClientAddress } from './address.ts';
import { keyOf } from './authorize.ts';
import { createLimit } from './limit.ts';

export interface RegistrationLimits {
  /** all devices of an app: after a push to a million, some open it at once */
  perKey: Rate;
  /** one device, or all behind one address of a mobile network */
  perAddress: Rate;
}

export const registrationLimits: RegistrationLimits = {
  perKey: { perSecond: 500, burst: 5_000 },
  perAddress: { perSecond: 5, burst: 100 },
};

/** Null if the call may go on, the answer if not. */
export type Admit = (c: Context) => Response | null;

/** Only `register` alone is limited. Asked before the call is read, so that faulty ones count, too. */
export function createAdmit(
  { perKey, perAddress }: RegistrationLimits,
  clientAddress: ClientAddress,
  now: () => number,
): Admit {
  const ofKey = createLimit(perKey, now);
  const ofAddress = createLimit(perAddress, now);
  return (c) => {
    const key = narrowKeyOf(c);
    if (!key) return null;
    // the address first: who is too fast there must not use up what is for all
    const address = clientAddress(c);
    const wait = (address && ofAddress(`${address} ${key.hash}`)) || ofKey(key.hash);
    if (wait === 0) return null;
    c.header('Retry-After', String(Math.ceil(wait / 1000)));
    return answerProblem(c, 'too-many', `The key "${key.name}" is used too often.`);
  };
}

/** Null if the call may go on, the answer if not. Only `register` alone is narrow. */
export function narrow(c: Context, app: string): Response | null {
  const key = narrowKeyOf(c);
  if (!key || key.app === app) return null;
  return answerProblem(c, 'forbidden', `The key "${key.name}" is not for the app "${app}".`, {
    next: `Name the app "${key.app}", or use a key of the other one.`,
  });
}

/** The key of a call that may only register; null for all others. */
export function narrowKeyOf(c: Context): ApiKey | null {
  const key = keyOf(c);
  return key && !key.scopes.includes('installations') ? key : null;
}
