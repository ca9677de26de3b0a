/** expire: what was kept long enough is removed, a little at a time. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ports } from '../ports/ports.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Of one run; the next one goes on. Some seconds, with others served in between. */
const STEPS = 500;

export async function expire({ store, now }: Pick<Ports, 'store' | 'now'>, retentionDays: number) {
  const before = now() - retentionDays * DAY_MS;
  for (let step = 0; step < STEPS && (await store.expire(before, now())); step++) await nextTurn();
}
