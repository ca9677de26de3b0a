/** Waits with an end. */

import { Unavailable } from './errors.ts';

/**
 * Settles as `promise` does. Rejects after `ms` milliseconds with `late()`, or with `Unavailable` if
 * `late` is a text that says what gave no answer. What becomes of `promise` then is ignored.
 */
export function withDeadline<T>(
  promise: Promise<T>,
  ms: number,
  late: string | (() => Error),
): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const errorOf = () =>
    typeof late === 'string' ? new Unavailable(`${late}: no answer in ${ms} ms`) : late();
  const timer = setTimeout(() => reject(errorOf()), ms);
  return Promise.race([promise, ended]).finally(() => clearTimeout(timer));
}

/**
 * Resolves when `promise` has settled: true, or after `ms` milliseconds: false. Never rejects; an
 * error of `promise` is for other callers to handle.
 */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, ms, false);
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}
