/** Tells load balancers whether the store serves. They ask often, and anyone may ask. */

import { withDeadline } from '../../lib/deadline.ts';
import type { Log, Store } from '../../ports/ports.ts';

/** How long an answer is reused, which bounds the cost: each check is a read. */
const USED_AGAIN_MS = 5_000;
const DEADLINE_MS = 5_000;

/** A check that asks the store at most once in 5 s. Its promise never rejects. */
export function createHealth(
  store: Pick<Store, 'check'>,
  log: Pick<Log, 'unexpected'>,
  now: () => number = () => performance.now(),
): () => Promise<boolean> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let answer = Promise.resolve(false);
  const ask = async () => {
    try {
      await withDeadline(store.check(), DEADLINE_MS, 'the check of the store');
      return true;
    } catch (error) {
      log.unexpected({ where: 'the check of the store', error });
      return false;
    }
  };
  return () => {
    if (now() - askedAt >= USED_AGAIN_MS) {
      askedAt = now();
      answer = ask();
    }
    return answer;
  };
}
