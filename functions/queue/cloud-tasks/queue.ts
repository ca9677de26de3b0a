/**
 * The queue of the Google engine: Cloud Tasks. A task is a POST to the function that serves its
 * queue, with an OIDC token of the invoker; `receiver.ts` is the other end.
 *
 * As everywhere, a task may come twice, and a name is kept only for about an hour after its end.
 * Tasks that were exhausted vanish: there is no dead-letter queue.
 */

import { chunked } from '../../lib/chunked.ts';
import type { Worker } from '../../model/queues.ts';
import type { Log, Queue } from '../../ports/ports.ts';
import { BATCH, createBatches, type Ready } from './batch.ts';
import { code, codeOf, createCaller, explained } from './client.ts';
import { createLookup } from './lookup.ts';
import { createRequests } from './request.ts';

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
  /** A named task is created in a fraction of a second, as a rule. */
  callDeadlineMs?: number;
  /** A batch that is not done by then is created one by one: names make that harmless. */
  batchDeadlineMs?: number;
  log: Pick<Log, 'unexpected'>;
  now?: () => number;
  random?: () => number;
}

export interface CloudTasksQueue extends Queue {
  /** Begins no more calls, and lets go of the connections. */
  close(): Promise<void>;
}

/** Up to so many are created one by one: a batch may have to be asked whether it is done. */
const FEW = 10;
export function createCloudTasksQueue({
  project,
  region,
  prefix,
  invoker,
  urls,
  emulatorHost,
  callDeadlineMs = 10 * 1000,
  batchDeadlineMs = 10 * 1000,
  log,
  now = Date.now,
  random = Math.random,
}: CloudTasksQueueOptions): CloudTasksQueue {
  const caller = createCaller({ project, emulatorHost, callDeadlineMs, random });
  const batches = createBatches(caller, { deadlineMs: batchDeadlineMs, log, random });
  const { namesOf, ready } = createRequests({ project, region, prefix, invoker, urls, now });
  const isWaiting = createLookup(caller, { invoker, log, now });

  /** Never rejects: the first that fails stops those that have not begun. */
  async function createOne({ parent, task }: Ready, stop: AbortController) {
    try {
      await caller.tasks((client, options) => {
        stop.signal.throwIfAborted();
        return client.createTask({ parent, task }, options);
      });
    } catch (error) {
      // an earlier attempt whose answer was lost, or another process: it is queued, or was
      if (codeOf(error) === code.alreadyExists) return;
      stop.abort(explained(error, { queue: parent, invoker }));
    }
  }

  async function createBatch(batch: Ready[], stop: AbortController) {
    try {
      const left = await batches.create(batch, stop.signal);
      await one(left, stop);
    } catch (error) {
      stop.abort(explained(error, { queue: batch[0]!.parent, invoker }));
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
    waiting: (tasks) => Promise.all(tasks.map((it) => isWaiting(namesOf(it)))),
    close: () => caller.close(),
  };
}

/** Each batch has tasks of one queue: the call takes one. */
const inBatches = (tasks: Ready[]): Ready[][] =>
  [...Map.groupBy(tasks, (it) => it.parent).values()].flatMap((group) => chunked(group, BATCH));
