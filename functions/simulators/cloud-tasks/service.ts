/** The simulated calls of `google.cloud.tasks.v2.CloudTasks`. */

import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { type CloudTasksSettings, type CloudTasksStats, refusal, spend } from './faults.ts';
import type { CreateTaskMessage, QueueMessage, TaskMessage } from './protos.ts';
import { type Queues, queueMessage, readLimits } from './queues.ts';
import { Refusal, readTask, type SimulatedTask, viewOf } from './task.ts';

/** Most tasks of one queue; they are kept in memory. */
const MAX_TASKS = 1_000_000;
const PAGE = 1000;

/** A call takes a message and returns a message, or throws a Refusal. */
// biome-ignore lint/suspicious/noExplicitAny: each call has its own message types
export type Call = (message: any) => Promise<object>;

export interface Service {
  calls: Record<string, Call>;
  /** Creates one task, without simulated faults. */
  create(message: CreateTaskMessage): TaskMessage;
  /** Runs a creating call with the simulated faults. */
  faulty<T>(create: () => T): Promise<T>;
}

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

  const show = (name: string) => queueMessage(name, queues.get(name));

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

    GetQueue: async ({ name }) => show(name),

    async ListQueues({ parent, filter, pageSize, pageToken }) {
      if (filter) throw new Refusal(status.UNIMPLEMENTED, 'This simulator does not filter.');
      const names = queues.names().filter((it) => it.startsWith(`${parent}/queues/`));
      const { items, nextPageToken } = page(names, pageSize, pageToken);
      return { queues: items.map(show), nextPageToken };
    },

    async CreateQueue({ parent, queue }: { parent?: string; queue?: QueueMessage }) {
      const name = queue?.name ?? '';
      if (!queue || !name.startsWith(`${parent}/queues/`))
        throw new Refusal(status.INVALID_ARGUMENT, `The queue must be named ${parent}/queues/….`);
      if (queues.has(name)) throw new Refusal(status.ALREADY_EXISTS, 'Queue already exists.');
      queues.put(name, readLimits(queue));
      return show(name);
    },

    /** "creates the queue if it does not exist" */
    async UpdateQueue({ queue, updateMask }) {
      const mask: string[] = updateMask?.paths ?? [];
      const within = (field: string) =>
        mask.length === 0 || mask.some((it) => it === field || it.startsWith(`${field}.`));
      const { rateLimits, retryConfig, name } = (queue ?? {}) as QueueMessage;
      queues.put(
        name ?? '',
        readLimits({
          ...(within('rate_limits') && rateLimits && { rateLimits }),
          ...(within('retry_config') && retryConfig && { retryConfig }),
        }),
      );
      return show(name ?? '');
    },

    async DeleteQueue({ name }) {
      queues.get(name);
      queues.remove(name);
      return {};
    },

    async PurgeQueue({ name }) {
      queues.get(name).purge();
      return show(name);
    },

    async PauseQueue({ name }) {
      queues.get(name).pause(true);
      return show(name);
    },

    async ResumeQueue({ name }) {
      queues.get(name).pause(false);
      return show(name);
    },
  };
  return { calls, create, faulty };
}

function page<T>(all: T[], size: number | undefined, token: string | undefined) {
  const from = Number(token || 0);
  if (!Number.isInteger(from) || from < 0)
    throw new Refusal(status.INVALID_ARGUMENT, 'The page token is none.');
  const to = from + Math.min(size || PAGE, PAGE);
  return { items: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
}
