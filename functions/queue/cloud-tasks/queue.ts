/**
 * The queue of the Google engine: Cloud Tasks. A task is a POST to the function that serves its
 * queue, with an OIDC token of the invoker; `receiver.ts` is the other end.
 *
 * As everywhere, a task may come twice, and a name is kept only for about an hour after its end.
 * Tasks that were exhausted vanish: there is no dead-letter queue.
 */

import { createHash } from 'node:crypto';
import { chunked } from '../../lib/chunked.ts';
import { servedBy, type Task, type Worker } from '../../model/tasks.ts';
import type { Log, Queue } from '../../ports/ports.ts';
import { encodeBody } from '../body.ts';
import { DISPATCH_DEADLINE_MS } from '../pace.ts';
import { BATCH, createBatches, type Ready } from './batch.ts';
import { code, codeOf, createCaller, explained } from './client.ts';

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

/**
 * "The maximum schedule time is 30 days". A task due later comes early, finds its work early, and is
 * queued again. The minutes are for clocks that differ.
 */
const MAX_AHEAD_MS = 30 * 24 * 60 * 60 * 1000 - 10 * 60 * 1000;
/** Up to so many are created one by one: a batch may have to be asked whether it is done. */
const FEW = 10;
/** A new role is known everywhere some minutes after it was granted. */
const REFUSED_MS = 10 * 60 * 1000;
/** A log line may quote it; Cloud Tasks bounds a task's headers. */
const MAX_NAME = 500;

/** Spread evenly: sequential names make all commands of a queue slow. */
export const taskId = (name: string) => createHash('sha256').update(name).digest('base64url');

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
  /** after a refusal */
  let lookAgainAt = 0;

  const parentOf = ({ queue }: Pick<Task, 'queue'>) =>
    `projects/${project}/locations/${region}/queues/${prefix}-${queue}`;

  function ready(it: Task): Ready {
    const parent = parentOf(it);
    const url = urls[servedBy[it.queue]];
    const at = Math.min(Math.ceil(it.at ?? 0), now() + MAX_AHEAD_MS);
    return {
      parent,
      task: {
        name: `${parent}/tasks/${taskId(it.name)}`,
        ...(at > now() && {
          scheduleTime: { seconds: Math.floor(at / 1000), nanos: (at % 1000) * 1e6 },
        }),
        // what `worker.ts` and `receiver.ts` count with; the default may change
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

  /**
   * "If response_time is unset, then the task has not been attempted or is currently running".
   * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks#Attempt
   */
  async function isWaiting(it: Pick<Task, 'queue' | 'name'>): Promise<boolean> {
    if (now() < lookAgainAt) return false;
    const parent = parentOf(it);
    const name = `${parent}/tasks/${taskId(it.name)}`;
    try {
      const [{ lastAttempt }] = await caller.tasks((client, options) =>
        client.getTask({ name, responseView: 'BASIC' }, options),
      );
      return !lastAttempt?.dispatchTime || Boolean(lastAttempt.responseTime);
    } catch (error) {
      if (codeOf(error) === code.notFound) return false;
      if (codeOf(error) !== code.permissionDenied)
        throw explained(error, { queue: parent, invoker });
      // the code may be newer than what was applied; work that is queued twice is sent once
      if (now() >= lookAgainAt)
        log.unexpected({ where: 'Cloud Tasks: tasks are not looked up', error });
      lookAgainAt = now() + REFUSED_MS;
      return false;
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
    waiting: (tasks) => Promise.all(tasks.map(isWaiting)),
    close: () => caller.close(),
  };
}

/** Of one queue each, since a batch is. */
const inBatches = (tasks: Ready[]): Ready[][] =>
  [...Map.groupBy(tasks, (it) => it.parent).values()].flatMap((group) => chunked(group, BATCH));
