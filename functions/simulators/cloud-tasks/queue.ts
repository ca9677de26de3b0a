/**
 * A simulated queue. It keeps tasks in memory, so they are lost with the process. It works by the rules
 * of `queue/worker.ts`, like the embedded queue.
 *
 * Not simulated, because Google publishes no figures: new and idle queues ramp up slowly, and many
 * errors other than 429 and 503 slow a queue down.
 */

import type { Log } from '../../ports/ports.ts';
import type { QueueLimits } from '../../queue/pace.ts';
import type { Work } from '../../queue/runs.ts';
import { createAlarm } from '../../queue/wakeups.ts';
import { createQueueWorker, shuffled } from '../../queue/worker.ts';
import { createKeptTasks } from './kept-tasks.ts';
import type { SimulatedTask } from './task.ts';

/** `maxAttempts` may be Infinity. */
export interface SimulatedLimits extends QueueLimits {
  /** "Once max_retry_duration has passed and the task has been attempted max_attempts times"; 0: no minimum time */
  maxRetryMs: number;
}

/** Rare events of Cloud Tasks, made frequent. */
export interface Unkind {
  /** probability that a task is delivered twice, at the same time or one after the other */
  duplicate?: number;
  /** dispatches due tasks in random order */
  disorder?: boolean;
}

export interface SimulatedQueue {
  readonly limits: SimulatedLimits;
  readonly paused: boolean;
  readonly purgedAt: number | null;
  readonly running: number;
  /** tasks that run or wait */
  readonly size: number;
  /** Returns false if the name is in use, or was until recently. */
  add(task: SimulatedTask): boolean;
  get(id: string): SimulatedTask | undefined;
  /** A running attempt continues, but its result is ignored. */
  remove(id: string): boolean;
  tasks(): SimulatedTask[];
  limit(limits: SimulatedLimits): void;
  pause(paused: boolean): void;
  purge(): void;
  /** Aborts running attempts and dispatches no more tasks. */
  close(): void;
}

interface SimulatedQueueOptions {
  send: Work<SimulatedTask>;
  log: Pick<Log, 'taskFailed'>;
  unkind: () => Unkind;
  now: () => number;
  random: () => number;
}

/** A running queue without tasks. */
export function createSimulatedQueue(
  limits: SimulatedLimits,
  { send, log, unkind, now, random }: SimulatedQueueOptions,
): SimulatedQueue {
  const kept = createKeptTasks(now);
  let paused = false;
  let closed = false;
  let purgedAt: number | null = null;
  const alarm = createAlarm(pump);

  const worker = createQueueWorker<SimulatedTask>(limits, {
    now,
    random,
    duplicate: () => unkind().duplicate ?? 0,
    log,
    isLast: (task, attempt) => isLast(limits, attempt, now() - (task.firstAt ?? now())),
    onAnswer(answered) {
      alarm.wake();
      // the task was deleted meanwhile, and perhaps created again under the same name
      if (!answered || kept.get(answered.job.id) !== answered.job) return;
      const { job, retryAt } = answered;
      if (retryAt === null) kept.end(job);
      else kept.wait(job, retryAt);
    },
  });

  function pump() {
    alarm.cancel();
    if (paused || closed) return;
    const time = now();
    const { duplicates, free } = worker.turn(time);
    worker.dispatch(send, duplicates, pick(time, free));
    const next = worker.readyAt(kept.nextAt(), time);
    if (next === null) return;
    if (next <= time) alarm.wake();
    else alarm.sleep(next - time);
  }

  function pick(time: number, free: number): SimulatedTask[] {
    if (!unkind().disorder) return kept.take(time, free);
    const due = shuffled(kept.take(time, 10 * free), random);
    for (const task of due.splice(free)) kept.wait(task, task.at);
    return due;
  }

  return {
    get limits() {
      return limits;
    },
    get paused() {
      return paused;
    },
    get purgedAt() {
      return purgedAt;
    },
    get running() {
      return worker.running;
    },
    get size() {
      return kept.size;
    },
    add(task) {
      const isNew = kept.add(task);
      if (isNew) alarm.wake();
      return isNew;
    },
    get: kept.get,
    remove(id) {
      const task = kept.get(id);
      if (task) kept.end(task);
      return task !== undefined;
    },
    tasks: kept.all,
    limit(changed) {
      limits = changed;
      worker.limit(changed);
      alarm.wake();
    },
    pause(it) {
      paused = it;
      alarm.wake();
    },
    purge() {
      purgedAt = now();
      for (const task of kept.all()) kept.end(task);
    },
    close() {
      closed = true;
      alarm.end();
      worker.signal();
      worker.letGo();
    },
  };
}

/** True if the task is not retried after this attempt. `ageMs`: time since its first dispatch. */
function isLast({ maxAttempts, maxRetryMs }: SimulatedLimits, attempt: number, ageMs: number) {
  const tried = attempt + 1 >= maxAttempts || (maxAttempts === Infinity && maxRetryMs > 0);
  return tried && ageMs >= maxRetryMs;
}
