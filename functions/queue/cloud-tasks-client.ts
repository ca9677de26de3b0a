/** How Cloud Tasks is called: clients made late, deadlines, bounded retries, few calls at once. */

import { setTimeout as wait } from 'node:timers/promises';
import type { v2, v2beta3 } from '@google-cloud/tasks';
import { Unavailable } from '../errors.ts';

/** The codes of gRPC that matter here. https://grpc.io/docs/guides/status-codes/ */
export const code = {
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export const codeOf = (error: unknown) => (error as { code?: number } | null)?.code;

const passing: unknown[] = [
  code.deadlineExceeded,
  code.resourceExhausted,
  code.internal,
  code.unavailable,
];

/** Worth another try; whether the call was done or not, a task's name makes twice harmless. */
export const isPassing = (error: unknown) => passing.includes(codeOf(error));

/** More in flight at once have met DEADLINE_EXCEEDED: googleapis/nodejs-tasks issues 397 and 580. */
const MAX_CALLS = 32;
/** All attempts together: the caller's own queue, or its user, tries again after that. */
const TOTAL_DEADLINE_MS = 30 * 1000;
/** The deadline of a call does not cover what comes before it: credentials, the metadata server. */
const GRACE_MS = 1000;
const MAX_ATTEMPTS = 6;
const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 5 * 1000;

/**
 * Without these a flow that was dropped while the CPU was frozen hangs until the deadline. Google's
 * Bigtable client pings as often.
 */
const keepAlive = {
  'grpc.keepalive_time_ms': 30 * 1000,
  'grpc.keepalive_timeout_ms': 5 * 1000,
  'grpc.keepalive_permit_without_calls': 1,
};

export interface Caller {
  /** v2; made at the first call, and again when that failed */
  tasks(): Promise<v2.CloudTasksClient>;
  /** v2beta3, which alone knows batches in this release of the client */
  batches(): Promise<v2beta3.CloudTasksClient>;
  /**
   * Waits for its turn, then tries until it succeeds, fails for good or has had its time. Throws
   * what the last attempt threw.
   */
  persist<T>(attempt: (options: { timeout: number }) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function createCaller({
  project,
  emulatorHost,
  callDeadlineMs,
  random,
}: {
  project: string;
  emulatorHost?: string | undefined;
  callDeadlineMs: number;
  random: () => number;
}): Caller {
  const slots = createSlots(MAX_CALLS);
  const made: { close(): Promise<void> }[] = [];
  let closed = false;

  const lazily = <T extends { close(): Promise<void> }>(make: () => Promise<T>) => {
    let client: Promise<T> | null = null;
    return () => {
      client ??= make().then(
        async (it) => {
          made.push(it);
          if (closed) await it.close();
          return it;
        },
        (error) => {
          client = null;
          throw error;
        },
      );
      return client;
    };
  };
  // Imported late: it takes about 165 ms, and most instances of most functions never create a task
  // before they have answered something else.
  const load = () => import('@google-cloud/tasks');

  async function options() {
    const common = { projectId: project, ...keepAlive };
    if (emulatorHost === undefined) return common;
    const { credentials } = await import('@grpc/grpc-js');
    const colon = emulatorHost.lastIndexOf(':');
    return {
      ...common,
      apiEndpoint: emulatorHost.slice(0, colon),
      port: Number(emulatorHost.slice(colon + 1)),
      // without these two the client looks for real credentials
      sslCreds: credentials.createInsecure(),
      clientOptions: { universeDomain: 'googleapis.com' },
    };
  }

  return {
    tasks: lazily(async () => new (await load()).v2.CloudTasksClient(await options())),
    batches: lazily(async () => new (await load()).v2beta3.CloudTasksClient(await options())),

    persist: (attempt) =>
      slots(async () => {
        const endAt = performance.now() + TOTAL_DEADLINE_MS;
        for (let tries = 1; ; tries++) {
          if (closed) throw new Error('the queue is closed');
          const left = endAt - performance.now();
          const timeout = Math.max(1, Math.min(callDeadlineMs, left));
          try {
            return await within(timeout + GRACE_MS, attempt({ timeout }));
          } catch (error) {
            const pause = random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (tries - 1));
            const over = tries === MAX_ATTEMPTS || performance.now() + pause >= endAt;
            if (!isPassing(error) || over) throw error;
            await wait(pause);
          }
        }
      }),

    async close() {
      closed = true;
      await Promise.all(made.splice(0).map((it) => it.close()));
    },
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const error = Object.assign(new Error(`no answer in ${ms} ms`), { code: code.deadlineExceeded });
  const timer = setTimeout(() => reject(error), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** At most `count` at once, the others in the order they came. */
function createSlots(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** The same error in words that say what to do. */
export function explained(error: unknown, { queue, invoker }: { queue: string; invoker: string }) {
  const why = error instanceof Error ? error.message : String(error);
  const say = (text: string) => new Error(`Cloud Tasks: ${text} (${why})`, { cause: error });
  if (isPassing(error))
    return new Unavailable(`Cloud Tasks does not take tasks for ${queue} (${why})`, {
      cause: error,
    });
  switch (codeOf(error)) {
    case code.notFound:
      return say(`there is no queue ${queue}. Apply the Terraform of this deployment.`);
    case code.permissionDenied:
    case code.unauthenticated:
      return say(
        'this service account may not create tasks. Give it roles/cloudtasks.enqueuer on the ' +
          `queue ${queue} and roles/iam.serviceAccountUser on ${invoker}.`,
      );
    default:
      return error;
  }
}
