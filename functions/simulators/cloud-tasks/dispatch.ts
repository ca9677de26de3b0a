/**
 * Sends a task's HTTP request as Cloud Tasks does. Redirects are not followed (Google says that they
 * may be). Google does not document the values of the header TaskRetryReason; these are our own.
 * https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
 */

import { Agent, type IncomingMessage, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { finished } from 'node:stream/promises';
import { status } from '@grpc/grpc-js';
import { parseRetryAfter } from '../../lib/retry-after.ts';
import type { TaskAnswer } from '../../ports/ports.ts';
import { backoff, type QueueLimits } from '../../queue/pace.ts';
import type { Work } from '../../queue/runs.ts';
import type { Oidc } from '../shared/oidc.ts';
import type { SimulatedTask } from './task.ts';

/** Most connections to a handler: Cloud Tasks' limit of concurrent dispatches of a queue. */
const MAX_SOCKETS = 5000;

interface Dispatcher {
  /** `queue` is a full name, "projects/P/locations/L/queues/Q". */
  to(queue: string, limits: () => QueueLimits): Work<SimulatedTask>;
  close(): void;
}

export function createDispatcher({
  oidc,
  reach = (url) => url,
  now,
  onDispatch,
}: {
  oidc: Pick<Oidc, 'token'>;
  /** maps a task's url to an address of this machine */
  reach?: ((url: URL) => URL) | undefined;
  now: () => number;
  onDispatch: () => void;
}): Dispatcher {
  const options = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const agent = new Agent(options);
  const secureAgent = new SecureAgent(options);

  async function post(task: SimulatedTask, headers: Record<string, string>, signal: AbortSignal) {
    const { host } = new URL(task.url);
    const url = reach(new URL(task.url));
    const secure = url.protocol === 'https:';
    const outgoing = (secure ? secureRequest : request)(url, {
      method: task.method,
      headers: { ...headers, Host: host },
      agent: secure ? secureAgent : agent,
      signal,
    });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve).once('error', reject);
      outgoing.end(task.body);
    });
    // read to the end, so that the connection can be used again
    await finished(answer.resume());
    return { status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] };
  }

  return {
    to: (queue, limits) => {
      const queueName = queue.slice(queue.lastIndexOf('/') + 1);
      return async (task, { attempt, signal }): Promise<TaskAnswer> => {
        onDispatch();
        task.attempts = Math.max(task.attempts, attempt + 1);
        task.firstAt ??= now();
        const current = { scheduledAt: task.at, dispatchedAt: now(), answer: null };
        task.lastAttempt = current;
        const answered = (code: number, message: string) => {
          if (task.lastAttempt === current)
            task.lastAttempt = { ...current, answer: { at: now(), code, message } };
        };
        const headers: Record<string, string> = {
          ...task.headers,
          'User-Agent': 'Google-Cloud-Tasks',
          Accept: '*/*',
          'Content-Length': String(task.body.length),
          'X-CloudTasks-QueueName': queueName,
          'X-CloudTasks-TaskName': task.id,
          'X-CloudTasks-TaskRetryCount': String(attempt),
          'X-CloudTasks-TaskExecutionCount': String(task.executions),
          'X-CloudTasks-TaskETA': (task.at / 1000).toFixed(6),
          ...(task.previousResponse !== null && {
            'X-CloudTasks-TaskPreviousResponse': String(task.previousResponse),
          }),
          ...(task.retryReason !== null && { 'X-CloudTasks-TaskRetryReason': task.retryReason }),
          ...(task.oidc && {
            Authorization: `Bearer ${oidc.token(task.oidc.audience, task.oidc.email)}`,
          }),
        };
        const { status: said, retryAfter } = await post(task, headers, signal).catch((error) => {
          task.retryReason = signal.aborted ? 'DEADLINE_EXCEEDED' : 'UNAVAILABLE';
          answered(
            signal.aborted ? status.DEADLINE_EXCEEDED : status.UNAVAILABLE,
            task.retryReason,
          );
          throw error;
        });
        task.responses += 1;
        if (said >= 200 && said < 300) return { kind: 'done' };
        if (said < 500) task.executions += 1;
        task.previousResponse = said;
        task.retryReason = `HTTP status code ${said}`;
        answered(status.UNKNOWN, `UNKNOWN(2): ${task.retryReason}`);
        if (said !== 429 && said !== 503) throw new Error(task.retryReason);
        const asked = parseRetryAfter(retryAfter, now()) ?? 0;
        const afterMs = Math.max(asked, backoff(attempt, limits()));
        return { kind: 'again', afterMs, reason: task.retryReason };
      };
    },
    close() {
      agent.destroy();
      secureAgent.destroy();
    },
  };
}
