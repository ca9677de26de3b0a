/** Waits with an end, for libraries that have none of their own. */

import { Unavailable } from './errors.ts';

/** Rejects with `Unavailable` when `promise` takes longer; what becomes of it then is ignored. */
export function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Unavailable(`${what}: no answer in ${ms} ms`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
