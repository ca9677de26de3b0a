/**
 * `BatchCreateTasks` of v2beta3 creates up to 100 tasks of one queue. Some may fail while others are
 * created; the operation that it returns says which.
 * https://cloud.google.com/tasks/docs/reference/rest/v2beta3/projects.locations.queues.tasks/batchCreate
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { setNewest } from '../../lib/bounded-map.ts';
import { type CloudTasksSettings, type CloudTasksStats, refusal, spend } from './faults.ts';
import { type CreateTaskMessage, fromMs, packed, type TaskMessage } from './protos.ts';
import type { Call } from './queue-calls.ts';
import type { Service } from './service.ts';
import { Refusal } from './task.ts';

const MAX_REQUESTS = 100;
/** Limits the remembered operations. They make a repeated request harmless; the oldest go first. */
const MAX_OPERATIONS = 10_000;

interface BatchMessage {
  parent?: string;
  requests?: CreateTaskMessage[];
  requestId?: string;
}

interface Operation {
  name: string;
  startedAt: number;
  doneAt: number;
  tasks: TaskMessage[];
  failed: Record<number, { code: number; message: string }>;
}

export function createBatchService(
  { create, faulty }: Service,
  settings: CloudTasksSettings,
  stats: Omit<CloudTasksStats, 'tasks'>,
  now: () => number,
): { batch: Record<string, Call>; operations: Record<string, Call> } {
  const operations = new Map<string, Operation>();

  function run({ parent = '', requests = [], requestId }: BatchMessage): Operation {
    if (requests.length === 0 || requests.length > MAX_REQUESTS)
      throw new Refusal(status.INVALID_ARGUMENT, `From 1 to ${MAX_REQUESTS} requests in a batch.`);
    if (requests.some((it) => it.parent !== parent))
      throw new Refusal(status.INVALID_ARGUMENT, 'All tasks must be for the same queue.');
    const location = parent.replace(/\/queues\/.*/, '');
    const name = `${location}/operations/${requestId || randomUUID()}`;
    const known = operations.get(name);
    if (known) return known;

    const startedAt = now();
    const it: Operation = {
      name,
      startedAt,
      doneAt: startedAt + settings.batchMs,
      tasks: [],
      failed: {},
    };
    for (const [i, request] of requests.entries()) {
      try {
        if (spend(settings.failInBatch)) throw refusal(settings.failInBatch.code);
        it.tasks.push(create(request));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // a missing queue or permission concerns all tasks of the batch
        if (error.code === status.NOT_FOUND) throw error;
        it.failed[i] = { code: error.code, message: error.details };
      }
    }
    setNewest(operations, name, it, MAX_OPERATIONS);
    return it;
  }

  function show({ name, startedAt, doneAt, tasks, failed }: Operation) {
    const failures = Object.keys(failed).length;
    const done = now() >= doneAt;
    const state =
      failures === 0 ? 'SUCCEEDED' : tasks.length > 0 ? 'PARTIALLY_SUCCEEDED' : 'FAILED';
    const metadata = packed('BatchCreateTasksMetadata', {
      startTime: fromMs(startedAt),
      ...(done && { endTime: fromMs(doneAt), failedRequests: failed }),
      state: done ? state : 'RUNNING',
    });
    if (!done) return { name, done, metadata };
    // documented for BatchDeleteTasks; we assume the same for BatchCreateTasks
    const error = { code: status.ABORTED, message: 'None of the requests succeeded.' };
    return tasks.length === 0
      ? { name, done, metadata, error }
      : { name, done, metadata, response: packed('BatchCreateTasksResponse', { tasks }) };
  }

  const get = (name: string) => {
    const found = operations.get(name);
    if (!found) throw new Refusal(status.NOT_FOUND, `Operation does not exist: ${name}.`);
    return found;
  };

  return {
    batch: {
      async BatchCreateTasks(message) {
        stats.batches += 1;
        if (settings.refuseBatch !== null) throw refusal(settings.refuseBatch);
        return show(await faulty(() => run(message)));
      },
    },
    operations: {
      GetOperation: async ({ name }) => show(get(name)),
      async WaitOperation({ name }) {
        const found = get(name);
        await wait(Math.max(0, found.doneAt - now()));
        return show(found);
      },
    },
  };
}
