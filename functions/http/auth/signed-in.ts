/**
 * How often one person may call. By their user id: those who come through Firebase Hosting all have
 * its address, and a person may have several.
 */

import type { Context } from 'hono';
import type { Rate } from '../../lib/token-bucket.ts';
import { answerProblem } from '../core/problem.ts';
import { personOf } from './authorize.ts';
import { createLimit } from './limit.ts';
import type { Admit } from './registration-key.ts';

/** A console that polls, and a command line that imports, side by side; not a script run wild. */
export const personRate: Rate = { perSecond: 50, burst: 500 };

/** Only people are limited: asked after the call was authorized. */
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
