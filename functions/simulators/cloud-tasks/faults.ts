/** What goes wrong on request, and what happened: for tests. */

import { status } from '@grpc/grpc-js';
import type { Unkind } from './queue.ts';
import { Refusal } from './task.ts';

export interface CloudTasksSettings {
  unkind: Unkind;
  /** the next few calls that create (a batch is one) do nothing, with this code of gRPC */
  failCreates: { count: number; code: number };
  /** the next few calls that create do it, and answer DEADLINE_EXCEEDED, or nothing at all */
  loseAnswers: { count: number; how: 'deadline' | 'hang' };
  /** the next few tasks within batches are refused with this code */
  failInBatch: { count: number; code: number };
  /** what BatchCreateTasks answers, as a project that may not use it; null: it works */
  refuseBatch: number | null;
  /** what GetTask answers an account without cloudtasks.tasks.get; null: it works */
  refuseGet: number | null;
  /** how long a batch is under way, its operation not done */
  batchMs: number;
  /** how long a call that creates takes */
  createMs: number;
}

export interface CloudTasksStats {
  /** calls of CreateTask */
  creates: number;
  /** calls of GetTask */
  gets: number;
  /** calls of BatchCreateTasks */
  batches: number;
  mostCallsAtOnce: number;
  /** tasks that were created */
  created: number;
  /** creations refused because the name was taken */
  duplicates: number;
  /** requests to handlers */
  dispatches: number;
  /** tasks there are, at work or waiting */
  tasks: number;
}

export const noFaults = (): CloudTasksSettings => ({
  unkind: {},
  failCreates: { count: 0, code: status.UNAVAILABLE },
  loseAnswers: { count: 0, how: 'deadline' },
  failInBatch: { count: 0, code: status.UNAVAILABLE },
  refuseBatch: null,
  refuseGet: null,
  batchMs: 0,
  createMs: 0,
});

/** Counts one down; false when there was none left. */
export function spend(fault: { count: number }): boolean {
  if (fault.count <= 0) return false;
  fault.count -= 1;
  return true;
}

export const refusal = (code: number) =>
  new Refusal(code, `${status[code] ?? code}, as the simulator was told to answer`);
