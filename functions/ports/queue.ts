/** The queue: named tasks, delivered at least once. */

import type { Task, TaskBody } from '../model/tasks.ts';

export interface Delivery {
  body: TaskBody;
  /** 0 at first */
  attempt: number;
  /** the queue will not try again after this one */
  last: boolean;
  /** fires when the worker must stop: settle what is known, hand back the rest */
  signal: AbortSignal;
}

/**
 * `done`: settled, whatever became of it. `again`: the queue should slow down and deliver it
 * again. A handler that throws is delivered again as well.
 */
export type TaskAnswer = { kind: 'done' } | { kind: 'again'; afterMs: number; reason: string };

export type TaskHandler = (delivery: Delivery) => Promise<TaskAnswer>;

/** Named tasks with a time, delivered at least once, in any order. */
export interface Queue {
  create(tasks: Task[]): Promise<void>;
  /**
   * Of each, whether a task of that name is still to be delivered, or to be delivered again. False
   * where there is none, where it has ended, and while it is at a handler.
   */
  waiting(tasks: Pick<Task, 'queue' | 'name'>[]): Promise<boolean[]>;
}
