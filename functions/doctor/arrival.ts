/** Checks whether each function accepts the invoker's tasks, with a task for work that does not exist. */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { providers } from '../model/provider/registry.ts';
import { serviceOf, workerOf } from '../model/queues.ts';
import { deliveryTask, redriveTask, sendTask, type Task } from '../model/tasks.ts';
import { fault, unknown, type Verdict, well } from '../model/verdict.ts';
import type { Queue } from '../ports/ports.ts';
import type { Check } from './check.ts';

/** A task from Cloud Tasks' API. It gives the last attempt's HTTP status as a gRPC code. */
export interface Tried {
  lastAttempt?: { responseStatus?: { code?: number; message?: string } };
}

interface Tracked {
  queue: Pick<Queue, 'create'>;
  /** Returns null if the queue no longer has the task. */
  find(task: Task, signal: AbortSignal): Promise<Tried | null>;
}

const POLL_MS = 250;
/** ms that a task may take to arrive, a cold start included. */
const ARRIVES_MS = 15_000;

/** A task for each function, by its name without the prefix. Its campaign, chunk or delivery does not exist. */
export const probes = (id: string): Record<string, Task> => ({
  plan: redriveTask('doctor', id),
  ...Object.fromEntries(
    providers.map((provider) => [
      serviceOf(workerOf(provider)),
      sendTask({ chunkId: `doctor-${id}`, provider, size: 1 }, 'doctor'),
    ]),
  ),
  deliver: deliveryTask({ deliveryId: `doctor-${id}`, webhookId: 'doctor', tries: 0 }),
});

const NOT_FOUND = 5;
const FORBIDDEN = 7;
const UNAUTHENTICATED = 16;

const codeOf = ({ lastAttempt }: Tried) => lastAttempt?.responseStatus?.code ?? 0;
/** True if the function refused the task's last attempt. */
export const isRefused = (it: Tried) =>
  [NOT_FOUND, FORBIDDEN, UNAUTHENTICATED].includes(codeOf(it));

/** The fault if a function refuses the invoker; null if it does not refuse. */
export function refusalOf(
  it: Tried,
  name: string,
  { prefix, apply }: { prefix: string; apply: string },
): Verdict | null {
  const fn = `${prefix}-${name}`;
  const variable = `VOLLEY_${name.toUpperCase().replace('-', '_')}_URL`;
  switch (codeOf(it)) {
    case NOT_FOUND:
      return fault(
        `404 at ${variable}: Cloud Run admits no task there, or the function does not exist`,
        `The ingress of ${fn} must be "internal" (Cloud Tasks of the same project is), and ${variable} of the function that queues its address. ${apply}`,
      );
    case UNAUTHENTICATED:
      return fault(
        `401 of ${fn}: the token of ${prefix}-invoker is not for it`,
        `A token's audience is ${variable} of the function that queues: it must be VOLLEY_URL of ${fn}. ${apply}`,
      );
    case FORBIDDEN:
      return fault(
        `403 of ${fn}: it does not accept ${prefix}-invoker`,
        `If the log of ${fn} says "call refused", its VOLLEY_INVOKER is another account. If it says nothing, Cloud Run refused: ${prefix}-invoker lacks roles/run.invoker there. ${apply}`,
      );
    default:
      return null;
  }
}

/** Checks the whole way of a task: queued by this function, sent as the invoker, admitted by Cloud Run and the function. */
export function arrivalChecks({
  prefix,
  apply,
  queue,
  find,
  arrivesMs = ARRIVES_MS,
  now = () => performance.now(),
}: Tracked & {
  prefix: string;
  apply: string;
  arrivesMs?: number;
  /** ms, for durations */
  now?: () => number;
}): Check[] {
  return Object.entries(probes(randomUUID())).map(([name, task]) => ({
    name: `a task for ${prefix}-${name} arrives`,
    async run(signal) {
      await queue.create([task]);
      for (const end = now() + arrivesMs; ; await wait(POLL_MS, null, { signal })) {
        const it = await find(task, signal);
        if (it === null) return well('queued, called as the invoker, done');
        const refusal = refusalOf(it, name, { prefix, apply });
        if (refusal) return refusal;
        if (now() > end) return late(it, `${prefix}-${name}`);
      }
    },
  }));
}

function late(it: Tried, fn: string): Verdict {
  const said = it.lastAttempt?.responseStatus?.message;
  return codeOf(it) === 0
    ? unknown('it still waits', `Check whether its queue is paused, and read the log of ${fn}.`)
    : unknown(`it fails and is retried: ${said || `code ${codeOf(it)}`}`, `Read the log of ${fn}.`);
}
