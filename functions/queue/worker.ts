/**
 * The worker of one queue: which jobs may be handed out now, which are running, and how they ended.
 * It knows time, chance and the handler, but not where jobs are stored. The embedded queue and the Cloud
 * Tasks simulator both use it, so they follow the same rules.
 */

import { createTokenBucket } from '../lib/token-bucket.ts';
import type { Delivery, Log, TaskAnswer } from '../ports/ports.ts';
import { backoff, burstOf, DISPATCH_DEADLINE_MS, type QueueLimits } from './pace.ts';

/** Most jobs handed out in one turn, so that the event loop is not blocked. */
const BATCH = 100;

export interface Job {
  name: string;
  /** dispatches so far */
  attempts: number;
  /** how long the handler may take, in ms; ten minutes if absent */
  deadlineMs?: number;
}

/** Handles a job. If it throws, the job is tried again. */
export type Work<J> = (job: J, delivery: Omit<Delivery, 'body'>) => Promise<TaskAnswer>;

/** How a job that was handed out ended: due again at `retryAt`, in ms, or (null) for good. */
export interface Answered<J> {
  job: J;
  retryAt: number | null;
}

/** How many deliveries may start in one turn. */
export interface Turn {
  /** duplicate deliveries */
  duplicates: number;
  /** jobs that are due */
  free: number;
}

export interface QueueWorker<J> {
  /** deliveries under way */
  readonly running: number;
  /** duplicate deliveries that wait for room */
  readonly duplicates: number;
  turn(time: number): Turn;
  /**
   * when a job that is due at `due` (null: none is) can start, in ms; null if an answer must come
   * first
   */
  readyAt(due: number | null, time: number): number | null;
  /** Starts this many of the waiting duplicates, and these jobs. */
  dispatch(work: Work<J>, duplicates: number, jobs: J[]): void;
  /** Changes the limits from now on. A pause that was asked for stays. */
  limit(limits: QueueLimits): void;
  /** Fires the signals of all deliveries under way. */
  signal(): void;
  /** Ignores all later answers. */
  letGo(): void;
}

interface Run<J> {
  job: J;
  attempt: number;
  isDuplicate: boolean;
  /** true if a duplicate follows once this one has answered */
  duplicateAfter: boolean;
  stop: AbortController;
  deadline: NodeJS.Timeout;
}

interface WorkerOptions<J> {
  now: () => number;
  random: () => number;
  /** chance of a duplicate delivery, in [0, 1] */
  duplicate: () => number;
  log: Pick<Log, 'taskFailed'>;
  /** null: a duplicate ended, so there is room again and nothing to store */
  onAnswer: (answered: Answered<J> | null) => void;
  /** true if the job ends with this attempt, whatever the answer */
  isLast?: (job: J, attempt: number) => boolean;
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
  }: WorkerOptions<J>,
): QueueWorker<J> {
  const bucketOf = ({ perSecond }: QueueLimits) =>
    createTokenBucket({ perSecond, burst: burstOf(perSecond) });
  let bucket = bucketOf(limits);
  const running = new Set<Run<J>>();
  /** duplicate deliveries to start; their answers are ignored */
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

  /** Async, so that work that throws before its first `await` rejects like any other. */
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
    // As 429 and 503 do in Cloud Tasks: the whole queue waits, and there is no burst afterwards.
    bucket.hold(at, time);
    settle(self, at);
  }

  function failed(self: Run<J>, error: unknown) {
    if (!running.has(self)) return;
    log.taskFailed({ task: self.job.name, attempt: self.attempt, error });
    settle(self, now() + backoff(self.attempt, limits));
  }

  /** Called once for each run: answers after the deadline, or after `letGo`, are ignored. */
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
      // With duplicates on, half of the room is left so that they can run beside the first delivery.
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
