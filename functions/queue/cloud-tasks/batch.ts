/**
 * Many tasks in a call: `BatchCreateTasks` of v2beta3. It is not all or nothing, and its answer is
 * an operation that says in the end which tasks failed.
 * https://cloud.google.com/tasks/docs/reference/rest/v2beta3/projects.locations.queues.tasks/batchCreate
 *
 * Whatever is not known of a task in the end, creating it alone finds out: the name makes that
 * harmless. So nothing here has to be sure.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { protos } from '@google-cloud/tasks';
import { type Backoff, equalJitter } from '../../lib/backoff.ts';
import type { Log } from '../../ports/ports.ts';
import { type Caller, code, codeOf, isPassing } from './client.ts';

/** "A maximum of 100 tasks can be created in a single batch." */
export const BATCH = 100;
const POLLING: Backoff = { baseMs: 50, capMs: 1000 };

/** A task as it is sent: the fields used have the same names in v2 and v2beta3. */
export interface Ready {
  parent: string;
  task: protos.google.cloud.tasks.v2.ITask & { name: string };
}

interface Batches {
  /**
   * Creates up to 100 tasks of one queue; gives those that are not known to be queued then. Throws
   * when the service does not serve, or `stop` has fired.
   */
  create(batch: Ready[], stop: AbortSignal): Promise<Ready[]>;
}

export function createBatches(
  caller: Caller,
  {
    deadlineMs,
    log,
    random,
    now = () => performance.now(),
  }: {
    deadlineMs: number;
    log: Pick<Log, 'unexpected'>;
    random: () => number;
    now?: () => number;
  },
): Batches {
  let refused = false;

  async function run(batch: Ready[], stop: AbortSignal): Promise<Ready[]> {
    const endAt = now() + deadlineMs;
    // it names the operation: another try finds it instead of starting another
    const requestId = randomUUID();
    const request = { parent: batch[0]!.parent, requests: batch, requestId };
    let operation = await caller.batches(async (client, options) => {
      stop.throwIfAborted();
      const [it] = await client.batchCreateTasks(request, options);
      return it.latestResponse;
    });
    const { protos } = await import('@google-cloud/tasks');
    const { GetOperationRequest } = protos.google.longrunning;
    for (let polls = 0; !operation.done; polls++) {
      if (now() > endAt) return batch;
      await wait(equalJitter(POLLING, polls, random));
      const asked = new GetOperationRequest({ name: operation.name });
      operation = await caller.batches(async (client, options) => {
        const [it] = await client.operationsClient.getOperation(asked, options);
        return it;
      });
    }
    const { BatchCreateTasksMetadata } = protos.google.cloud.tasks.v2beta3;
    const { SUCCEEDED, PARTIALLY_SUCCEEDED } = BatchCreateTasksMetadata.State;
    const { state, failedRequests } = BatchCreateTasksMetadata.decode(
      operation.metadata?.value as Uint8Array,
    );
    const said = state === SUCCEEDED || state === PARTIALLY_SUCCEEDED;
    return batch.filter((_, i) => {
      const failed = failedRequests[i];
      return failed ? failed.code !== code.alreadyExists : !said;
    });
  }

  return {
    async create(batch, stop) {
      if (refused) return batch;
      try {
        return await run(batch, stop);
      } catch (error) {
        if (isPassing(error) || stop.aborted) throw error;
        if (isRefusal(error)) {
          if (!refused) log.unexpected({ where: 'Cloud Tasks: batches are not used', error });
          refused = true;
        }
        return batch;
      }
    },
  };
}

/** The service does not know batches, or not for us, or does not say what becomes of them. */
const isRefusal = (error: unknown) =>
  ([code.unimplemented, code.notFound, code.permissionDenied] as unknown[]).includes(codeOf(error));
