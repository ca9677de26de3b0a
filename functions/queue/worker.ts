/**
 * The worker of one queue: which jobs may be handed out now, which are running, and how they ended.
 * It knows time, chance and the handler, but not where jobs are stored. The embedded queue and the Cloud
 * Tasks simulator both use it, so they follow the same rules.
 */

import { createTokenBucket } from '../lib/token-bucket.ts';
import type { Delivery, Log, TaskAnswer } from '../ports/ports.ts';
import { backoff, burstOf, DISPATCH_DEADLINE_MS, type QueueLimits } from './pace.ts';

/** Handed out in one turn, so that the event loop gets its own between. */
const BATCH = 100;

export interface Job {
  name: string;
  /** dispatches so far */
  attempts: number;
  /** ten minutes without it */
  deadlineMs?: number;
}

/** What is done with a job. One that throws is tried again. */
export type Work<J> = (job: J, delivery: Omit<Delivery, 'body'>) => Promise<TaskAnswer>;

/** What is to be written down of a job that was handed out; `retryAt` null: it has ended. */
export interface Answered<J> {
  job: J;
  retryAt: number | null;
}

/** What may be handed out in one turn. */
export interface Turn {
  /** second deliveries */
  duplicates: number;
  /** jobs that are due */
  free: number;
}

export interface QueueWorker<J> {
  /** jobs at work */
  readonly running: number;
  /** second deliveries that are waiting for room */
  readonly duplicates: number;
  turn(time: number): Turn;
  /** when something due at `due` (null: nothing is) can be handed out; null: not before an answer */
  readyAt(due: number | null, time: number): number | null;
  /** Hands out as many waiting second deliveries, and these jobs. */
  dispatch(work: Work<J>, duplicates: number, jobs: J[]): void;
  /** From now on; what was held back stays so. */
  limit(limits: QueueLimits): void;
  /** Fires the signals of all that is running. */
  signal(): void;
  /** Expects no answer any more. */
  letGo(): void;
}

interface Run<J> {
  job: J;
  attempt: number;
  isDuplicate: boolean;
  /** is delivered a second time once it has answered */
  duplicateAfter: boolean;
  stop: AbortController;
  deadline: NodeJS.Timeout;
}

export function createQueueWorker<J extends Job>(
  limits: QueueLimits,
  {
    now,
    random,
    duplicate,
    log,
    onAnswer,
    isLast = (_, attempt) => attempt + 1 >= limits.maxAttempts,
  }: {
    now: () => number;
    random: () => number;
    /** chance of a second delivery */
    duplicate: () => number;
    log: Pick<Log, 'taskFailed'>;
    /** null: nothing is to be written down, but there is room again */
    onAnswer: (answered: Answered<J> | null) => void;
    /** whether it ends with this attempt, whatever its answer */
    isLast?: (job: J, attempt: number) => boolean;
  },
): QueueWorker<J> {
  const bucketOf = ({ perSecond }: QueueLimits) =>
    createTokenBucket({ perSecond, burst: burstOf(perSecond) });
  let bucket = bucketOf(limits);
  const running = new Set<Run<J>>();
  /** of their answers nothing is expected, and nothing is written down */
  let duplicates: Pick<Run<J>, 'job' | 'attempt'>[] = [];

  function first(work: Work<J>, job: J) {
    const attempt = job.attempts;
    const twice = random() < duplicate();
    const beside = twice && random() < 0.5;
    if (beside) duplicates.push({ job, attempt });
    run(work, { job, attempt, isDuplicate: false, duplicateAfter: twice && !beside });
  }

  function run(work: Work<J>, it: Omit<Run<J>, 'stop' | 'deadline'>) {
    const { deadlineMs = DISPATCH_DEADLINE_MS } = it.job;
    const stop = new AbortController();
    const deadline = setTimeout(() => {
      stop.abort();
      failed(self, new Error(`no answer within ${deadlineMs / 60_000} minutes`));
    }, deadlineMs);
    const self: Run<J> = { ...it, stop, deadline };
    running.add(self);
    deliver(work, self).then(
      (answer) => answered(self, answer),
      (error) => failed(self, error),
    );
  }

  /** In a promise, so that work that throws at once is no different from other work. */
  async function deliver(work: Work<J>, { job, attempt, stop }: Run<J>): Promise<TaskAnswer> {
    const answer = await work(job, { attempt, last: isLast(job, attempt), signal: stop.signal });
    if (answer.kind === 'again' && !Number.isFinite(answer.afterMs))
      throw new RangeError('afterMs is not a number');
    return answer;
  }

  function answered(self: Run<J>, answer: TaskAnswer) {
    if (!running.has(self)) return;
    if (answer.kind === 'done') return settle(self, null);
    const time = now();
    const at = time + Math.max(0, answer.afterMs);
    // As 429 and 503 do: everybody waits, and nothing bursts afterwards.
    bucket.hold(at, time);
    settle(self, at);
  }

  function failed(self: Run<J>, error: unknown) {
    if (!running.has(self)) return;
    log.taskFailed({ task: self.job.name, attempt: self.attempt, error });
    settle(self, now() + backoff(self.attempt, limits));
  }

  /** Once for each run: an answer after the deadline, or after `letGo`, is of no use any more. */
  function settle(self: Run<J>, retryAt: number | null) {
    clearTimeout(self.deadline);
    running.delete(self);
    if (self.duplicateAfter) duplicates.push(self);
    if (self.isDuplicate) return onAnswer(null);
    onAnswer({ job: self.job, retryAt: isLast(self.job, self.attempt) ? null : retryAt });
  }

  return {
    get running() {
      return running.size;
    },
    get duplicates() {
      return duplicates.length;
    },
    turn(time) {
      const room = Math.min(limits.concurrent - running.size, bucket.available(time), BATCH);
      const seconds = Math.max(0, Math.min(duplicates.length, room));
      // Where jobs are doubled, half of the room is left for duplicates to run beside their firsts.
      const free = duplicate() > 0 ? Math.ceil((room - seconds) / 2) : room - seconds;
      return { duplicates: seconds, free: Math.max(0, free) };
    },
    readyAt(due, time) {
      if (running.size >= limits.concurrent) return null;
      if (duplicates.length > 0) return bucket.readyAt(time);
      return due === null ? null : Math.max(due, bucket.readyAt(time));
    },
    dispatch(work, count, jobs) {
      bucket.take(count + jobs.length);
      for (const it of duplicates.splice(0, count))
        run(work, { ...it, isDuplicate: true, duplicateAfter: false });
      for (const job of jobs) first(work, job);
    },
    limit(changed) {
      if (changed.perSecond !== limits.perSecond) {
        const time = now();
        const readyAt = bucket.readyAt(time);
        bucket = bucketOf(changed);
        bucket.hold(readyAt, time);
      }
      limits = changed;
    },
    signal() {
      for (const { stop } of running) stop.abort();
    },
    letGo() {
      for (const { deadline } of running) clearTimeout(deadline);
      running.clear();
      duplicates = [];
    },
  };
}

/** Fisher-Yates, in place. */
export function shuffled<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
