/**
 * A queue of Cloud Tasks: dispatches at its rate, with a burst of a fifth of a second's worth, and as many
 * at a time as it may. A task is dispatched once here; the soak has the faults.
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RateLimits
 */

import { createTokenBucket } from '../../../functions/lib/token-bucket.ts';
import { burstOf } from '../../../functions/queue/pace.ts';
import type { QueueRate } from './deployed.ts';
import { figures } from './figures.ts';
import type { VirtualTime } from './time.ts';

export interface SimulatedQueue {
  /** Creates tasks; the caller waits for the calls. Each task is what its handler does. */
  create(tasks: (() => Promise<void>)[]): Promise<void>;
}

/** Tasks that a call creates. */
const BATCH = 100;

export function createSimulatedQueue(
  time: VirtualTime,
  { perSecond, concurrent }: QueueRate,
): SimulatedQueue {
  const bucket = createTokenBucket({ perSecond, burst: burstOf(perSecond) });
  /** those before `next` were dispatched: to shift an array of 100,000 would move all of it */
  const tasks: ((() => Promise<void>) | null)[] = [];
  let next = 0;
  let running = 0;
  let sleeps = false;

  function pump() {
    while (next < tasks.length && running < concurrent && bucket.available(time.now()) > 0) {
      bucket.take(1);
      const task = tasks[next]!;
      tasks[next++] = null;
      void dispatch(task);
    }
    if (next < tasks.length && running < concurrent) void pumpLater();
  }

  async function pumpLater() {
    if (sleeps) return;
    sleeps = true;
    await time.sleep(bucket.readyAt(time.now()) - time.now());
    sleeps = false;
    pump();
  }

  async function dispatch(task: () => Promise<void>) {
    running += 1;
    await time.sleep(figures.cloudTasks.dispatchMs);
    await task();
    running -= 1;
    pump();
  }

  return {
    async create(more) {
      await time.sleep(figures.cloudTasks.createMs * Math.ceil(more.length / BATCH));
      tasks.push(...more);
      pump();
    },
  };
}
