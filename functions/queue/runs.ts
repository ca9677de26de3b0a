/** Deliveries under way. Each has a deadline and a signal, and ends once. */

import type { Delivery, TaskAnswer } from '../ports/ports.ts';
import { DISPATCH_DEADLINE_MS } from './pace.ts';

export interface Job {
  name: string;
  /** dispatches so far */
  attempts: number;
  /** how long the handler may take, in ms; ten minutes if absent */
  deadlineMs?: number;
}

/** Handles a job. If it throws, the job is tried again. */
export type Work<J> = (job: J, delivery: Omit<Delivery, 'body'>) => Promise<TaskAnswer>;

interface Delivered<J> {
  job: J;
  attempt: number;
  isDuplicate: boolean;
  /** true if a duplicate follows once this one has answered */
  duplicateAfter: boolean;
}

interface Run<J> extends Delivered<J> {
  stop: AbortController;
  deadline: NodeJS.Timeout;
}

/** How a delivery ended; `failed` if the handler threw, or took too long. */
export type Ended = TaskAnswer | { kind: 'failed'; error: unknown };

interface Runs<J> {
  readonly size: number;
  start(work: Work<J>, it: Delivered<J>): void;
  /** Fires the signals of all. */
  signal(): void;
  /** Ignores all later answers. */
  letGo(): void;
}

interface RunsOptions<J> {
  /** true if the job ends with this attempt, whatever the answer */
  isLast(job: J, attempt: number): boolean;
  /** Called once for each delivery, unless it was let go. */
  onEnd(it: Delivered<J>, how: Ended): void;
}

export function createRuns<J extends Job>({ isLast, onEnd }: RunsOptions<J>): Runs<J> {
  const running = new Set<Run<J>>();

  /** Async, so that work that throws before its first `await` rejects like any other. */
  async function deliver(work: Work<J>, { job, attempt, stop }: Run<J>): Promise<TaskAnswer> {
    const answer = await work(job, { attempt, last: isLast(job, attempt), signal: stop.signal });
    if (answer.kind === 'again' && !Number.isFinite(answer.afterMs))
      throw new RangeError('afterMs is not a number');
    return answer;
  }

  /** Answers after the deadline, or after `letGo`, are ignored. */
  function end(run: Run<J>, how: Ended) {
    if (!running.delete(run)) return;
    clearTimeout(run.deadline);
    onEnd(run, how);
  }

  return {
    get size() {
      return running.size;
    },

    start(work, it) {
      const { deadlineMs = DISPATCH_DEADLINE_MS } = it.job;
      const stop = new AbortController();
      const deadline = setTimeout(() => {
        stop.abort();
        const error = new Error(`no answer within ${deadlineMs / 60_000} minutes`);
        end(run, { kind: 'failed', error });
      }, deadlineMs);
      const run: Run<J> = { ...it, stop, deadline };
      running.add(run);
      deliver(work, run).then(
        (answer) => end(run, answer),
        (error) => end(run, { kind: 'failed', error }),
      );
    },

    signal() {
      for (const { stop } of running) stop.abort();
    },

    letGo() {
      for (const { deadline } of running) clearTimeout(deadline);
      running.clear();
    },
  };
}
