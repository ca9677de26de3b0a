/** expire: removes what is older than the retention, in small steps. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { DAY_MS } from '../model/timing.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * The most steps in one run, which take some seconds; the next run goes on. Others are served in
 * between.
 */
const STEPS = 500;

/** Removes what the store has kept for more than `retentionDays`. Throws when the store fails. */
export async function expire({ store, now }: Pick<Ports, 'store' | 'now'>, retentionDays: number) {
  const before = now() - retentionDays * DAY_MS;
  for (let step = 0; step < STEPS && (await store.expire(before, now())); step++) await nextTurn();
}
