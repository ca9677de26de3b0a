/**
 * The queue of the Google engine: Cloud Tasks. A task is a POST to the function that serves its
 * queue, with an OIDC token of the invoker; `http/tasks.ts` is the other end.
 *
 * As everywhere, a task may come twice, and a name is kept only for about an hour after its end.
 * Tasks that were exhausted vanish: there is no dead-letter queue.
 */

import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { protos } from '@google-cloud/tasks';
import type { Log, Queue, QueueName, Task } from '../ports.ts';
import { encodeBody } from './body.ts';
import {
  type Caller,
  code,
  codeOf,
  createCaller,
  explained,
  isPassing,
} from './cloud-tasks-client.ts';
import { DISPATCH_DEADLINE_MS } from './pace.ts';

/** The functions that serve queues. */
export type Worker = 'plan' | 'sendApns' | 'sendFcm' | 'deliver';

export const servedBy: Record<QueueName, Worker> = {
  plan: 'plan',
  shard: 'plan',
  'send-apns': 'sendApns',
  'send-apns-now': 'sendApns',
  'send-fcm': 'sendFcm',
  'send-fcm-now': 'sendFcm',
  deliver: 'deliver',
};

export interface CloudTasksQueueOptions {
  project: string;
  region: string;
  /** queues are named `${prefix}-${queue}` */
  prefix: string;
  /** e-mail of the service account whose token tasks carry */
  invoker: string;
  /** https://…; each is the audience of its tasks' tokens too */
  urls: Record<Worker, string>;
  /** host:port of a server that speaks the API without TLS or authorisation */
  emulatorHost?: string;
  log: Pick<Log, 'unexpected'>;
  now?: () => number;
  random?: () => number;
}

export interface CloudTasksQueue extends Queue {
  /** Lets go of the connections. Calls under way fail. */
  close(): Promise<void>;
}

type Message = protos.google.cloud.tasks.v2.ITask;

/** A task with what is sent of it. */
interface Ready {
  parent: string;
  task: Message & { name: string };
}

/**
 * "The maximum schedule time is 30 days". A task due later comes early, finds its work early, and is
 * queued again. The minutes are for clocks that differ.
 */
const MAX_AHEAD_MS = 30 * 24 * 60 * 60 * 1000 - 10 * 60 * 1000;
/** Up to so many are created one by one: a batch may have to be asked whether it is done. */
const FEW = 10;
/** "A maximum of 100 tasks can be created in a single batch." */
const BATCH = 100;
/** A batch that is not done by then is created one by one: names make that harmless. */
const BATCH_DEADLINE_MS = 10 * 1000;
const BATCH_POLL_MS = 50;
const BATCH_MAX_POLL_MS = 1000;
/** A log line may quote it; Cloud Tasks bounds a task's headers. */
const MAX_NAME = 500;

