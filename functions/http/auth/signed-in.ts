/**
 * Limits the rate of each Firebase user, by user id: all that come through Firebase Hosting have its
 * address, and one user may have several addresses.
 */

import type { Context } from 'hono';
import type { Rate } from '../../lib/token-bucket.ts';
import { answerProblem } from '../core/problem.ts';
import { personOf } from './authorize.ts';
import { createLimit } from './limit.ts';
import type { Admit } from './registration-key.ts';

/** Enough for a console that polls and an import side by side, but not for a runaway script. */
export const personRate: Rate = { perSecond: 50, burst: 500 };

/** Limits Firebase users only. It runs after the call was authorized. */
export function createAdmitPerson(rate: Rate, now: () => number): Admit {
  const limit = createLimit(rate, now);
  return (c: Context) => {
    const person = personOf(c);
    const wait = person === null ? 0 : limit(person);
    if (wait === 0) return null;
    c.header('Retry-After', String(Math.ceil(wait / 1000)));
    return answerProblem(c, 'too-many', 'You call too often.');
  };
}
