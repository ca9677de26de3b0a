/** Waits with an end. */

import { Unavailable } from './errors.ts';

/**
 * Settles as `promise` does. Rejects after `ms` milliseconds with what `late` returns, or with
 * `Unavailable` if `late` is a text that says what gave no answer. How `promise` ends is ignored then.
 */
export function withDeadline<T>(
  promise: Promise<T>,
  ms: number,
  late: string | (() => unknown),
): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const errorOf = () =>
    typeof late === 'string' ? new Unavailable(`${late}: no answer in ${ms} ms`) : late();
  const timer = setTimeout(() => reject(errorOf()), ms);
  return Promise.race([promise, ended]).finally(() => clearTimeout(timer));
}

/**
 * Resolves with true when `promise` has resolved, with false after `ms` milliseconds. Rejects as
 * `promise` does; how it ends after that time is ignored.
 */
export function endsWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer));
}
