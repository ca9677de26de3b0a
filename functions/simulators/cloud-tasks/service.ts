/** The simulated calls of `google.cloud.tasks.v2.CloudTasks`. */

import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { type CloudTasksSettings, type CloudTasksStats, refusal, spend } from './faults.ts';
import type { CreateTaskMessage, TaskMessage } from './protos.ts';
import { type Call, page, queueCalls } from './queue-calls.ts';
import type { Queues } from './queues.ts';
import { Refusal, readTask, type SimulatedTask, viewOf } from './task.ts';

/** Most tasks of one queue; they are kept in memory. */
const MAX_TASKS = 1_000_000;

export interface Service {
  calls: Record<string, Call>;
  /** Creates one task, without simulated faults. */
  create(message: CreateTaskMessage): TaskMessage;
  /** Runs a creating call with the simulated faults. */
  faulty<T>(create: () => T): Promise<T>;
}

/** The service's calls, and those of them that the batch service uses. */
export function createService(
  queues: Queues,
  settings: CloudTasksSettings,
  stats: Omit<CloudTasksStats, 'tasks'>,
  now: () => number,
): Service {
  let underWay = 0;

  async function faulty<T>(create: () => T): Promise<T> {
    stats.mostConcurrentCalls = Math.max(stats.mostConcurrentCalls, ++underWay);
    try {
      if (settings.createMs > 0) await wait(settings.createMs);
      if (spend(settings.failCreates)) throw refusal(settings.failCreates.code);
      const answer = create();
      if (!spend(settings.loseAnswers)) return answer;
      if (settings.loseAnswers.how === 'deadline') throw refusal(status.DEADLINE_EXCEEDED);
      return await new Promise(() => {});
    } finally {
      underWay -= 1;
    }
  }

  function create(message: CreateTaskMessage): TaskMessage {
    const queue = queues.get(message.parent);
    const task = readTask(message, now());
    if (queue.size >= MAX_TASKS)
      throw new Refusal(status.RESOURCE_EXHAUSTED, 'The simulator holds no more tasks.');
    if (!queue.add(task)) {
      stats.duplicates += 1;
      throw new Refusal(
        status.ALREADY_EXISTS,
        `The task cannot be created because a task with this name existed too recently: ${task.name}`,
      );
    }
    stats.created += 1;
    return viewOf(task, message.responseView);
  }

  function task({ name = '' }: { name?: string }): { task: SimulatedTask; parent: string } {
    const [parent = '', id = ''] = name.split('/tasks/');
    const found = queues.get(parent).get(id);
    if (!found) throw new Refusal(status.NOT_FOUND, `The task no longer exists: ${name}.`);
    return { task: found, parent };
  }

  const calls: Record<string, Call> = {
    async CreateTask(message) {
      stats.creates += 1;
      return faulty(() => create(message));
    },

    async GetTask(message) {
      stats.gets += 1;
      if (settings.refuseGet !== null) throw refusal(settings.refuseGet);
      return viewOf(task(message).task, message.responseView);
    },

    async DeleteTask(message) {
      const found = task(message);
      queues.get(found.parent).remove(found.task.id);
      return {};
    },

    async ListTasks({ parent, pageSize, pageToken, responseView }) {
      const { items, nextPageToken } = page(queues.get(parent).tasks(), pageSize, pageToken);
      return { tasks: items.map((it) => viewOf(it, responseView)), nextPageToken };
    },

    ...queueCalls(queues),
  };
  return { calls, create, faulty };
}
