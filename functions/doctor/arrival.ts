/** Whether each function takes the invoker's tasks: one for each, that finds nothing to do there. */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { providers } from '../model/provider/registry.ts';
import {
  deliveryTask,
  redriveTask,
  sendTask,
  serviceOf,
  type Task,
  workerOf,
} from '../model/tasks.ts';
import type { Queue } from '../ports/ports.ts';
import { type Check, fault, type Result, unknown, well } from './check.ts';

/** A task as Cloud Tasks describes it: what came of its last attempt is a gRPC code, made of the HTTP status. */
export interface Tried {
  lastAttempt?: { responseStatus?: { code?: number; message?: string } };
}

export interface Tracked {
  queue: Pick<Queue, 'create'>;
  /** Null: the queue has it no more. */
  find(task: Task, signal: AbortSignal): Promise<Tried | null>;
}

const POLL_MS = 250;
/** With a cold start. */
const ARRIVES_MS = 15_000;

/** By function, as it is named without its prefix. Their campaign, chunks and delivery do not exist. */
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
export const isRefused = (it: Tried) =>
  [NOT_FOUND, FORBIDDEN, UNAUTHENTICATED].includes(codeOf(it));

/** What is at fault where a function refuses the invoker; null: it does not. */
export function refusalOf(
  it: Tried,
  name: string,
  { prefix, apply }: { prefix: string; apply: string },
): Result | null {
  const fn = `${prefix}-${name}`;
  const variable = `VOLLEY_${name.toUpperCase().replace('-', '_')}_URL`;
  switch (codeOf(it)) {
    case NOT_FOUND:
      return fault(
        `404 at ${variable}: Cloud Run lets no task in there, or no function is there`,
        `The ingress of ${fn} must be "internal" (Cloud Tasks of the same project is), and ${variable} of the function that queues its address. ${apply}`,
      );
    case UNAUTHENTICATED:
      return fault(
        `401 of ${fn}: the token of ${prefix}-invoker is not for it`,
        `A token's audience is ${variable} of the function that queues: it must be VOLLEY_URL of ${fn}. ${apply}`,
      );
    case FORBIDDEN:
      return fault(
        `403 of ${fn}: it takes ${prefix}-invoker for a stranger`,
        `If the log of ${fn} says "call refused", its VOLLEY_INVOKER is another account. If it says nothing, Cloud Run refused: ${prefix}-invoker lacks roles/run.invoker there. ${apply}`,
      );
    default:
      return null;
  }
}

/** The whole way: queued by this function, called as the invoker, checked by Cloud Run and the function. */
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

function late(it: Tried, fn: string): Result {
  const said = it.lastAttempt?.responseStatus?.message;
  return codeOf(it) === 0
    ? unknown('it still waits', `Look whether its queue is paused, and at the log of ${fn}.`)
    : unknown(`it comes back: ${said || `code ${codeOf(it)}`}`, `Look at the log of ${fn}.`);
}
