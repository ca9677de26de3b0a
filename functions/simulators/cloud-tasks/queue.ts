/**
 * A simulated queue: tasks in memory, and the rules of `queue/worker.ts`, which the embedded queue
 * follows too. What a process does not outlive is gone.
 *
 * Not simulated: that new and idle queues ramp up slowly, and that a high rate of errors other than
 * 429 and 503 slows a queue down. Google does not say by how much.
 */

import type { Log } from '../../ports/ports.ts';
import { NAME_MS, type QueueLimits } from '../../queue/pace.ts';
import { createQueueWorker, shuffled, type Work } from '../../queue/worker.ts';
import { createSchedule } from './schedule.ts';
import type { SimulatedTask } from './task.ts';

/** A timer sleeps no longer: clocks are set, and 2^31 ms overflow. */
const MAX_SLEEP_MS = 60 * 1000;
/** An hour of 250 tasks a second; of more, the oldest names are forgotten sooner. */
const MAX_NAMES = 900_000;

/** `maxAttempts` may be Infinity. */
export interface SimulatedLimits extends QueueLimits {
  /** "Once max_retry_duration has passed and the task has been attempted max_attempts times"; 0: at once */
  maxRetryMs: number;
}

/** What Cloud Tasks does rarely, often. */
export interface Unkind {
  /** chance that a task is delivered a second time, beside the first delivery or after it */
  duplicate?: number;
  /** hands out due tasks in random order */
  disorder?: boolean;
}

export interface SimulatedQueue {
  readonly limits: SimulatedLimits;
  readonly paused: boolean;
  readonly purgedAt: number | null;
  readonly running: number;
  /** tasks there are, at work or waiting */
  readonly size: number;
  /** false: the name is taken, or was until lately */
  add(task: SimulatedTask): boolean;
  get(id: string): SimulatedTask | undefined;
  /** its attempt at work goes on, and changes nothing any more */
  remove(id: string): boolean;
  tasks(): SimulatedTask[];
  limit(limits: SimulatedLimits): void;
  pause(paused: boolean): void;
  purge(): void;
  /** Cuts what is running and hands out no more. */
  close(): void;
}

export function createSimulatedQueue(
  limits: SimulatedLimits,
  {
    send,
    log,
    unkind,
    now,
    random,
  }: {
    send: Work<SimulatedTask>;
    log: Pick<Log, 'taskFailed'>;
    unkind: () => Unkind;
    now: () => number;
    random: () => number;
  },
): SimulatedQueue {
  const tasks = new Map<string, SimulatedTask>();
  /** id -> when the name is free again, earliest first */
  const ended = new Map<string, number>();
  const schedule = createSchedule<SimulatedTask>();
  let paused = false;
  let closed = false;
  let purgedAt: number | null = null;
  let soon: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;

  const worker = createQueueWorker<SimulatedTask>(limits, {
    now,
    random,
    duplicate: () => unkind().duplicate ?? 0,
    log,
    isLast: (task, attempt) => {
      const { maxAttempts, maxRetryMs } = limits;
      const tried = attempt + 1 >= maxAttempts || (maxAttempts === Infinity && maxRetryMs > 0);
      return tried && now() - (task.firstAt ?? now()) >= maxRetryMs;
    },
    onAnswer(answered) {
      wake();
      // a task that was deleted meanwhile, perhaps made anew under the same name
      if (!answered || tasks.get(answered.job.id) !== answered.job) return;
      const { job, retryAt } = answered;
      if (retryAt === null) return end(job);
      job.at = retryAt;
      schedule.add(job);
    },
  });

  function end(task: SimulatedTask) {
    schedule.remove(task);
    tasks.delete(task.id);
    ended.delete(task.id);
    ended.set(task.id, now() + NAME_MS);
  }

  function forgetNames(time: number) {
    for (const [id, freeAt] of ended) {
      if (freeAt > time && ended.size < MAX_NAMES) return;
      ended.delete(id);
    }
  }

  function wake() {
    if (!closed) soon ??= setImmediate(pump);
  }

  function pump() {
    soon = undefined;
    clearTimeout(timer);
    if (paused || closed) return;
    const time = now();
    const { duplicates, free } = worker.turn(time);
    worker.dispatch(send, duplicates, pick(time, free));
    const next = worker.readyAt(schedule.nextAt(), time);
    if (next === null) return;
    if (next <= time) return wake();
    timer = setTimeout(wake, Math.min(next - time, MAX_SLEEP_MS));
  }

  function pick(time: number, free: number): SimulatedTask[] {
    if (!unkind().disorder) return schedule.take(time, free);
    const due = shuffled(schedule.take(time, 10 * free), random);
    for (const task of due.splice(free)) schedule.add(task);
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
      return tasks.size;
    },
    add(task) {
      forgetNames(now());
      if (tasks.has(task.id) || ended.has(task.id)) return false;
      tasks.set(task.id, task);
      schedule.add(task);
      wake();
      return true;
    },
    get: (id) => tasks.get(id),
    remove(id) {
      const task = tasks.get(id);
      if (task) end(task);
      return task !== undefined;
    },
    tasks: () => [...tasks.values()],
    limit(changed) {
      limits = changed;
      worker.limit(changed);
      wake();
    },
    pause(it) {
      paused = it;
      wake();
    },
    purge() {
      purgedAt = now();
      for (const task of tasks.values()) end(task);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      clearImmediate(soon);
      worker.signal();
      worker.letGo();
    },
  };
}
