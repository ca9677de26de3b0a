/** tick: the periodic work of both engines. */

import type { Ports } from '../ports/ports.ts';
import { startDue } from './schedules/recur.ts';
import { sweep } from './sweep.ts';

/**
 * Sweeps, and starts the runs of schedules that are due; a failure of one does not stop the other. A
 * tick that did both is noted, so that `volley doctor` sees when the last one was. Throws what failed,
 * after both have ended. Two ticks at the same time are harmless.
 */
export async function tick(ports: Ports): Promise<void> {
  const ended = await Promise.allSettled([sweep(ports), startDue(ports)]);
  const errors = ended.flatMap((it) => (it.status === 'rejected' ? [it.reason] : []));
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
  if (errors.length > 0) throw errors[0];
  await ports.store.noteTick(ports.now());
}
