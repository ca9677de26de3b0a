/**
 * A simulated queue. It keeps tasks in memory, so they are lost with the process. It works by the rules
 * of `queue/worker.ts`, like the embedded queue.
 *
 * Not simulated, because Google publishes no figures: new and idle queues ramp up slowly, and many
 * errors other than 429 and 503 slow a queue down.
 */

import type { Log } from '../../ports/ports.ts';
import { NAME_MS, type QueueLimits } from '../../queue/pace.ts';
import { createQueueWorker, shuffled, type Work } from '../../queue/worker.ts';
import { createSchedule } from './schedule.ts';
import type { SimulatedTask } from './task.ts';

/** Longest sleep of a timer in ms: the clock may be set meanwhile, and 2^31 ms overflow. */
const MAX_SLEEP_MS = 60 * 1000;
/** Limits the remembered names of finished tasks: an hour at 250 tasks a second. The oldest go first. */
const MAX_NAMES = 900_000;

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

export interface SimulatedQueueOptions {
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
  const tasks = new Map<string, SimulatedTask>();
  const ended = createEndedNames();
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
    isLast: (task, attempt) => isLast(limits, attempt, now() - (task.firstAt ?? now())),
    onAnswer(answered) {
      wake();
      // the task was deleted meanwhile, and perhaps created again under the same name
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
    ended.add(task.id, now());
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
      if (tasks.has(task.id) || ended.has(task.id, now())) return false;
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

/** True if the task is not retried after this attempt. `ageMs`: time since its first dispatch. */
function isLast({ maxAttempts, maxRetryMs }: SimulatedLimits, attempt: number, ageMs: number) {
  const tried = attempt + 1 >= maxAttempts || (maxAttempts === Infinity && maxRetryMs > 0);
  return tried && ageMs >= maxRetryMs;
}

/** The names of tasks that have ended. A new task may not have one for an hour. */
function createEndedNames() {
  /** id -> time at which the name is free again, earliest first */
  const names = new Map<string, number>();
  return {
    add(id: string, time: number) {
      names.delete(id);
      names.set(id, time + NAME_MS);
    },
    has(id: string, time: number): boolean {
      for (const [it, freeAt] of names) {
        if (freeAt > time && names.size < MAX_NAMES) break;
        names.delete(it);
      }
      return names.has(id);
    },
  };
}
