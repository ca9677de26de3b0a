/** The queue: named tasks, delivered at least once. */

import type { Task, TaskBody } from '../model/tasks.ts';

export interface Delivery {
  body: TaskBody;
  /** 0 for the first one */
  attempt: number;
  /** true if the queue will not try again after this attempt */
  last: boolean;
  /** fires when the handler must stop: it stores what it knows and hands back the rest */
  signal: AbortSignal;
}

/**
 * `done`: the task ends, with whatever result. `again`: the queue should slow down and deliver the task
 * again after `afterMs`. If the handler throws, the queue delivers the task again, too.
 */
export type TaskAnswer = { kind: 'done' } | { kind: 'again'; afterMs: number; reason: string };

export type TaskHandler = (delivery: Delivery) => Promise<TaskAnswer>;

/** Named tasks with a time, delivered at least once, in any order. */
export interface Queue {
  /**
   * Queues tasks. A name that is queued, or ended in the last hour, is passed over. Throws a RangeError for
   * a body over 100 KB, and `Unavailable`; then some tasks may be queued, and all may be created again.
   */
  create(tasks: Task[]): Promise<void>;
  /**
   * For each name, true if its task waits for its first or its next delivery. False if there is no such
   * task, if it has ended, and while a handler has it.
   */
  waiting(tasks: Pick<Task, 'queue' | 'name'>[]): Promise<boolean[]>;
}
