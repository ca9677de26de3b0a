/**
 * A request of Cloud Tasks, as a delivery of the queue, and what is answered. The caller has
 * made sure that the caller is the invoker: these headers prove nothing.
 *
 * Cloud Tasks knows two answers: 2xx ends a task, everything else brings it again (429 and 503 slow
 * its whole queue, and Retry-After is considered). So what can never succeed is logged and ended.
 * https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
 */

import type { IncomingHttpHeaders } from 'node:http';
import type { TaskBody } from '../../model/tasks.ts';
import type { Log, TaskAnswer, TaskHandler } from '../../ports/ports.ts';
import { decodeBody } from '../body.ts';
import { DISPATCH_DEADLINE_MS } from '../pace.ts';

interface TaskReply {
  status: 204 | 500 | 503;
  headers: Record<string, string>;
}

/** The last moment at which an answer still arrives before Cloud Tasks stops listening. */
const STOP_AFTER_MS = DISPATCH_DEADLINE_MS - 15 * 1000;

/**
 * Never throws. `body` is as it came; the port's body is at most 100 KB, so a reader need
 * read no more than that and one byte.
 */
export async function receiveTask(
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  {
    handler,
    maxAttempts,
    signal,
    log,
  }: {
    handler: TaskHandler;
    /** of the queue, the first one included */
    maxAttempts: number;
    /** fires when this process is to end */
    signal: AbortSignal;
    log: Pick<Log, 'taskFailed'>;
  },
): Promise<TaskReply> {
  const attempt = attemptOf(headers);
  const task = nameOf(headers);
  let taskBody: TaskBody;
  try {
    taskBody = decodeBody(body);
  } catch (error) {
    log.taskFailed({ task, attempt, error });
    return { status: 204, headers: {} };
  }

  // not AbortSignal.any: what it makes lives as long as `signal` where a listener is left on it
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const timer = setTimeout(abort, STOP_AFTER_MS);
  try {
    const last = attempt + 1 >= maxAttempts;
    return reply(await handler({ body: taskBody, attempt, last, signal: stop.signal }));
  } catch (error) {
    log.taskFailed({ task, attempt, error });
    return { status: 500, headers: {} };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function reply(answer: TaskAnswer): TaskReply {
  if (answer.kind === 'done') return { status: 204, headers: {} };
  if (!Number.isFinite(answer.afterMs)) throw new RangeError('afterMs is not a number');
  const seconds = Math.max(0, Math.ceil(answer.afterMs / 1000));
  return { status: 503, headers: { 'Retry-After': String(seconds) } };
}

/**
 * The attempt, counted by retries. Executions leave out what ended in 5xx, and a queue gives up by
 * retries.
 */
function attemptOf(headers: IncomingHttpHeaders): number {
  const count = headers['x-cloudtasks-taskretrycount'];
  return typeof count === 'string' && /^\d{1,9}$/.test(count) ? Number(count) : 0;
}

/** The port's name where the adapter wrote it down, else the hash of it. */
function nameOf(headers: IncomingHttpHeaders): string {
  const name = headers['x-volley-task'] ?? headers['x-cloudtasks-taskname'];
  return typeof name === 'string' ? name.slice(0, 500) : 'without a name';
}
