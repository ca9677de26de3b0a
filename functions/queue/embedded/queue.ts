/**
 * The queue on one machine. It behaves like Cloud Tasks: it delivers at least once, in any order, at a
 * bounded rate, again after a pause that doubles, and it keeps its tasks on disk.
 *
 * As with Cloud Tasks, a handler must expect its task a second time, and beside itself. There is no
 * dead-letter queue: a task that fails at its last attempt is gone, and only a sweep of the store finds
 * its work.
 */

import type { QueueName } from '../../model/queues.ts';
import type { Log, Queue, TaskHandler } from '../../ports/ports.ts';
import type { QueueLimits } from '../pace.ts';
import { createWatchers } from '../wakeups.ts';
import { createPump } from './pump.ts';
import { openTaskTable } from './table.ts';

export type { QueueLimits } from '../pace.ts';

/** Longest wait of `stop` for handlers, in ms. Cloud Run gives an instance as long after SIGTERM. */
const STOP_DEADLINE_MS = 10 * 1000;
/** Longest wait of `idle`, in ms. */
const IDLE_DEADLINE_MS = 60 * 1000;

export interface EmbeddedQueue extends Queue {
  /** Begins to deliver. Tasks that an earlier process had taken are delivered again. */
  start(handler: TaskHandler): void;
  /** Fires the signals of running handlers, waits for them (10 s at most), and hands out no more. */
  stop(): Promise<void>;
  /** Resolves when nothing is queued (later times included) or running; rejects after 60 s. */
  idle(): Promise<void>;
  /** Closes the file without waiting; the next process delivers again what was running. */
  close(): void;
}

export interface EmbeddedQueueOptions {
  /** path of a SQLite file that nothing else uses */
  path: string;
  limits: Record<QueueName, QueueLimits>;
  log: Pick<Log, 'taskFailed' | 'unexpected'>;
  now?: () => number;
  random?: () => number;
  /** Does often what Cloud Tasks does rarely, for tests and demonstrations. */
  unkind?: {
    /** chance that a task is delivered a second time, beside the first delivery or after it */
    duplicate?: number;
    /** hands out due tasks in random order */
    disorder?: boolean;
  };
}

export function createEmbeddedQueue({
  path,
  limits,
  log,
  now = () => Date.now(),
  random = Math.random,
  unkind: { duplicate = 0, disorder = false } = {},
}: EmbeddedQueueOptions): EmbeddedQueue {
  const table = openTaskTable(path);
  const watchers = createWatchers();
  const onPass = watchers.check;
  const pump = createPump({ table, limits, log, now, random, duplicate, disorder, onPass });
  let stopping = false;
  let closed = false;

  /**
   * Resolves true once `condition` holds after a pump, or the queue is closed; false at the
   * deadline.
   */
  function watch(condition: () => boolean, deadlineMs: number): Promise<boolean> {
    if (closed) return Promise.resolve(true);
    const held = watchers.until(() => closed || condition(), deadlineMs);
    pump.wake();
    return held;
  }

  return {
    async create(tasks) {
      const time = now();
      await table.insert(tasks, time);
      pump.stored(time);
    },

    waiting: async (tasks) => tasks.map(({ queue, name }) => table.isQueued(queue, name)),

    start(handler) {
      if (pump.isRunning || stopping || closed)
        throw new Error('the queue was started before, or closed');
      pump.start(handler);
    },

    async stop() {
      if (closed || !pump.isRunning) return;
      stopping = true;
      pump.hold();
      await watch(pump.isSettled, STOP_DEADLINE_MS);
      pump.letGo();
      stopping = false;
    },

    async idle() {
      if (!(await watch(pump.isEmpty, IDLE_DEADLINE_MS)))
        throw new Error('the queue is still busy');
    },

    close() {
      if (closed) return;
      closed = true;
      pump.end();
      pump.hold();
      pump.letGo();
      table.close();
      watchers.check();
    },
  };
}
