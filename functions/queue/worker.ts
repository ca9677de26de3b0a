/**
 * The worker of one queue: which jobs may be handed out now, which are running, and how they ended.
 * It knows time, chance and the handler, but not where jobs are stored. The embedded queue and the Cloud
 * Tasks simulator both use it, so they follow the same rules.
 */

import { createTokenBucket } from '../lib/token-bucket.ts';
import type { Log } from '../ports/ports.ts';
import { backoff, burstOf, type QueueLimits } from './pace.ts';
import { createRuns, type Ended, type Job, type Work } from './runs.ts';

/** Most jobs handed out in one turn, so that the event loop is not blocked. */
const BATCH = 100;

/** How a job that was handed out ended: due again at `retryAt`, in ms, or (null) for good. */
export interface Answered<J> {
  job: J;
  retryAt: number | null;
}

/** How many deliveries may start in one turn. */
interface Turn {
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
  let bucket = bucketOf(limits);
  /** duplicate deliveries to start; their answers are ignored */
  let duplicates: { job: J; attempt: number }[] = [];

  const runs = createRuns<J>({
    isLast,
    onEnd(it, how) {
      const retryAt = retryAtOf(it, how);
      if (it.duplicateAfter) duplicates.push(it);
      if (it.isDuplicate) onAnswer(null);
      else onAnswer({ job: it.job, retryAt: isLast(it.job, it.attempt) ? null : retryAt });
    },
  });

  function retryAtOf({ job, attempt }: { job: J; attempt: number }, how: Ended): number | null {
    if (how.kind === 'done') return null;
    if (how.kind === 'failed') {
      log.taskFailed({ task: job.name, attempt, error: how.error });
      return now() + backoff(attempt, limits);
    }
    const time = now();
    const at = time + Math.max(0, how.afterMs);
    // As 429 and 503 do in Cloud Tasks: the whole queue waits, and there is no burst afterwards.
    bucket.hold(at, time);
    return at;
  }

  function first(work: Work<J>, job: J) {
    const attempt = job.attempts;
    const twice = random() < duplicate();
    const beside = twice && random() < 0.5;
    if (beside) duplicates.push({ job, attempt });
    runs.start(work, { job, attempt, isDuplicate: false, duplicateAfter: twice && !beside });
  }

  return {
    get running() {
      return runs.size;
    },
    get duplicates() {
      return duplicates.length;
    },
    turn(time) {
      const room = Math.min(limits.concurrent - runs.size, bucket.available(time), BATCH);
      const seconds = Math.max(0, Math.min(duplicates.length, room));
      // With duplicates on, half of the room is left so that they can run beside the first delivery.
      const free = duplicate() > 0 ? Math.ceil((room - seconds) / 2) : room - seconds;
      return { duplicates: seconds, free: Math.max(0, free) };
    },
    readyAt(due, time) {
      if (runs.size >= limits.concurrent) return null;
      if (duplicates.length > 0) return bucket.readyAt(time);
      return due === null ? null : Math.max(due, bucket.readyAt(time));
    },
    dispatch(work, count, jobs) {
      bucket.take(count + jobs.length);
      for (const it of duplicates.splice(0, count))
        runs.start(work, { ...it, isDuplicate: true, duplicateAfter: false });
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
    signal: runs.signal,
    letGo() {
      runs.letGo();
      duplicates = [];
    },
  };
}

const bucketOf = ({ perSecond }: QueueLimits) =>
  createTokenBucket({ perSecond, burst: burstOf(perSecond) });

/** Fisher-Yates, in place. */
export function shuffled<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
