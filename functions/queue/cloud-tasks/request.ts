/** A task as Cloud Tasks takes it. */

import { createHash } from 'node:crypto';
import { servedBy, type Worker } from '../../model/queues.ts';
import type { Task } from '../../model/tasks.ts';
import { encodeBody } from '../body.ts';
import { DISPATCH_DEADLINE_MS } from '../pace.ts';
import type { Ready } from './batch.ts';

/**
 * "The maximum schedule time is 30 days". A task due later comes early, finds its work early, and is
 * queued again. The minutes are for clocks that differ.
 */
const MAX_AHEAD_MS = 30 * 24 * 60 * 60 * 1000 - 10 * 60 * 1000;
/** A log line may quote it; Cloud Tasks bounds a task's headers. */
const MAX_NAME = 500;

/** Spread evenly: sequential names make all commands of a queue slow. */
export const taskId = (name: string) => createHash('sha256').update(name).digest('base64url');

interface RequestOptions {
  project: string;
  region: string;
  /** queues are named `${prefix}-${queue}` */
  prefix: string;
  /** e-mail of the service account whose token tasks carry */
  invoker: string;
  /** https://…; each is the audience of its tasks' tokens too */
  urls: Record<Worker, string>;
  now: () => number;
}

export function createRequests({ project, region, prefix, invoker, urls, now }: RequestOptions) {
  /** The full names of a task's queue and of the task. */
  const namesOf = ({ queue, name }: Pick<Task, 'queue' | 'name'>) => {
    const parent = `projects/${project}/locations/${region}/queues/${prefix}-${queue}`;
    return { parent, name: `${parent}/tasks/${taskId(name)}` };
  };

  const ready = (it: Task): Ready => {
    const { parent, name } = namesOf(it);
    const url = urls[servedBy[it.queue]];
    const at = Math.min(Math.ceil(it.at ?? 0), now() + MAX_AHEAD_MS);
    return {
      parent,
      task: {
        name,
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
  };

  return { namesOf, ready };
}
