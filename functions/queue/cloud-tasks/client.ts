/**
 * How Cloud Tasks is called: clients made late, deadlines, bounded retries, a bound on concurrent
 * calls.
 */

import type { v2, v2beta3 } from '@google-cloud/tasks';
import { type Backoff, fullJitter } from '../../lib/backoff.ts';
import { createSlots } from '../../lib/concurrency.ts';
import { withDeadline } from '../../lib/deadline.ts';
import { Unavailable } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';

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

/**
 * Most calls in flight. More have met DEADLINE_EXCEEDED: googleapis/nodejs-tasks issues 397 and
 * 580.
 */
const MAX_CALLS = 32;
/** All attempts together: the caller's own queue, or its user, tries again after that. */
const TOTAL_DEADLINE_MS = 30 * 1000;
/** The deadline of a call does not cover what comes before it: credentials, the metadata server. */
const GRACE_MS = 1000;
const MAX_ATTEMPTS = 6;
const BACKOFF: Backoff = { baseMs: 200, capMs: 5 * 1000 };

const channel = {
  // Without these an idle flow that was dropped while the CPU was frozen is not found out. Google's
  // Bigtable client pings as often; servers may take it ill when it is more.
  'grpc.keepalive_time_ms': 30 * 1000,
  'grpc.keepalive_timeout_ms': 5 * 1000,
  'grpc.keepalive_permit_without_calls': 1,
  // or a new client would be given the connection of the old one
  'grpc.use_local_subchannel_pool': 1,
};

/** Once; with the deadline it must keep, in milliseconds. */
type Attempt<C, T> = (client: C, options: { timeout: number }) => Promise<T>;

/**
 * Waits for its turn, then tries until it succeeds, fails for good or has had its time. Throws what
 * the last attempt threw.
 */
type Calls<C> = <T>(attempt: Attempt<C, T>) => Promise<T>;

export interface Caller {
  tasks: Calls<v2.CloudTasksClient>;
  /** v2beta3, which alone knows batches in this release of the client */
  batches: Calls<v2beta3.CloudTasksClient>;
  close(): Promise<void>;
}

interface Client {
  close(): Promise<void>;
}

export function createCaller({
  project,
  emulatorHost,
  callDeadlineMs,
  random,
  now = () => performance.now(),
}: {
  project: string;
  emulatorHost?: string | undefined;
  callDeadlineMs: number;
  random: () => number;
  /** ms, for durations */
  now?: () => number;
}): Caller {
  const slots = createSlots(MAX_CALLS);
  const made = new Set<Promise<Client>>();
  let closed = false;
  const options = () => optionsOf(project, emulatorHost);

  function callsOf<C extends Client>(make: () => Promise<C>): Calls<C> {
    let client: Promise<C> | null = null;

    const begin = () => {
      const it = make();
      client = it;
      made.add(it);
      it.catch(() => drop(it));
      return it;
    };

    const drop = (it: Promise<C>) => {
      if (client === it) client = null;
      if (made.delete(it)) it.then((old) => old.close()).catch(() => {});
    };

    async function once<T>(attempt: Attempt<C, T>, timeout: number): Promise<T> {
      if (closed) throw new Error('the queue is closed');
      const it = client ?? begin();
      try {
        const answer = it.then((ready) => attempt(ready, { timeout }));
        return await withDeadline(answer, timeout + GRACE_MS, () => late(timeout + GRACE_MS));
      } catch (error) {
        // the connection may have died without a word, and pings take a while to tell
        if (codeOf(error) === code.deadlineExceeded) drop(it);
        throw error;
      }
    }

    return (attempt) =>
      slots(async () => {
        const endAt = now() + TOTAL_DEADLINE_MS;
        const work = () => once(attempt, Math.max(1, Math.min(callDeadlineMs, endAt - now())));
        return retry(work, {
          next(error, tries) {
            if (!isPassing(error) || tries === MAX_ATTEMPTS) return null;
            const pause = fullJitter(BACKOFF, tries - 1, random);
            return now() + pause >= endAt ? null : pause;
          },
        });
      });
  }

  return {
    tasks: callsOf(async () => new (await load()).v2.CloudTasksClient(await options())),
    batches: callsOf(async () => new (await load()).v2beta3.CloudTasksClient(await options())),
    async close() {
      closed = true;
      const open = await Promise.allSettled(made);
      made.clear();
      await Promise.all(open.map((it) => it.status === 'fulfilled' && it.value.close()));
    },
  };
}

// Imported late: it takes 165 ms, with the making of a client and the first connection 400 ms.
// Its v2 alone (a path that is not exported) would save 60 ms of that, and 12 with a compile
// cache; REST instead of gRPC imports the same.
const load = () => import('@google-cloud/tasks');

async function optionsOf(projectId: string, emulatorHost: string | undefined) {
  const common = { projectId, ...channel };
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

const late = (ms: number) =>
  Object.assign(new Error(`no answer in ${ms} ms`), { code: code.deadlineExceeded });

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
