/** For tests: faults on request, and counts of what happened. */

import { status } from '@grpc/grpc-js';
import type { Unkind } from './queue.ts';
import { Refusal } from './task.ts';

export interface CloudTasksSettings {
  unkind: Unkind;
  /** the next `count` creating calls (a batch is one) create nothing and answer with this gRPC code */
  failCreates: { count: number; code: number };
  /** the next `count` creating calls create, but answer DEADLINE_EXCEEDED or never */
  loseAnswers: { count: number; how: 'deadline' | 'hang' };
  /** the next `count` tasks in batches are refused with this gRPC code */
  failInBatch: { count: number; code: number };
  /** gRPC code of BatchCreateTasks for a project that may not use it; null: it works */
  refuseBatch: number | null;
  /** gRPC code of GetTask for an account without cloudtasks.tasks.get; null: it works */
  refuseGet: number | null;
  /** ms until the operation of a batch is done */
  batchMs: number;
  /** ms that a creating call takes */
  createMs: number;
}

export interface CloudTasksStats {
  /** calls of CreateTask */
  creates: number;
  /** calls of GetTask */
  gets: number;
  /** calls of BatchCreateTasks */
  batches: number;
  mostConcurrentCalls: number;
  /** created tasks */
  created: number;
  /** tasks refused because their name was taken */
  duplicates: number;
  /** requests to handlers */
  dispatches: number;
  /** tasks that run or wait now */
  tasks: number;
}

/** Settings without any fault. */
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

/** Uses up one of the counted faults; returns false if none was left. */
export function spend(fault: { count: number }): boolean {
  if (fault.count <= 0) return false;
  fault.count -= 1;
  return true;
}

/** A refusal with this gRPC code, which the settings asked for. */
export const refusal = (code: number) =>
  new Refusal(code, `${status[code] ?? code}, as the simulator was told to answer`);
