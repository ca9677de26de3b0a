/** Answers of a store that are kept for a while, in a bounded cache. */

import { setNewest } from './bounded-map.ts';

export interface KeptAnswer<V> {
  value: Promise<V>;
  /** ms since the epoch */
  askedAt: number;
}

interface Keeping {
  now(): number;
  /** how long an answer is kept, in ms */
  ageMs: number;
  /** answers that are kept; one that was dropped is asked for again */
  most: number;
}

/**
 * Gives the answer that is kept under `key`, or that of `ask`, which is then kept. Calls that come while it is
 * asked for share it. Rejects as `ask` does; a failure is not kept.
 */
export async function freshAnswer<K, V>(
  answers: Map<K, KeptAnswer<V>>,
  key: K,
  ask: () => Promise<V>,
  { now, ageMs, most }: Keeping,
): Promise<V> {
  const earlier = answers.get(key);
  if (earlier && now() < earlier.askedAt + ageMs) return earlier.value;
  const value = ask();
  setNewest(answers, key, { value, askedAt: now() }, most);
  try {
    return await value;
  } catch (error) {
    answers.delete(key);
    throw error;
  }
}
