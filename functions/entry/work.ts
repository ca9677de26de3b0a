/** What plan and the sending functions share: they run the tasks of their queues. */

import type { GoogleConfig } from '../config/google.ts';
import { createGoogle, type GoogleOptions } from '../engines/google.ts';
import { urlVariable, workers } from '../model/queues.ts';
import type { TaskBody } from '../model/tasks.ts';
import { createTaskHandler } from '../pipeline/handler.ts';
import type { Log, TaskHandler } from '../ports/ports.ts';
import { receiveTask } from '../queue/cloud-tasks/receiver.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

/** Attempts of a task; the same number as in infra/queues.tf. */
const MAX_ATTEMPTS = 60;

interface Work {
  target: string;
  takes(body: TaskBody): boolean;
  senders: GoogleOptions['senders'];
}

/** Returns the start of a function that runs the tasks which `takes` accepts. */
export const startWork =
  ({ target, takes, senders }: Work) =>
  async (config: GoogleConfig, log: Log): Promise<Entry> => {
    const google = await createGoogle({ config, log, senders });
    const noEvents = () => Promise.reject(new Error('events are for deliver'));
    const handler = only(target, takes, createTaskHandler(google, noEvents));
    return {
      handle: privately(target, config, log, (request, body, signal) =>
        receiveTask(request.headers, body, { handler, maxAttempts: MAX_ATTEMPTS, signal, log }),
      ),
      close: google.close,
    };
  };

/** Throws on another function's task, so that Cloud Tasks retries it; the urls may be correct by then. */
const only =
  (target: string, takes: (body: TaskBody) => boolean, handler: TaskHandler): TaskHandler =>
  async (delivery) => {
    if (takes(delivery.body)) return handler(delivery);
    const { kind } = delivery.body;
    const urls = workers.map(urlVariable).join(', ');
    throw new Error(
      `a task of kind "${kind}" came to ${target}; check ${urls} of the function that queued it`,
    );
  };
