/**
 * Checks of Cloud Tasks' requests (names, times, sizes), and the answers to faults.
 * https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
 */

import { randomBytes } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { DISPATCH_DEADLINE_MS } from '../../queue/pace.ts';
import type { Job } from '../../queue/runs.ts';
import { type CreateTaskMessage, fromMs, type TaskMessage, toMs } from './protos.ts';

export interface SimulatedTask extends Job {
  /** last part of the task's name */
  id: string;
  url: string;
  method: string;
  headers: Record<string, string>;
  body: Buffer;
  oidc: { email: string; audience: string } | null;
  deadlineMs: number;
  createdAt: number;
  /** when the task is due (ms since the epoch): its schedule time, later the time of the retry */
  at: number;
  /** time of the first dispatch */
  firstAt: number | null;
  /** its answer is null while the attempt runs */
  lastAttempt: Attempted | null;
  /** number of answers with any status */
  responses: number;
  /** number of answers without a 5xx status */
  executions: number;
  previousResponse: number | null;
  retryReason: string | null;
}

interface Attempted {
  scheduledAt: number;
  dispatchedAt: number;
  /** `code` is a gRPC status code */
  answer: { at: number; code: number; message: string } | null;
}

/** "projects/P/locations/L/queues/Q" */
const QUEUE = /^projects\/[\w.:-]+\/locations\/[A-Za-z0-9-]+\/queues\/[A-Za-z0-9-]{1,100}$/;
const TASK_ID = /^[A-Za-z0-9_-]{1,500}$/;
const MAX_TASK_BYTES = 100 * 1024;
const MAX_AHEAD_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_URL = 2083;
const MAX_HEADERS_BYTES = 80 * 1024;
const MIN_DEADLINE_MS = 15 * 1000;
const MAX_DEADLINE_MS = 30 * 60 * 1000;
const WITH_BODY = ['POST', 'PUT', 'PATCH'];
/** "ignored or replaced" */
const RESERVED = /^(host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudtasks-.*)$/i;

/** A gRPC error; grpc-js sends its code and details to the client. */
export class Refusal extends Error {
  readonly code: status;
  readonly details: string;
  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

const invalid = (details: string) => new Refusal(status.INVALID_ARGUMENT, details);

export function checkQueueName(name: string | undefined): string {
  if (name === undefined || !QUEUE.test(name))
    throw invalid(`Invalid resource field value in the request: queue "${name ?? ''}".`);
  return name;
}

/** Reads a task from a request; one without a name gets a random id. Throws a Refusal. */
export function readTask({ parent, task }: CreateTaskMessage, now: number): SimulatedTask {
  if (!task) throw invalid('Task is required.');
  const id = readId(parent ?? '', task.name);
  const http = task.httpRequest;
  if (task.appEngineHttpRequest || http?.oauthToken)
    throw new Refusal(status.UNIMPLEMENTED, 'This simulator knows HTTP targets and OIDC only.');
  if (!http) throw invalid('Either HttpRequest or AppEngineHttpRequest must be set.');

  const url = http.url ?? '';
  if (!/^https?:\/\/./.test(url) || !URL.canParse(url) || url.length > MAX_URL)
    throw invalid(`HttpRequest.url "${url.slice(0, 100)}" is not valid.`);
  const method = httpMethod(http.httpMethod);
  const body = http.body ?? Buffer.alloc(0);
  if (body.length > 0 && !WITH_BODY.includes(method))
    throw invalid(`A body is not allowed with the method ${method}.`);
  const headers = Object.entries(http.headers ?? {}).filter(([name]) => !RESERVED.test(name));
  if (Buffer.byteLength(JSON.stringify(headers)) >= MAX_HEADERS_BYTES)
    throw invalid('The size of the headers must be less than 80KB.');
  if (sizeOf(task) > MAX_TASK_BYTES) throw invalid('Task size too large: at most 100KB.');

  const deadlineMs = task.dispatchDeadline ? toMs(task.dispatchDeadline) : DISPATCH_DEADLINE_MS;
  if (deadlineMs < MIN_DEADLINE_MS || deadlineMs > MAX_DEADLINE_MS)
    throw invalid('Task.dispatchDeadline must be between [15s, 30m].');
  const at = task.scheduleTime ? Math.max(now, toMs(task.scheduleTime)) : now;
  if (at > now + MAX_AHEAD_MS)
    throw invalid('Task.scheduleTime is too far in the future: at most 720h.');

  const { serviceAccountEmail: email, audience } = http.oidcToken ?? {};
  if (http.oidcToken && !email) throw invalid('OidcToken.serviceAccountEmail is required.');
  return {
    id,
    name: `${parent}/tasks/${id}`,
    attempts: 0,
    url,
    method,
    headers: Object.fromEntries(headers),
    body,
    oidc: email ? { email, audience: audience || url } : null,
    deadlineMs,
    createdAt: now,
    at,
    firstAt: null,
    lastAttempt: null,
    responses: 0,
    executions: 0,
    previousResponse: null,
    retryReason: null,
  };
}

function readId(parent: string, name: string | undefined): string {
  // a random number, like Google's
  if (!name) return BigInt(`0x${randomBytes(8).toString('hex')}`).toString();
  const prefix = `${parent}/tasks/`;
  const id = name.slice(prefix.length);
  if (!name.startsWith(prefix) || !TASK_ID.test(id))
    throw invalid(`Task name must be formatted: "${prefix}<TASK_ID>", [A-Za-z0-9_-]{1,500}.`);
  return id;
}

const httpMethod = (method = 'POST') => (method === 'HTTP_METHOD_UNSPECIFIED' ? 'POST' : method);

/** About the number of bytes on the wire. */
const sizeOf = ({ httpRequest, ...rest }: TaskMessage) => {
  const { body, ...request } = httpRequest ?? {};
  return (body?.length ?? 0) + Buffer.byteLength(JSON.stringify({ ...rest, request }));
};

/** The task as GetTask, ListTasks and CreateTask return it; only the view `FULL` has the body. */
export const viewOf = (task: SimulatedTask, view: string | undefined): TaskMessage => ({
  name: task.name,
  httpRequest: {
    url: task.url,
    httpMethod: task.method,
    headers: task.headers,
    ...(view === 'FULL' && { body: task.body }),
    ...(task.oidc && {
      oidcToken: { serviceAccountEmail: task.oidc.email, audience: task.oidc.audience },
    }),
  },
  scheduleTime: fromMs(task.at),
  createTime: fromMs(1000 * Math.floor(task.createdAt / 1000)),
  dispatchDeadline: fromMs(task.deadlineMs),
  dispatchCount: task.attempts,
  // "Only dispatch_time will be set. The other Attempt information is not retained."
  ...(task.firstAt !== null && { firstAttempt: { dispatchTime: fromMs(task.firstAt) } }),
  ...(task.lastAttempt && { lastAttempt: attemptOf(task.lastAttempt) }),
  responseCount: task.responses,
  view: view === 'FULL' ? 'FULL' : 'BASIC',
});

const attemptOf = ({ scheduledAt, dispatchedAt, answer }: Attempted) => ({
  scheduleTime: fromMs(scheduledAt),
  dispatchTime: fromMs(dispatchedAt),
  ...(answer && {
    responseTime: fromMs(answer.at),
    responseStatus: { code: answer.code, message: answer.message },
  }),
});