export function createCloudTasksQueue({
  project,
  region,
  prefix,
  invoker,
  urls,
  emulatorHost,
  log,
  now = Date.now,
  random = Math.random,
}: CloudTasksQueueOptions): CloudTasksQueue {
  const caller = createCaller({ project, emulatorHost, random });
  /** the service does not know batches, or not for us */
  let batchRefused = false;

  function ready(it: Task): Ready {
    const parent = `projects/${project}/locations/${region}/queues/${prefix}-${it.queue}`;
    const url = urls[servedBy[it.queue]];
    const at = Math.min(Math.ceil(it.at ?? 0), now() + MAX_AHEAD_MS);
    return {
      parent,
      task: {
        // spread evenly: sequential names make all commands of a queue slow
        name: `${parent}/tasks/${createHash('sha256').update(it.name).digest('base64url')}`,
        ...(at > now() && {
          scheduleTime: { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 },
        }),
        // what `lane.ts` and `http/tasks.ts` count with; the default may change
        dispatchDeadline: { seconds: DISPATCH_DEADLINE_MS / 1000 },
        httpRequest: {
          url,
          httpMethod: 'POST',
          headers: {
            'Content-Type': 'application/json',
            // for log lines: the hash says nothing to a person
            'X-Volley-Task': it.name.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_NAME),
          },
          body: Buffer.from(encodeBody(it)),
          oidcToken: { serviceAccountEmail: invoker, audience: url },
        },
      },
    };
  }

  /** Never rejects: the first that fails stops those that have not begun. */
  async function createOne({ parent, task }: Ready, stop: AbortController) {
    try {
      const client = await caller.tasks();
      await caller.persist((options) => {
        stop.signal.throwIfAborted();
        return client.createTask({ parent, task }, options);
      });
    } catch (error) {
      // an earlier attempt whose answer was lost, or somebody else: it is queued, or was
      if (codeOf(error) === code.alreadyExists) return;
      stop.abort(explained(error, { queue: parent, invoker }));
    }
  }

  async function createBatch(batch: Ready[], stop: AbortController) {
    try {
      const left = batchRefused ? batch : await leftOf(caller, batch, stop.signal, random);
      await one(left, stop);
    } catch (error) {
      if (isPassing(error) || stop.signal.aborted)
        return stop.abort(explained(error, { queue: batch[0]!.parent, invoker }));
      if (isRefusal(error)) {
        if (!batchRefused) log.unexpected({ where: 'Cloud Tasks: batches are not used', error });
        batchRefused = true;
      }
      // one by one the fault is either gone, or said of the task that has it
      await one(batch, stop);
    }
  }

  const one = (tasks: Ready[], stop: AbortController) =>
    Promise.all(tasks.map((it) => createOne(it, stop)));

  return {
    async create(tasks) {
      const stop = new AbortController();
      await Promise.all(
        inBatches(tasks.map(ready)).map((it) =>
          it.length > FEW ? createBatch(it, stop) : one(it, stop),
        ),
      );
      // not before all has ended: nothing may go on after a function has answered
      stop.signal.throwIfAborted();
    },
    close: () => caller.close(),
  };
}

/** The service does not know batches, or not for us, or does not say what becomes of them. */
const isRefusal = (error: unknown) =>
  ([code.unimplemented, code.notFound, code.permissionDenied] as unknown[]).includes(codeOf(error));

/** Of one queue each, since a batch is. */
const inBatches = (tasks: Ready[]): Ready[][] =>
  [...Map.groupBy(tasks, (it) => it.parent).values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / BATCH) }, (_, i) =>
      group.slice(i * BATCH, (i + 1) * BATCH),
    ),
  );

/**
 * Creates a batch; gives those of it that are not known to be queued then. The name of the operation
 * is `requestId`, so trying again finds it instead of starting another.
 */
async function leftOf(
  caller: Caller,
  batch: Ready[],
  stop: AbortSignal,
  random: () => number,
): Promise<Ready[]> {
  const client = await caller.batches();
  const request = { parent: batch[0]!.parent, requests: batch, requestId: randomUUID() };
  const endAt = performance.now() + BATCH_DEADLINE_MS;
  let operation = await caller.persist(async (options) => {
    stop.throwIfAborted();
    const [it] = await client.batchCreateTasks(request, options);
    return it.latestResponse;
  });
  const { protos } = await import('@google-cloud/tasks');
  const { GetOperationRequest } = protos.google.longrunning;
  const { BatchCreateTasksMetadata } = protos.google.cloud.tasks.v2beta3;
  for (let pause = BATCH_POLL_MS; !operation.done; pause = Math.min(2 * pause, BATCH_MAX_POLL_MS)) {
    if (performance.now() > endAt) return batch;
    await wait((0.5 + random() / 2) * pause);
    const asked = new GetOperationRequest({ name: operation.name });
    operation = await caller.persist(async (options) => {
      const [it] = await client.operationsClient.getOperation(asked, options);
      return it;
    });
  }
  const { SUCCEEDED, PARTIALLY_SUCCEEDED } = BatchCreateTasksMetadata.State;
  const { state, failedRequests } = BatchCreateTasksMetadata.decode(
    operation.metadata?.value as Uint8Array,
  );
  if (state !== SUCCEEDED && state !== PARTIALLY_SUCCEEDED) return batch;
  return batch.filter((_, i) => {
    const failed = failedRequests[i];
    return failed && failed.code !== code.alreadyExists;
  });
}
